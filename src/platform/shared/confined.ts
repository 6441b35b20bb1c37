import { WeftError } from "../../core/error.ts";
import type { ByteRange, DirEntry, FileStat, FileTree } from "../../core/platform.ts";
import type { Opening } from "./appender.ts";
import type { FileAction } from "./errors.ts";
import { errnoOf, type OpenFile, undefinedIfMissing } from "./file-system.ts";
import { basename, dirname, isAbsolute, join, normalize } from "./paths.ts";
import { type Content, gently, kindOf, listFolder, readRange, replaceFile, toFileStat } from "./regular-file.ts";

/**
 * Checks after opening, never before: a path is opened first, then the kernel is asked what was opened
 * (/proc/self/fd/N), and only that open file is used. Swapping a folder for a link meanwhile changes nothing.
 */
export function confinedTree(root: string, hidden: readonly string[], opening: Opening): FileTree {
  const state: State = { ...opening, root, hidden };
  const told = <T>(action: FileAction, path: string, task: () => Promise<T>) =>
    opening.onPath(action, isAbsolute(path) ? path : join(root, path), task);
  return {
    read: (path, range) => told("read", path, () => read(state, path, range)),
    write: (path, bytes, how) => told("write", path, () => write(state, path, { bytes, ...how })),
    stat: (path) => told("look at", path, () => statIn(state, path)),
    list: (path) => told("list", path, () => list(state, path)),
    makeDirectory: (path) => told("make the directory", path, () => makeDirectory(state, path)),
  };
}

interface State extends Opening {
  readonly root: string;
  readonly hidden: readonly string[];
  /** The root with its own links resolved, once known. */
  realRoot?: string;
  /** What is hidden, absolute; once the root is known. */
  hiddenPaths?: readonly string[];
}

async function realRoot(state: State): Promise<string> {
  state.realRoot ??= await state.fs.realpath(state.root);
  return state.realRoot;
}

/** The absolute path meant by `path`; refused when its words alone lead outside. */
async function meant(state: State, path: string): Promise<string> {
  const root = await realRoot(state);
  const absolute = isAbsolute(path) ? normalize(path) : normalize(join(root, path));
  for (const base of [root, normalize(state.root)]) {
    if (isWithin(absolute, base)) return join(root, absolute.slice(base.length));
  }
  throw escapes(path);
}

function isWithin(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith("/") ? root : `${root}/`);
}

function escapes(path: string): WeftError {
  return new WeftError("refused", `path escapes workspace: ${path}`);
}

/** Throws unless what is open lies inside, wherever the path has led. */
async function expectInside(state: State, file: OpenFile, path: string): Promise<string> {
  const { fs } = state;
  const real = fs.hasProc ? await fs.readlink(`/proc/self/fd/${file.fd}`) : await fs.realpath(path);
  const root = await realRoot(state);
  if (isHidden(state, real) || !isWithin(real, root)) throw escapes(path);
  return real;
}

/** Once the root's real path is known. */
function isHidden(state: State, real: string): boolean {
  const { realRoot: root = "/", hidden } = state;
  state.hiddenPaths ??= hidden.map((name) => join(root, name));
  return state.hiddenPaths.some((path) => isWithin(real, path));
}

async function opened<T>(state: State, path: string, task: (file: OpenFile, real: string) => Promise<T>): Promise<T> {
  const absolute = await meant(state, path);
  return await using(state.fs.open(absolute, state.fs.flags.O_RDONLY | gently(state.fs)), async (file) => {
    const real = await expectInside(state, file, path);
    state.locks.guard(path, await file.stat(), file);
    return await task(file, real);
  });
}

async function using<T>(opening: Promise<OpenFile>, task: (file: OpenFile) => Promise<T>): Promise<T> {
  const file = await opening;
  try {
    return await task(file);
  } finally {
    await file.close();
  }
}

function read(state: State, path: string, range?: ByteRange): Promise<Uint8Array> {
  return opened(state, path, (file) => readRange(file, path, range));
}

async function statIn(state: State, path: string): Promise<FileStat | undefined> {
  return await opened(state, path, async (file) => toFileStat(await file.stat())).catch(undefinedIfMissing);
}

function list(state: State, path: string): Promise<DirEntry[]> {
  return opened(state, path, async (file, real) => {
    const entries = await listFolder(state.fs, state.fs.hasProc ? `/proc/self/fd/${file.fd}/` : real);
    return entries.filter(({ name }) => !isHidden(state, join(real, name)));
  });
}

/** Runs with the open parent of `path`; its children are named through it, so nobody can move it away. */
async function inParent<T>(state: State, path: string, task: (parent: string, name: string) => Promise<T>): Promise<T> {
  const absolute = await meant(state, path);
  if (absolute === (await realRoot(state))) throw new WeftError("invalid", `${path} is a directory`);
  const { fs } = state;
  const flags = fs.flags.O_RDONLY | fs.flags.O_DIRECTORY;
  return await using(fs.open(dirname(absolute), flags), async (parent) => {
    const real = await expectInside(state, parent, path);
    // The parent lies inside; its child may still be one of the hidden folders.
    if (isHidden(state, join(real, basename(absolute)))) throw escapes(path);
    return await task(fs.hasProc ? `/proc/self/fd/${parent.fd}` : real, basename(absolute));
  });
}

/** A link at the end of the path is replaced by the new file; what it led to is not touched. */
function write(state: State, path: string, content: Content): Promise<void> {
  return inParent(state, path, (folder, name) => replaceFile(state.fs, { folder, name, shown: path }, content));
}

/** One component after the other, each checked like any other path. */
async function makeDirectory(state: State, path: string): Promise<void> {
  const root = await realRoot(state);
  const absolute = await meant(state, path);
  let at = root;
  for (const name of absolute
    .slice(root.length)
    .split("/")
    .filter((part) => part !== "")) {
    at = join(at, name);
    await inParent(state, at, async (parent, child) => {
      try {
        await state.fs.mkdir(join(parent, child), 0o700);
      } catch (error) {
        if (errnoOf(error) !== "EEXIST") throw error;
        if (kindOf(await state.fs.stat(join(parent, child))) !== "directory")
          throw new WeftError("invalid", `${path}: there is a file of that name`);
      }
    });
  }
}
