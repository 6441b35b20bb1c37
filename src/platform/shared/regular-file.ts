import { WeftError } from "../../core/error.ts";
import type { ByteRange, DirEntry, FileStat, WriteHow } from "../../core/platform.ts";
import { joinedBytes } from "../../lib/body.ts";
import { hexOf } from "../../lib/hex.ts";
import { errnoOf, type FileSystem, type OpenFile, type Stat, undefinedIfMissing } from "./file-system.ts";
import { basename, dirname } from "./paths.ts";

/** A file by its folder and name. `folder` may be a descriptor (`/proc/self/fd/N`); `shown` is for messages. */
export interface Place {
  readonly folder: string;
  readonly name: string;
  readonly shown: string;
}

export function placeOf(path: string): Place {
  return { folder: dirname(path), name: basename(path), shown: path };
}

/** Flags with which opening a FIFO or a terminal neither waits nor changes anything. */
export function gently({ flags }: FileSystem): number {
  return flags.O_NONBLOCK | flags.O_NOCTTY;
}

const largestRead = 2 ** 31 - 1;

export async function readRange(file: OpenFile, shown: string, range?: ByteRange): Promise<Uint8Array> {
  return await readKnown({ file, stat: await file.stat() }, shown, range);
}

/** The same for a file that was looked at after it was opened. */
export async function readKnown(
  { file, stat }: { readonly file: OpenFile; readonly stat: Stat },
  shown: string,
  range?: ByteRange,
): Promise<Uint8Array> {
  mustBeRegular(stat, shown);
  const offset = range?.offset ?? 0;
  const wanted = range?.length ?? Number.POSITIVE_INFINITY;
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Files of /proc and the like have size 0 and yet something to read, hence the second and further chunks.
  let size = Math.max(4096, stat.size + 1 - offset);
  while (length < wanted) {
    if (length + size > largestRead) {
      throw new WeftError("invalid", `cannot read ${shown} at once: it is larger than 2 GB`);
    }
    const asked = Math.min(size, wanted - length);
    const chunk = await file.read(asked, offset + length);
    if (chunk.length === 0) break;
    chunks.push(chunk);
    length += chunk.length;
    // Only those without a size give less than was asked for before they end.
    if (chunk.length < asked && stat.size > 0) break;
    size = Math.max(4096, length);
  }
  return joinedBytes(chunks);
}

export function mustBeRegular(stat: Stat, shown: string): void {
  const kind = kindOf(stat);
  if (kind === "directory") throw new WeftError("invalid", `${shown} is a directory, not a file`);
  if (kind !== "file") throw new WeftError("invalid", `${shown} is not a regular file`);
}

export interface Content extends WriteHow {
  readonly bytes: Uint8Array;
}

/** A reader sees the old file or the new one, also after a crash. Returns when it is on the disk, if it is to last. */
export async function replaceFile(fs: FileSystem, place: Place, content: Content): Promise<void> {
  const old = await fs.lstat(`${place.folder}/${place.name}`).catch(undefinedIfMissing);
  await replaceKnown(fs, place, { ...content, old });
}

/** The same where it is known what is there. */
export async function replaceKnown(
  fs: FileSystem,
  place: Place,
  { old, ...content }: Content & { readonly old: Stat | undefined },
): Promise<void> {
  const path = `${place.folder}/${place.name}`;
  const kind = old && kindOf(old);
  if (old && kind !== "link") mustBeRegular(old, place.shown);
  const temporary = await writeTemporary(fs, place, { ...content, ...(kind === "file" && { old }) });
  await orRemove(fs, temporary, () => fs.rename(temporary, path));
  if (!content.passing) await syncFolder(fs, place.folder);
}

/** Like `replaceFile`, but EEXIST when there is something. */
export async function createFile(fs: FileSystem, place: Place, content: Content): Promise<void> {
  const temporary = await writeTemporary(fs, place, content);
  await orRemove(fs, temporary, () => fs.link(temporary, `${place.folder}/${place.name}`));
  await fs.unlink(temporary);
  await syncFolder(fs, place.folder);
}

async function writeTemporary(
  fs: FileSystem,
  place: Place,
  { bytes, mode = 0o600, passing, old }: Content & { readonly old?: Stat | undefined },
): Promise<string> {
  const path = `${place.folder}/.${place.name.slice(0, 40)}.${hexOf(fs.randomBytes(8))}.tmp`;
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.flags;
  const file = await fs.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  await orRemove(fs, path, async () => {
    try {
      await writeAll(file, bytes);
      if (old && fs.uid === 0) await file.chown(old.uid, old.gid);
      await file.chmod(old ? old.mode & 0o7777 : mode);
      if (!passing) await file.sync();
    } finally {
      await file.close();
    }
  });
  return path;
}

async function writeAll(file: OpenFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += await file.write(at === 0 ? bytes : bytes.subarray(at));
}

async function orRemove(fs: FileSystem, path: string, task: () => Promise<void>): Promise<void> {
  try {
    await task();
  } catch (thrown) {
    await fs.unlink(path).catch(undefinedIfMissing);
    throw thrown;
  }
}

/** Some file systems cannot sync a directory, and one may be writable without being readable. */
const cannotSync: readonly (string | undefined)[] = ["EINVAL", "ENOTSUP", "EACCES", "EPERM"];

export async function syncFolder(fs: FileSystem, path: string): Promise<void> {
  try {
    const folder = await fs.open(path, fs.flags.O_RDONLY | fs.flags.O_DIRECTORY);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (thrown) {
    if (!cannotSync.includes(errnoOf(thrown))) throw thrown;
  }
}

export async function listFolder(fs: FileSystem, path: string): Promise<DirEntry[]> {
  return (await fs.list(path)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function toFileStat(stat: Stat): FileStat {
  return {
    kind: kindOf(stat),
    bytes: stat.size,
    modifiedAt: Math.floor(stat.mtimeMs),
    mode: stat.mode & 0o7777,
    uid: stat.uid,
  };
}

/** By the type bits of inode(7). */
export function kindOf({ mode }: Pick<Stat, "mode">): FileStat["kind"] {
  switch (mode & 0o170000) {
    case 0o100000:
      return "file";
    case 0o040000:
      return "directory";
    case 0o120000:
      return "link";
    default:
      return "other";
  }
}
