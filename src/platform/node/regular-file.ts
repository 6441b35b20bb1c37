import { constants, promises as fs, type Stats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { WeftError } from "../../core/error.ts";
import type { ByteRange, DirEntry, FileStat } from "../../core/platform.ts";
import { errnoOf } from "./errors.ts";

/** A file by its folder and name. `folder` may be a descriptor (`/proc/self/fd/N`); `shown` is for messages. */
export interface Place {
  readonly folder: string;
  readonly name: string;
  readonly shown: string;
}

export function placeOf(path: string): Place {
  return { folder: dirname(path), name: basename(path), shown: path };
}

/** So that opening a FIFO or a terminal neither waits nor changes anything. */
export const gently: number = constants.O_NONBLOCK | constants.O_NOCTTY;

const largestRead = 2 ** 31 - 1;

export async function readRange(handle: FileHandle, shown: string, range?: ByteRange): Promise<Uint8Array> {
  const stat = await handle.stat();
  mustBeRegular(stat, shown);
  // Files of /proc and the like have size 0 and yet something to read, hence the growing buffer below.
  const wanted = range ? range.length : Math.max(stat.size + 1, 4096);
  const available = Math.max(4096, stat.size + 1 - (range?.offset ?? 0));
  let bytes = Buffer.allocUnsafe(Math.min(wanted, mustFit(available, shown)));
  let length = 0;
  while (length < (range?.length ?? Number.POSITIVE_INFINITY)) {
    if (length === bytes.length) bytes = Buffer.concat([bytes, Buffer.allocUnsafe(mustFit(bytes.length, shown))]);
    const { bytesRead } = await handle.read(bytes, length, bytes.length - length, (range?.offset ?? 0) + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return new Uint8Array(bytes.buffer, bytes.byteOffset, Math.min(length, range?.length ?? length));
}

function mustFit(count: number, shown: string): number {
  if (count > largestRead) throw new WeftError("invalid", `cannot read ${shown} at once: it is larger than 2 GB`);
  return count;
}

export function mustBeRegular(stat: Stats, shown: string): void {
  if (stat.isDirectory()) throw new WeftError("invalid", `${shown} is a directory, not a file`);
  if (!stat.isFile()) throw new WeftError("invalid", `${shown} is not a regular file`);
}

/** A reader sees the old file or the new one, also after a crash. Returns when it is on the disk. */
export async function replaceFile(place: Place, bytes: Uint8Array, mode: number): Promise<void> {
  const path = `${place.folder}/${place.name}`;
  const old = await fs.lstat(path).catch(undefinedIfMissing);
  if (old && !old.isSymbolicLink()) mustBeRegular(old, place.shown);
  const temporary = await writeTemporary(place, bytes, { mode, ...(old?.isFile() && { old }) });
  await orRemove(temporary, () => fs.rename(temporary, path));
  await syncFolder(place.folder);
}

/** Like `replaceFile`, but EEXIST when there is something. */
export async function createFile(place: Place, bytes: Uint8Array, mode: number): Promise<void> {
  const temporary = await writeTemporary(place, bytes, { mode });
  await orRemove(temporary, () => fs.link(temporary, `${place.folder}/${place.name}`));
  await fs.unlink(temporary);
  await syncFolder(place.folder);
}

async function writeTemporary(
  place: Place,
  bytes: Uint8Array,
  { mode, old }: { readonly mode: number; readonly old?: Stats },
): Promise<string> {
  const { randomBytes } = process.getBuiltinModule("node:crypto");
  const path = `${place.folder}/.${place.name.slice(0, 40)}.${randomBytes(8).toString("hex")}.tmp`;
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const handle = await fs.open(path, flags, 0o600);
  await orRemove(path, async () => {
    try {
      await handle.writeFile(bytes);
      if (old && process.geteuid?.() === 0) await handle.chown(old.uid, old.gid);
      await handle.chmod(old ? old.mode & 0o7777 : mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
  return path;
}

async function orRemove(path: string, task: () => Promise<void>): Promise<void> {
  try {
    await task();
  } catch (thrown) {
    await fs.rm(path, { force: true });
    throw thrown;
  }
}

/** Some file systems cannot sync a directory, and one may be writable without being readable. */
const cannotSync: readonly (string | undefined)[] = ["EINVAL", "ENOTSUP", "EACCES", "EPERM"];

export async function syncFolder(path: string): Promise<void> {
  try {
    const handle = await fs.open(path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    if (!cannotSync.includes(errnoOf(thrown))) throw thrown;
  }
}

export function undefinedIfMissing(thrown: unknown): undefined {
  const errno = errnoOf(thrown);
  if (errno !== "ENOENT" && errno !== "ENOTDIR") throw thrown;
  return undefined;
}

export async function listFolder(path: string): Promise<DirEntry[]> {
  const entries = await fs.readdir(path, { withFileTypes: true });
  return entries.map((entry) => ({ name: entry.name, kind: kindOf(entry) })).sort(byName);
}

function byName(a: DirEntry, b: DirEntry): number {
  return a.name < b.name ? -1 : 1;
}

export function toFileStat(stat: Stats): FileStat {
  return {
    kind: kindOf(stat),
    bytes: stat.size,
    modifiedAt: Math.floor(stat.mtimeMs),
    mode: stat.mode & 0o7777,
    uid: stat.uid,
  };
}

function kindOf(entry: { isFile(): boolean; isDirectory(): boolean; isSymbolicLink(): boolean }): FileStat["kind"] {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "directory";
  return entry.isSymbolicLink() ? "link" : "other";
}
