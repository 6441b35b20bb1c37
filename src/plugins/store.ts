import { WeftError } from "../core/error.ts";
import type { Files, Platform } from "../core/platform.ts";
import { hexOf } from "../lib/hex.ts";
import { configBytes, folderBytes, manifestBytes, moduleBytes } from "./limits.ts";
import { type Manifest, manifestName, parseManifest } from "./manifest.ts";
import { checkModule, checkPacked } from "./module.ts";

/** A plugin's folder, read and found in order. */
export interface Package {
  readonly folder: string;
  readonly manifest: Manifest;
  /** As it is written. */
  readonly manifestText: string;
  readonly module: Uint8Array;
  /** JSON for `init`; "{}" where there is no config.json. */
  readonly config: string;
}

export interface PluginStore {
  /** Sorted; what lies there that is no plugin is left out. */
  ids(): Promise<string[]>;
  /** Throws `missing` when it is not installed, `invalid` when it is damaged. */
  load(id: string): Promise<Package>;
  /** Copies a checked folder, whole or not at all, in place of one that is there. Resolves with the new folder. */
  install(from: Package): Promise<string>;
  /** False when it was not there. */
  remove(id: string): Promise<boolean>;
}

const configName = "config.json";

export function pluginStore(
  { files, randomBytes }: Pick<Platform, "files" | "randomBytes">,
  root: string,
): PluginStore {
  const folderOf = (id: string) => `${root}/${id}`;
  /** An installation that was cut between its two steps. */
  const mend = async () => {
    const old = (await namesIn(files, root)).filter((name) => name.startsWith(".old-"));
    for (const name of old) {
      const folder = folderOf(name.slice(".old-".length));
      if (await files.stat(folder)) await files.remove(`${root}/${name}`);
      else await files.rename(`${root}/${name}`, folder);
    }
  };
  return {
    ids: async () => (await namesIn(files, root)).filter((name) => /^[a-z0-9]/.test(name)),
    async load(id) {
      const known = /^[a-z0-9][a-z0-9._-]*$/.test(id) && (await files.stat(folderOf(id)));
      if (!known) throw new WeftError("missing", `there is no plugin ${id}. See: weft plugin list`);
      const found = await readPackage(files, folderOf(id));
      if (found.manifest.id === id) return found;
      throw new WeftError("invalid", `${folderOf(id)} holds the plugin ${found.manifest.id}: install it anew`);
    },
    async install(from) {
      await files.makeDirectory(root);
      await mend();
      const { id } = from.manifest;
      const folder = folderOf(id);
      const made = `${root}/.new-${hexOf(randomBytes(6))}`;
      try {
        await files.makeDirectory(made);
        await files.write(`${made}/${manifestName}`, new TextEncoder().encode(from.manifestText));
        await files.write(`${made}/${from.manifest.wasm_module}`, from.module);
        const kept = (await files.stat(`${folder}/${configName}`)) && (await files.read(`${folder}/${configName}`));
        await files.write(`${made}/${configName}`, kept || new TextEncoder().encode(from.config));
        if (await files.stat(folder)) await files.rename(folder, `${root}/.old-${id}`);
        await files.rename(made, folder);
      } catch (error) {
        await files.remove(made).catch(() => {});
        await mend().catch(() => {});
        throw error;
      }
      await files.remove(`${root}/.old-${id}`);
      return folder;
    },
    async remove(id) {
      await mend();
      return /^[a-z0-9][a-z0-9._-]*$/.test(id) && (await files.remove(folderOf(id)));
    },
  };
}

async function namesIn(files: Files, root: string): Promise<string[]> {
  if (!(await files.stat(root))) return [];
  return (await files.list(root)).filter(({ kind }) => kind === "directory").map(({ name }) => name);
}

/** Reads and checks a plugin's folder. Throws `missing` or `invalid` with the path and what to do. */
export async function readPackage(files: Files, folder: string): Promise<Package> {
  const path = `${folder}/${manifestName}`;
  const hint = `A plugin is a folder with ${manifestName} and its module: name that folder`;
  const text = decoded(await readBounded(files, path, { most: manifestBytes, hint }), path);
  const manifest = parseManifest(text, path);
  await checkSize(files, folder);
  const modulePath = `${folder}/${manifest.wasm_module}`;
  const about = "It is what wasm_module in the manifest names";
  const module = await readBounded(files, modulePath, { most: moduleBytes, hint: about });
  checkModule(module, modulePath);
  return { folder, manifest, manifestText: text, module, config: await configIn(files, folder) };
}

/** The same with all that is asked of a plugin that comes new. `packed`: bytes of the module in gzip. */
export async function verifyPackage(files: Files, folder: string): Promise<Package & { readonly packed: number }> {
  const found = await readPackage(files, folder);
  return { ...found, packed: await checkPacked(found.module, `${folder}/${found.manifest.wasm_module}`) };
}

async function configIn(files: Files, folder: string): Promise<string> {
  const path = `${folder}/${configName}`;
  if (!(await files.stat(path))) return "{}";
  const text = decoded(await readBounded(files, path, { most: configBytes, hint: "It is what init gets" }), path);
  try {
    JSON.parse(text);
    return text;
  } catch {
    throw new WeftError("invalid", `${path} is not JSON: mend it, or remove it`);
  }
}

interface Bound {
  readonly most: number;
  readonly hint: string;
}

async function readBounded(files: Files, path: string, { most, hint }: Bound): Promise<Uint8Array> {
  const stat = await files.stat(path);
  if (!stat) throw new WeftError("missing", `${path} does not exist. ${hint}`);
  if (stat.kind !== "file") throw new WeftError("invalid", `${path} is no file. ${hint}`);
  if (stat.bytes > most) {
    throw new WeftError("invalid", `${path} is too large: ${stat.bytes} bytes, at most ${most} (${most / 1024} KiB)`);
  }
  return await files.read(path, { offset: 0, length: most });
}

function decoded(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new WeftError("invalid", `${path} is not UTF-8 text: save it as UTF-8`);
  }
}

/** More than any plugin needs; a walk through a wrongly named folder ends here. */
const mostEntries = 5000;

async function checkSize(files: Files, folder: string): Promise<void> {
  const open = [folder];
  let bytes = 0;
  let entries = 0;
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const { name, kind } of await files.list(at)) {
      if (kind === "directory") open.push(`${at}/${name}`);
      else if (kind === "file") bytes += (await files.stat(`${at}/${name}`))?.bytes ?? 0;
      entries++;
      if (bytes <= folderBytes && entries <= mostEntries) continue;
      const most = `at most ${folderBytes} bytes (10 MiB) in ${mostEntries} files`;
      throw new WeftError("invalid", `${folder} is too large for a plugin: ${most}. Take out what it does not need`);
    }
  }
}
