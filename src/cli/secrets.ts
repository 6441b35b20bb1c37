import { readDocument } from "../config/document.ts";
import { locateConfig } from "../config/locate.ts";
import { checkName, openSecretStore, type SecretStore } from "../config/secret-store.ts";
import { WeftError } from "../core/error.ts";
import { isJsonObject, type Json } from "../core/json.ts";
import { didYouMean } from "../lib/nearest.ts";
import type { Call } from "./command.ts";
import { table } from "./style.ts";

const mostBytes = 64 * 1024;

/** `weft secrets set NAME` */
export async function set(call: Call): Promise<number> {
  const { terminal } = call.platform;
  const name = call.arguments["NAME"] ?? "";
  checkName(name);
  const typed = terminal.inputIsTerminal ? await terminal.readSecret(`${name}: `) : await terminal.readAll(mostBytes);
  const value = typed.trim();
  if (value === "") throw new WeftError("usage", "the secret is empty: type it, or pipe it in");
  const path = await changing(call, async (store) => {
    await store.set(name, value);
    return store.path;
  });
  await terminal.error(`Stored ${name} in ${path}\nRefer to it in the configuration as \${secret:${name}}\n`);
  return 0;
}

/** `weft secrets list` */
export async function list(call: Call): Promise<number> {
  const { platform, options } = call;
  const { path, folder } = await placeOf(call);
  const store = await openSecretStore(platform, folder);
  const document = await readDocument(platform.files, path);
  const rows = store.names().map(({ name, at }) => {
    return { name, setAt: new Date(at).toISOString(), usedBy: document ? placesOf(document.value, name) : [] };
  });
  if ("json" in options) await platform.terminal.out(`${JSON.stringify(rows, null, 2)}\n`);
  else if (rows.length === 0)
    await platform.terminal.out("No secrets are stored. To store one: weft secrets set NAME\n");
  else {
    const cells = rows.map(({ name, setAt, usedBy }) => [
      name,
      setAt.slice(0, 16).replace("T", " "),
      usedBy.join(", "),
    ]);
    await platform.terminal.out(table([["NAME", "SET (UTC)", "USED BY"], ...cells]));
  }
  return 0;
}

/** `weft secrets remove NAME` */
export async function remove(call: Call): Promise<number> {
  const name = call.arguments["NAME"] ?? "";
  await changing(call, async (store) => {
    if (await store.remove(name)) return;
    const names = store.names().map((stored) => stored.name);
    throw new WeftError(
      "missing",
      `there is no secret ${name}.${didYouMean(name, names)} To see them: weft secrets list`,
    );
  });
  await call.platform.terminal.error(`Removed ${name}\n`);
  return 0;
}

interface StorePlace {
  /** The configuration file. */
  readonly path: string;
  readonly folder: string;
}

async function placeOf({ platform, options }: Call): Promise<StorePlace> {
  const { path } = await locateConfig(platform, options["config"]);
  return { path, folder: path.slice(0, path.lastIndexOf("/")) };
}

/** One at a time: each change writes the whole file. */
async function changing<T>(call: Call, change: (store: SecretStore) => Promise<T>): Promise<T> {
  const { platform } = call;
  const { folder } = await placeOf(call);
  await platform.files.makeDirectory(folder);
  const lock = await platform.files.lock(`${folder}/secrets.lock`);
  if (!lock) throw new WeftError("conflict", "another command is changing the secrets: try again");
  try {
    return await change(await openSecretStore(platform, folder));
  } finally {
    await lock.release();
  }
}

/** Where a value refers to the secret. */
function placesOf(value: Json, name: string, path: readonly string[] = []): string[] {
  if (typeof value === "string") return value.includes(`\${secret:${name}}`) ? [path.join(".")] : [];
  const inner = Array.isArray(value) || isJsonObject(value) ? Object.entries(value) : [];
  return inner.flatMap(([key, each]) => placesOf(each, name, [...path, key]));
}
