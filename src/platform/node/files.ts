import { constants, promises as fs } from "node:fs";
import { dirname } from "node:path";
import { WeftError } from "../../core/error.ts";
import type { ByteRange, Files } from "../../core/platform.ts";
import { openAppender } from "./appender.ts";
import { confinedTree } from "./confined.ts";
import { errnoOf, onPath } from "./errors.ts";
import { type Locks, nodeLocks } from "./lock.ts";
import {
  createFile,
  gently,
  listFolder,
  placeOf,
  readRange,
  replaceFile,
  syncFolder,
  toFileStat,
  undefinedIfMissing,
} from "./regular-file.ts";

export function nodeFiles(): Files {
  const locks = nodeLocks();
  return {
    read: (path, range) => onPath("read", path, () => readFile(path, range, locks)),
    write: (path, bytes, mode = 0o600) => onPath("write", path, () => writeFile(path, bytes, mode)),
    create: (path, bytes) => onPath("create", path, () => createFile(placeOf(path), bytes, 0o600)),
    stat: (path) =>
      onPath("look at", path, async () => {
        const stat = await fs.stat(path).catch(undefinedIfMissing);
        return stat && toFileStat(stat);
      }),
    list: (path) => onPath("list", path, () => listFolder(path)),
    makeDirectory: (path) => onPath("make the directory", path, () => makeDirectory(path)),
    append: (path) => onPath("write", path, () => openAppender(path, locks)),
    rename: (from, to) =>
      onPath("rename", from, async () => {
        await fs.rename(from, to);
        await syncFolder(dirname(to));
        if (dirname(from) !== dirname(to)) await syncFolder(dirname(from));
      }),
    truncate: (path, bytes) => onPath("write", path, () => truncate(path, bytes, locks)),
    remove: (path) => onPath("remove", path, () => remove(path)),
    realPath: (path) => onPath("look at", path, () => fs.realpath(path)),
    lock: (path) => locks.take(path),
    confined: (root, hidden = []) => confinedTree(root, { hidden, locks }),
  };
}

async function readFile(path: string, range: ByteRange | undefined, locks: Locks): Promise<Uint8Array> {
  if ((await fs.stat(path)).isDirectory()) throw new WeftError("invalid", `${path} is a directory, not a file`);
  const handle = await fs.open(path, constants.O_RDONLY | gently);
  locks.guard(path, await handle.stat(), handle);
  try {
    return await readRange(handle, path, range);
  } finally {
    await handle.close();
  }
}

/** A link keeps pointing where it did: what it points to is replaced. */
async function writeFile(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const old = await fs.lstat(path).catch(undefinedIfMissing);
  const target = old?.isSymbolicLink() ? await fs.realpath(path) : path;
  await replaceFile({ ...placeOf(target), shown: path }, bytes, mode);
}

async function truncate(path: string, bytes: number, locks: Locks): Promise<void> {
  const handle = await fs.open(path, constants.O_WRONLY | gently);
  locks.guard(path, await handle.stat(), handle);
  try {
    await handle.truncate(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function remove(path: string): Promise<boolean> {
  if (!(await fs.lstat(path).catch(undefinedIfMissing))) return false;
  await fs.rm(path, { recursive: true, force: true });
  await syncFolder(dirname(path));
  return true;
}

/** One after the other: Node's own `recursive` says ENOENT where the file system is read-only. */
async function makeDirectory(path: string): Promise<void> {
  const missing: string[] = [];
  for (let at = path; !(await isDirectory(at)); at = dirname(at)) missing.unshift(at);
  for (const folder of missing) {
    await fs.mkdir(folder, { mode: 0o700 }).catch((thrown: unknown) => {
      // Somebody else was faster.
      if (errnoOf(thrown) !== "EEXIST") throw thrown;
    });
    // Each new name must reach the disk before files in it count as saved.
    await syncFolder(dirname(folder));
  }
}

async function isDirectory(path: string): Promise<boolean> {
  const stat = await fs.stat(path).catch(undefinedIfMissing);
  if (stat && !stat.isDirectory()) {
    throw new WeftError("invalid", `cannot make the directory ${path}: there is a file of that name`);
  }
  return stat !== undefined;
}
