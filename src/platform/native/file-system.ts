import type { DirEntry, FileStat } from "../../core/platform.ts";
import type { FileSystem, OpenFile, Stat } from "../shared/file-system.ts";
import { type HostStat, host } from "./host.ts";

/** The host's files in the words of POSIX. */
export function nativeFileSystem(): FileSystem {
  return {
    flags: host.openFlags as FileSystem["flags"],
    uid: host.uid,
    hasProc: host.access("/proc/self/fd", 0),
    open: async (path, flags, mode = 0o600) => openFile(host.openFile(wellFormed(path), flags, mode)),
    stat: async (path) => statOf(host.stat(wellFormed(path))),
    lstat: async (path) => statOf(host.lstat(wellFormed(path))),
    async list(path) {
      const flat = host.readdir(wellFormed(path));
      const entries: DirEntry[] = [];
      for (let i = 0; i + 1 < flat.length; i += 2) {
        entries.push({ name: flat[i] ?? "", kind: (flat[i + 1] ?? "other") as FileStat["kind"] });
      }
      return entries;
    },
    rename: async (from, to) => host.rename(wellFormed(from), wellFormed(to)),
    link: async (from, to) => host.link(wellFormed(from), wellFormed(to)),
    unlink: async (path) => host.unlink(wellFormed(path)),
    readlink: async (path) => host.readlink(wellFormed(path)),
    realpath: async (path) => host.realpath(wellFormed(path)),
    mkdir: async (path, mode) => host.mkdir(wellFormed(path), mode),
    allows: async (path, bits) => host.access(wellFormed(path), bits),
    removeTree: async (path) => await host.removeTree(wellFormed(path)),
    randomBytes: (count) => host.randomBytes(count),
  };
}

/** Half a surrogate pair has no bytes; Node writes U+FFFD for it as well. */
function wellFormed(path: string): string {
  return path.toWellFormed();
}

function openFile(fd: number): OpenFile {
  return {
    fd,
    stat: async () => statOf(host.statFile(fd)),
    read: async (length, position) => await host.readFile(fd, length, position),
    write: async (bytes) => await host.writeFile(fd, bytes),
    truncate: async (size) => host.truncateFile(fd, size),
    chmod: async (mode) => host.chmodFile(fd, mode),
    chown: async (uid, gid) => host.chownFile(fd, uid, gid),
    sync: async () => await host.syncFile(fd, true),
    syncData: async () => await host.syncFile(fd, false),
    async close() {
      host.closeFile(fd);
    },
  };
}

function statOf([mode, size, mtimeMs, uid, gid, dev, ino]: HostStat): Stat {
  return { mode, size, mtimeMs, uid, gid, dev, ino };
}
