import type { DirEntry, FileTree } from "../core/platform.ts";

/** Folders full of what nobody wrote by hand; looked into only when named. */
const skipped: ReadonlySet<string> = new Set([".git", "node_modules", "target", ".venv", "__pycache__"]);
const mostEntries = 100_000;

/** All files below a folder, sorted by path, as paths relative to the workspace. Links are not followed. */
export async function* walk(files: FileTree, folder: string, signal: AbortSignal): AsyncGenerator<string> {
  let seen = 0;
  const open: string[] = [folder];
  while (open.length > 0 && seen < mostEntries) {
    signal.throwIfAborted();
    const at = open.pop() ?? "";
    const below: string[] = [];
    for (const { name, kind } of await listOrNothing(files, at)) {
      seen++;
      const path = at === "." ? name : `${at}/${name}`;
      if (kind === "file") yield path;
      if (kind === "directory" && !skipped.has(name)) below.push(path);
    }
    open.push(...below.reverse());
  }
}

/** A folder that vanished meanwhile, or may not be read, is passed over. */
async function listOrNothing(files: FileTree, path: string): Promise<DirEntry[]> {
  try {
    return await files.list(path);
  } catch {
    return [];
  }
}

/** `path` without `./` and a slash at its end. */
export function folderPath(path: string): string {
  const plain = path.replace(/^(?:\.\/)+/, "").replace(/\/+$/, "");
  return plain === "" ? "." : plain;
}
