import type { DirEntry, Lock } from "../../core/platform.ts";

/** What both engines get from the kernel. Every error has the `code` of errno(3): `ENOENT`, `EACCES`, ... */
export interface FileSystem {
  /** Flags of open(2); their values differ between machines. */
  readonly flags: Readonly<
    Record<
      | "O_RDONLY"
      | "O_WRONLY"
      | "O_RDWR"
      | "O_CREAT"
      | "O_EXCL"
      | "O_APPEND"
      | "O_NOFOLLOW"
      | "O_DIRECTORY"
      | "O_NONBLOCK"
      | "O_NOCTTY",
      number
    >
  >;
  /** Effective user id; -1 where the system has none. */
  readonly uid: number;
  /** Whether `/proc/self/fd` names the open files. */
  readonly hasProc: boolean;
  open(path: string, flags: number, mode?: number): Promise<OpenFile>;
  stat(path: string): Promise<Stat>;
  /** Does not follow a link at the end of the path. */
  lstat(path: string): Promise<Stat>;
  /** In no order. */
  list(path: string): Promise<DirEntry[]>;
  rename(from: string, to: string): Promise<void>;
  link(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  readlink(path: string): Promise<string>;
  realpath(path: string): Promise<string>;
  mkdir(path: string, mode: number): Promise<void>;
  /** access(2): 4 read, 2 write, 1 execute, 0 see. */
  allows(path: string, bits: number): Promise<boolean>;
  /** A file, a link, or a directory with all that is in it. */
  removeTree(path: string): Promise<void>;
  randomBytes(count: number): Uint8Array;
}

export interface Stat {
  /** Type and permission bits (inode(7)). */
  readonly mode: number;
  readonly size: number;
  /** Unix milliseconds. */
  readonly mtimeMs: number;
  readonly uid: number;
  readonly gid: number;
  readonly dev: number;
  readonly ino: number;
}

export interface OpenFile {
  readonly fd: number;
  stat(): Promise<Stat>;
  /** At most `length` bytes; none at the end. */
  read(length: number, position: number): Promise<Uint8Array>;
  /** At the file's own position; how many bytes were taken. */
  write(bytes: Uint8Array): Promise<number>;
  truncate(size: number): Promise<void>;
  chmod(mode: number): Promise<void>;
  chown(uid: number, gid: number): Promise<void>;
  /** `fsync`. */
  sync(): Promise<void>;
  /** `fdatasync`. */
  syncData(): Promise<void>;
  close(): Promise<void>;
}

/** The locks of this process. */
export interface Locks {
  take(path: string): Promise<Lock | undefined>;
  /** Throws `refused` when the file is locked by us; then it keeps the open file, and the caller must not close it. */
  guard(path: string, inode: Pick<Stat, "dev" | "ino">, file?: OpenFile): void;
}

export function inodeKey({ dev, ino }: Pick<Stat, "dev" | "ino">): string {
  return `${dev}:${ino}`;
}

export function errnoOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : undefined;
}

export function undefinedIfMissing(thrown: unknown): undefined {
  const errno = errnoOf(thrown);
  if (errno !== "ENOENT" && errno !== "ENOTDIR") throw thrown;
  return undefined;
}
