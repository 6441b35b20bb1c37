import { type ErrorCode, WeftError } from "../../core/error.ts";
import { errnoOf, type FileSystem } from "./file-system.ts";
import { dirname } from "./paths.ts";

/** What was being done to a path, as it reads after "cannot". */
export type FileAction =
  | "read"
  | "write"
  | "create"
  | "list"
  | "remove"
  | "rename"
  | "look at"
  | "lock"
  | "make the directory";

/** Runs one operation on a path; whatever it throws becomes a WeftError that names the path. */
export type OnPath = <T>(action: FileAction, path: string, task: () => Promise<T>) => Promise<T>;

export function onPathOf(fs: FileSystem): OnPath {
  return async (action, path, task) => {
    if (path.includes("\0"))
      throw new WeftError("invalid", `cannot ${action} ${JSON.stringify(path)}: a NUL byte in a path`);
    try {
      return await task();
    } catch (thrown) {
      throw await fileError(fs, { action, path }, thrown);
    }
  };
}

interface Attempt {
  readonly action: FileAction;
  readonly path: string;
}

async function fileError(fs: FileSystem, attempt: Attempt, thrown: unknown): Promise<WeftError> {
  if (thrown instanceof WeftError) return thrown;
  const errno = errnoOf(thrown);
  if (errno === undefined) return WeftError.from(thrown);
  if (errno === "EACCES" || errno === "EPERM") return await refusal(fs, attempt, thrown);
  const [code, text] = meanings[errno] ?? ["unavailable", `the system answered ${errno}`];
  return new WeftError(code, `cannot ${attempt.action} ${attempt.path}: ${text}`, { cause: thrown });
}

const meanings: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ENOENT: ["missing", "it does not exist"],
  EEXIST: ["conflict", "it exists already"],
  EBUSY: ["conflict", "it is in use or a mount point; mount the folder it lies in instead of the file"],
  EISDIR: ["invalid", "it is a directory"],
  ENOTDIR: ["invalid", "part of the path is not a directory"],
  ENOTEMPTY: ["invalid", "the directory is not empty"],
  ENXIO: ["invalid", "it is not a regular file"],
  ELOOP: ["invalid", "its links lead in a circle"],
  ENAMETOOLONG: ["invalid", "the name is too long"],
  EINVAL: ["invalid", "the system does not take this path"],
  EXDEV: ["invalid", "it lies on another file system"],
  ENOSPC: ["full", "no space is left on the device; free some and try again"],
  EDQUOT: ["full", "the disk quota is used up; free some space and try again"],
  EFBIG: ["full", "the file would grow over the limit of this system (ulimit -f)"],
  EROFS: ["full", "the file system is read-only; mount it writable"],
  EMFILE: ["unavailable", "too many open files; raise the limit (ulimit -n)"],
  ENFILE: ["unavailable", "too many open files in the whole system"],
  EIO: ["unavailable", "the disk reported an error; check it"],
};

/** Names what stands in the way (the path or a directory above it) and the command that opens it. */
async function refusal(fs: FileSystem, attempt: Attempt, cause: unknown): Promise<WeftError> {
  const { uid } = fs;
  const { action, path } = attempt;
  const head = `cannot ${action} ${path}: permission denied for uid ${uid}`;
  const obstacle = await findObstacle(fs, attempt);
  if (!obstacle) {
    const text = `${head} (${errnoOf(cause)}; a mount option, attribute or security module forbids it)`;
    return new WeftError("refused", text, { cause });
  }
  const { at, wants } = obstacle;
  const stat = await fs.stat(at);
  const mode = (stat.mode & 0o7777).toString(8).padStart(4, "0");
  const what = `${at === path ? "it" : at} belongs to uid ${stat.uid} and has mode ${mode}`;
  const command = stat.uid === uid ? `chmod u+${wants} ${shellWord(at)}` : `sudo chown ${uid} ${shellWord(at)}`;
  return new WeftError("refused", `${head}; ${what}. Run: ${command}`, { cause });
}

/** Bits of access(2). */
const mayRead = 4;
const mayWrite = 2;
const mayEnter = 1;

interface Obstacle {
  readonly at: string;
  readonly wants: "r" | "x" | "rwx";
}

async function findObstacle(fs: FileSystem, { action, path }: Attempt): Promise<Obstacle | undefined> {
  for (const folder of foldersAbove(path)) {
    if (!(await fs.allows(folder, mayEnter))) return { at: folder, wants: "x" };
  }
  const folder = dirname(path);
  const changesFolder = action !== "read" && action !== "list" && action !== "look at";
  if (changesFolder && !(await fs.allows(folder, mayWrite))) return { at: folder, wants: "rwx" };
  const wanted = changesFolder ? mayWrite : mayRead;
  const exists = await fs.allows(path, 0);
  if (exists && !(await fs.allows(path, wanted))) return { at: path, wants: changesFolder ? "rwx" : "r" };
  return undefined;
}

function foldersAbove(path: string): string[] {
  const folders: string[] = [];
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    folders.unshift(folder);
    if (folder === dirname(folder)) return folders;
  }
}

function shellWord(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
