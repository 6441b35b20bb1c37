import { open, stat as statOf } from "node:fs/promises";
import { WeftError } from "../../core/error.ts";
import type { Lock } from "../../core/platform.ts";
import { errnoOf, inodeKey, type Locks, type OpenFile, type Stat } from "../shared/file-system.ts";

/**
 * Locks by SQLite, see docs/decisions/0003-workspace-lock.md. Closing any descriptor of a file gives up all fcntl locks
 * a process has on it (fcntl(2), "Record locks"): `guard` keeps open what others opened until the release.
 */
export function nodeLocks(): Locks {
  const held = new Map<string, OpenFile[]>();
  return {
    take: (path) => takeLock(held, path),
    guard(path, inode, handle) {
      if (held.size === 0) return;
      const kept = held.get(inodeKey(inode));
      if (!kept) return;
      if (handle) kept.push(handle);
      throw new WeftError("refused", `${path} is the lock that this process holds`);
    },
  };
}

async function takeLock(held: Map<string, OpenFile[]>, path: string): Promise<Lock | undefined> {
  const inode = await ensureFile(path);
  const key = inodeKey(inode);
  if (held.has(key)) return undefined;
  held.set(key, []);
  const database = lockDatabase(path);
  if (!database) {
    held.delete(key);
    return undefined;
  }
  return {
    async release() {
      if (!held.has(key)) return;
      database.close();
      const kept = held.get(key) ?? [];
      held.delete(key);
      await Promise.all(kept.map((handle) => handle.close()));
    },
  };
}

/** Never opens a file that exists: closing it would give up a lock of ours. */
async function ensureFile(path: string): Promise<Pick<Stat, "dev" | "ino">> {
  try {
    return await statOf(path);
  } catch (thrown) {
    if (errnoOf(thrown) !== "ENOENT") throw thrown;
  }
  try {
    await (await open(path, "wx", 0o600)).close();
  } catch (thrown) {
    if (errnoOf(thrown) !== "EEXIST") throw thrown;
  }
  return await statOf(path);
}

const SQLITE_BUSY = 5;

function lockDatabase(path: string): { close(): void } | undefined {
  const { DatabaseSync } = loadSqlite();
  const database = new DatabaseSync(path);
  try {
    database.exec("PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE");
    return database;
  } catch (thrown) {
    database.close();
    if (thrown instanceof Error && "errcode" in thrown && thrown.errcode === SQLITE_BUSY) return undefined;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new WeftError("invalid", `cannot lock ${path}: ${reason}; remove the file if it is not weft's`, {
      cause: thrown,
    });
  }
}

/** Node says on loading that SQLite is experimental; the few calls made here have not changed since it came. */
function loadSqlite(): typeof import("node:sqlite") {
  const emitWarning = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: never[]) => {
    if (!String(warning).includes("SQLite")) emitWarning.call(process, warning, ...rest);
  }) as typeof process.emitWarning;
  try {
    const sqlite: typeof import("node:sqlite") | undefined = process.getBuiltinModule?.("node:sqlite");
    if (sqlite) return sqlite;
    throw new WeftError("config", `weft needs Node 22.13 or newer, this is ${process.version}`);
  } finally {
    process.emitWarning = emitWarning;
  }
}
