import { recordOutside } from "../app-audit.ts";
import { changeValue, knownKeys, knownPath, maskSecrets } from "../config/edit.ts";
import { checkDocument, loadConfig } from "../config/load.ts";
import { typed } from "../config/overrides.ts";
import { WeftError } from "../core/error.ts";
import { isJsonObject, type Json } from "../core/json.ts";
import { didYouMean } from "../lib/nearest.ts";
import type { Call } from "./command.ts";
import { load } from "./loading.ts";

/** `weft config check` */
export async function check(call: Call): Promise<number> {
  const loaded = await load(call);
  const sources = loaded.sources.length === 0 ? `no file at ${loaded.path}: the defaults` : loaded.sources.join(", ");
  const count = loaded.warnings.length;
  await call.platform.terminal.out(`${count === 0 ? "ok" : `ok, ${count} warning(s)`}: ${sources}\n`);
  return 0;
}

/** `weft config show` */
export async function show(call: Call): Promise<number> {
  await print(call, await shown(call));
  return 0;
}

/** `weft config section NAME` */
export async function section(call: Call): Promise<number> {
  const { NAME: name = "" } = call.arguments;
  const all = await shown(call);
  const value = isJsonObject(all) && Object.hasOwn(all, name) ? all[name] : undefined;
  if (value === undefined) {
    const names = knownKeys().filter((key) => !key.includes("."));
    const hint = didYouMean(name, names);
    throw new WeftError("usage", `unknown section '${name}'.${hint} There are: ${names.join(", ")}`);
  }
  await print(call, value);
  return 0;
}

/** `weft config get KEY` */
export async function get(call: Call): Promise<number> {
  const { path } = knownPath(call.arguments["KEY"] ?? "");
  let value: Json | undefined = await shown(call);
  for (const key of path)
    value = isJsonObject(value) ? value[key] : Array.isArray(value) ? value[Number(key)] : undefined;
  if (typeof value === "string") await call.platform.terminal.out(`${value}\n`);
  else await print(call, value ?? null);
  return 0;
}

/** `weft config set KEY VALUE` */
export async function set(call: Call): Promise<number> {
  const { platform, arguments: given } = call;
  const { path, shape } = knownPath(given["KEY"] ?? "");
  const written =
    given["VALUE"] === "-" ? (await platform.terminal.readAll(1024 * 1024)).trim() : (given["VALUE"] ?? "");
  const value = typed(written, shape);
  // A configuration that is broken elsewhere can still be mended here, so only its place is asked for.
  const file = await configPath(call);
  await changeValue(platform.files, file, {
    key: path,
    value: value === null ? undefined : value,
    check: checkDocument,
  });
  await platform.terminal.error(`${value === null ? "Removed" : "Set"} ${path.join(".")} in ${file}\n`);
  await recordChange(call, path, value);
  return 0;
}

/** A configuration that cannot be read for another reason does not say where the workspace with its audit is. */
async function recordChange({ platform, options }: Call, path: readonly string[], value: Json): Promise<void> {
  try {
    let detail = maskSecrets(path.reduceRight<Json>((inner, key) => ({ [key]: inner }), value));
    for (const key of path) detail = isJsonObject(detail) ? (detail[key] ?? null) : detail;
    const loaded = await loadConfig(platform, { path: options["config"] });
    const actor = { channel: "cli", sender: "local" };
    await recordOutside(platform, loaded, [{ kind: "config", subject: path.join("."), outcome: "ok", actor, detail }]);
  } catch (error) {
    const why = WeftError.from(error).message;
    await platform.terminal.error(`warning: the change is made, but not recorded in the audit: ${why}\n`);
  }
}

/** `weft config path` */
export async function path(call: Call): Promise<number> {
  await call.platform.terminal.out(`${await configPath(call)}\n`);
  return 0;
}

async function configPath({ platform, options }: Call): Promise<string> {
  const { locateConfig } = await import("../config/locate.ts");
  return (await locateConfig(platform, options["config"])).path;
}

async function shown(call: Call): Promise<Json> {
  const { raw } = await loadConfig(call.platform, { path: call.options["config"] });
  const value = raw as unknown as Json;
  return "reveal" in call.options ? value : maskSecrets(value);
}

async function print({ platform }: Call, value: Json): Promise<void> {
  await platform.terminal.out(`${JSON.stringify(value, null, 2)}\n`);
}
