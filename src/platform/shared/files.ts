import { WeftError } from "../../core/error.ts";
import type { ByteRange, Files } from "../../core/platform.ts";
import { type Opening, openAppender } from "./appender.ts";
import { confinedTree } from "./confined.ts";
import { onPathOf } from "./errors.ts";
import { errnoOf, type FileSystem, type Locks, undefinedIfMissing } from "./file-system.ts";
import { dirname } from "./paths.ts";
import {
  type Content,
  createFile,
  gently,
  kindOf,
  listFolder,
  placeOf,
  readKnown,
  replaceFile,
  replaceKnown,
  syncFolder,
  toFileStat,
} from "./regular-file.ts";

/** `Files` on any POSIX system. */
export function posixFiles(fs: FileSystem, locks: Locks, watch: Files["watch"]): Files {
  const onPath = onPathOf(fs);
  const opening: Opening = { fs, locks, onPath };
  return {
    read: (path, range) => onPath("read", path, () => readFile(opening, path, range)),
    write: (path, bytes, how) => onPath("write", path, () => writeFile(fs, path, { bytes, ...how })),
    create: (path, bytes) => onPath("create", path, () => createFile(fs, placeOf(path), { bytes, mode: 0o600 })),
    stat: (path) =>
      onPath("look at", path, async () => {
        const stat = await fs.stat(path).catch(undefinedIfMissing);
        return stat && toFileStat(stat);
      }),
    list: (path) => onPath("list", path, () => listFolder(fs, path)),
    makeDirectory: (path) => onPath("make the directory", path, () => makeDirectory(fs, path)),
    append: (path) => onPath("write", path, () => openAppender(path, opening)),
    rename: (from, to) =>
      onPath("rename", from, async () => {
        await fs.rename(from, to);
        await syncFolder(fs, dirname(to));
        if (dirname(from) !== dirname(to)) await syncFolder(fs, dirname(from));
      }),
    truncate: (path, bytes) => onPath("write", path, () => truncate(opening, path, bytes)),
    remove: (path) => onPath("remove", path, () => remove(fs, path)),
    realPath: (path) => onPath("look at", path, () => fs.realpath(path)),
    setMode: (path, mode) => onPath("write", path, () => setMode(opening, path, mode)),
    watch: (path, changed) => onPath("look at", path, () => watch(path, changed)),
    lock: (path) => onPath("lock", path, () => locks.take(path)),
    confined: (root, hidden = []) => confinedTree(root, hidden, opening),
  };
}

async function readFile({ fs, locks }: Opening, path: string, range: ByteRange | undefined): Promise<Uint8Array> {
  const file = await fs.open(path, fs.flags.O_RDONLY | gently(fs));
  const stat = await file.stat();
  locks.guard(path, stat, file);
  try {
    return await readKnown({ file, stat }, path, range);
  } finally {
    await file.close();
  }
}

/** A link keeps pointing where it did: what it points to is replaced. */
async function writeFile(fs: FileSystem, path: string, content: Content): Promise<void> {
  const old = await fs.lstat(path).catch(undefinedIfMissing);
  if (old && kindOf(old) === "link") {
    await replaceFile(fs, { ...placeOf(await fs.realpath(path)), shown: path }, content);
  } else await replaceKnown(fs, { ...placeOf(path), shown: path }, { ...content, old });
}

async function truncate({ fs, locks }: Opening, path: string, bytes: number): Promise<void> {
  const file = await fs.open(path, fs.flags.O_WRONLY | gently(fs));
  locks.guard(path, await file.stat(), file);
  try {
    await file.truncate(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function setMode({ fs, locks }: Opening, path: string, mode: number): Promise<void> {
  if (kindOf(await fs.lstat(path)) === "link")
    throw new WeftError("invalid", `${path} is a link: name what it leads to`);
  const file = await fs.open(path, fs.flags.O_RDONLY | fs.flags.O_NOFOLLOW | gently(fs));
  locks.guard(path, await file.stat(), file);
  try {
    await file.chmod(mode);
  } finally {
    await file.close();
  }
}

async function remove(fs: FileSystem, path: string): Promise<boolean> {
  if (!(await fs.lstat(path).catch(undefinedIfMissing))) return false;
  await fs.removeTree(path).catch(undefinedIfMissing);
  await syncFolder(fs, dirname(path));
  return true;
}

/** One after the other, so that each new name is on the disk before files in it count as saved. */
async function makeDirectory(fs: FileSystem, path: string): Promise<void> {
  const missing: string[] = [];
  for (let at = path; !(await isDirectory(fs, at)); at = dirname(at)) missing.unshift(at);
  for (const folder of missing) {
    await fs.mkdir(folder, 0o700).catch((thrown: unknown) => {
      // Somebody else was faster.
      if (errnoOf(thrown) !== "EEXIST") throw thrown;
    });
    await syncFolder(fs, dirname(folder));
  }
}

async function isDirectory(fs: FileSystem, path: string): Promise<boolean> {
  const stat = await fs.stat(path).catch(undefinedIfMissing);
  if (stat && kindOf(stat) !== "directory") {
    throw new WeftError("invalid", `cannot make the directory ${path}: there is a file of that name`);
  }
  return stat !== undefined;
}
