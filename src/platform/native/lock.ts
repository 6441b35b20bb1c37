import { WeftError } from "../../core/error.ts";
import { errnoOf, type FileSystem, inodeKey, type Locks } from "../shared/file-system.ts";
import { host } from "./host.ts";

/**
 * The bytes that SQLite locks for exclusive use (sqlite.org/fileformat2.html, "The Lock-Byte Page"): the engine on Node
 * takes its lock by SQLite, and either must see the other's. See docs/decisions/0003-workspace-lock.md.
 */
const lockBytes = { start: 0x40000000, length: 512 };

/** Locks of open file descriptions: the kernel gives them back when this process ends, and nobody else's close does. */
export function nativeLocks(fs: FileSystem): Locks {
  const held = new Set<string>();
  return {
    async take(path) {
      const flags = fs.flags.O_RDWR | fs.flags.O_CREAT | fs.flags.O_NOFOLLOW;
      const file = await fs.open(path, flags, 0o600).catch((thrown: unknown) => {
        if (errnoOf(thrown) === "ELOOP") throw new WeftError("invalid", `cannot lock ${path}: it is a link`);
        throw thrown;
      });
      const key = inodeKey(await file.stat());
      if (held.has(key) || !host.lockFile(file.fd, lockBytes.start, lockBytes.length)) {
        await file.close();
        return undefined;
      }
      held.add(key);
      return {
        async release() {
          if (held.delete(key)) await file.close();
        },
      };
    },
    guard(path, inode) {
      if (held.has(inodeKey(inode))) throw new WeftError("refused", `${path} is the lock that this process holds`);
    },
  };
}
