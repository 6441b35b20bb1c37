import { randomBytes } from "node:crypto";
import { constants, existsSync, promises as fs } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import type { FileSystem, OpenFile } from "../shared/file-system.ts";
import { kindOf } from "../shared/regular-file.ts";

/** `node:fs` in the words of POSIX. */
export function nodeFileSystem(): FileSystem {
  return {
    flags: constants,
    uid: process.geteuid?.() ?? -1,
    hasProc: existsSync("/proc/self/fd"),
    open: async (path, flags, mode) => openFile(await fs.open(path, flags, mode)),
    stat: (path) => fs.stat(path),
    lstat: (path) => fs.lstat(path),
    async list(path) {
      const entries = await fs.readdir(path, { withFileTypes: true });
      return entries.map((entry) => ({
        name: entry.name,
        kind: entry.isFile() ? "file" : entry.isDirectory() ? "directory" : entry.isSymbolicLink() ? "link" : "other",
      }));
    },
    rename: (from, to) => fs.rename(from, to),
    link: (from, to) => fs.link(from, to),
    unlink: (path) => fs.unlink(path),
    readlink: (path) => fs.readlink(path),
    realpath: (path) => fs.realpath(path),
    mkdir: (path, mode) => fs.mkdir(path, { mode }).then(() => {}),
    allows: (path, bits) =>
      fs.access(path, bits).then(
        () => true,
        () => false,
      ),
    async removeTree(path) {
      if (kindOf(await fs.lstat(path)) === "directory") await fs.rm(path, { recursive: true, force: true });
      else await fs.unlink(path);
    },
    randomBytes,
  };
}

function openFile(handle: FileHandle): OpenFile {
  return {
    fd: handle.fd,
    stat: () => handle.stat(),
    async read(length, position) {
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, position);
      return new Uint8Array(buffer.buffer, buffer.byteOffset, bytesRead);
    },
    write: async (bytes) => (await handle.write(bytes, 0, bytes.length, null)).bytesWritten,
    truncate: (size) => handle.truncate(size),
    chmod: (mode) => handle.chmod(mode),
    chown: (uid, gid) => handle.chown(uid, gid),
    sync: () => handle.sync(),
    syncData: () => handle.datasync(),
    close: () => handle.close(),
  };
}
