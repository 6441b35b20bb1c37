import { WeftError } from "../core/error.ts";
import type { Appender, ByteRange, DirEntry, FileStat, Files, FileTree } from "../core/platform.ts";

/** What may go wrong with the disk; tests change it as they go. */
export interface DiskFaults {
  /** Nothing can be written: no space. */
  diskFull: boolean;
  readOnly: boolean;
}

interface Node {
  kind: "file" | "directory" | "link";
  bytes: Uint8Array;
  /** Of a link. */
  target: string;
  mode: number;
  modifiedAt: number;
}

interface Disk {
  readonly nodes: Map<string, Node>;
  readonly locks: Set<string>;
  readonly watchers: Set<{ readonly path: string; readonly changed: () => void }>;
  readonly faults: DiskFaults;
  readonly now: () => number;
}

export interface MemoryFiles extends Files {
  /** A symbolic link, to test what follows it. */
  link(path: string, target: string): Promise<void>;
}

/** A disk in RAM, with `/` and nothing in it. */
export function memoryFiles(faults: DiskFaults, now: () => number): MemoryFiles {
  const disk: Disk = { nodes: new Map(), locks: new Set(), watchers: new Set(), faults, now };
  disk.nodes.set("/", newNode(disk, "directory"));
  return {
    ...tree(disk, (path) => resolved(disk, path)),
    create: async (path, bytes) => {
      if (disk.nodes.has(resolved(disk, path))) throw new WeftError("conflict", `${path}: it exists already`);
      writeNode(disk, resolved(disk, path), { bytes, mode: 0o600 });
    },
    append: async (path) => appender(disk, resolved(disk, path)),
    rename: async (from, to) => rename(disk, resolved(disk, from), resolved(disk, to)),
    truncate: async (path, bytes) => {
      const node = fileAt(disk, resolved(disk, path));
      node.bytes = node.bytes.slice(0, bytes);
    },
    remove: async (path) => remove(disk, normal(path)),
    realPath: async (path) => {
      const real = resolved(disk, path);
      if (!disk.nodes.has(real)) throw missing(path);
      return real;
    },
    setMode: async (path, mode) => {
      const node = disk.nodes.get(normal(path));
      if (!node) throw missing(path);
      if (node.kind === "link") throw new WeftError("invalid", `${path} is a link`);
      node.mode = mode;
    },
    watch: async (path, changed) => {
      const watcher = { path: resolved(disk, path), changed };
      if (!disk.nodes.has(watcher.path)) throw missing(path);
      disk.watchers.add(watcher);
      return () => void disk.watchers.delete(watcher);
    },
    lock: async (path) => {
      if (disk.locks.has(path)) return undefined;
      disk.locks.add(path);
      return { release: async () => void disk.locks.delete(path) };
    },
    confined: (root, hidden = []) => confinedTree(disk, root, hidden),
    link: async (path, target) => {
      disk.nodes.set(normal(path), { ...newNode(disk, "link"), target });
    },
  };
}

function tree(disk: Disk, where: (path: string) => string): FileTree {
  return {
    read: async (path, range) => readNode(disk, where(path), range),
    write: async (path, bytes, { mode = 0o600 } = {}) => writeNode(disk, where(path), { bytes, mode }),
    stat: async (path) => statNode(disk, where(path)),
    list: async (path) => listNode(disk, where(path)),
    makeDirectory: async (path) => makeDirectory(disk, where(path)),
  };
}

function newNode(disk: Disk, kind: Node["kind"]): Node {
  const mode = kind === "directory" ? 0o700 : 0o600;
  return { kind, bytes: new Uint8Array(), target: "", mode, modifiedAt: disk.now() };
}

function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** Follows links in every part of the path. */
function resolved(disk: Disk, path: string, depth = 0): string {
  if (depth > 20) throw new WeftError("refused", `${path}: too many symbolic links`);
  let at = "";
  const parts = normal(path).split("/").slice(1);
  for (const [index, part] of parts.entries()) {
    at = `${at}/${part}`;
    const node = disk.nodes.get(at);
    if (node?.kind !== "link") continue;
    const target = node.target.startsWith("/") ? node.target : `${parentOf(at)}/${node.target}`;
    return resolved(disk, [target, ...parts.slice(index + 1)].join("/"), depth + 1);
  }
  return at === "" ? "/" : at;
}

function confinedTree(disk: Disk, root: string, hidden: readonly string[]): FileTree {
  const all = tree(disk, (path) => confinedPath(disk, { root, hidden }, path));
  return {
    ...all,
    list: async (path) => {
      const entries = await all.list(path);
      const folder = confinedPath(disk, { root, hidden }, path);
      const base = resolved(disk, root);
      return entries.filter(({ name }) => !hidden.some((each) => `${folder}/${name}` === `${base}/${each}`));
    },
  };
}

interface Confinement {
  readonly root: string;
  readonly hidden: readonly string[];
}

function confinedPath(disk: Disk, { root, hidden }: Confinement, path: string): string {
  if (path.includes("\0")) throw new WeftError("invalid", "invalid path: it contains a NUL byte");
  const real = resolved(disk, path.startsWith("/") ? path : `${root}/${path}`);
  const base = resolved(disk, root);
  const isHidden = hidden.some((name) => `${real}/`.startsWith(`${base}/${name}/`));
  if (!isHidden && (real === base || real.startsWith(`${base}/`))) return real;
  throw new WeftError("refused", `path escapes workspace: ${path}`);
}

function fileAt(disk: Disk, path: string): Node {
  const node = disk.nodes.get(path);
  if (!node) throw missing(path);
  if (node.kind !== "file") throw new WeftError("invalid", `${path}: it is a directory`);
  return node;
}

function readNode(disk: Disk, path: string, range?: ByteRange): Uint8Array {
  const { bytes } = fileAt(disk, path);
  return range ? bytes.slice(range.offset, range.offset + range.length) : bytes.slice();
}

function writeNode(
  disk: Disk,
  path: string,
  { bytes, mode }: { readonly bytes: Uint8Array; readonly mode: number },
): void {
  expectWritable(disk, path);
  const before = disk.nodes.get(path);
  if (before?.kind === "directory") throw new WeftError("invalid", `${path}: it is a directory`);
  expectParent(disk, path);
  disk.nodes.set(path, { ...newNode(disk, "file"), bytes: bytes.slice(), mode: before?.mode ?? mode });
  tell(disk, path);
}

function appender(disk: Disk, path: string): Appender {
  if (!disk.nodes.has(path)) writeNode(disk, path, { bytes: new Uint8Array(), mode: 0o600 });
  const node = fileAt(disk, path);
  let room = node.bytes;
  /** The file as this one left it; another writer makes it another. */
  let left: Uint8Array | undefined;
  return {
    write: async (bytes) => {
      expectWritable(disk, path);
      const used = node.bytes.length;
      if (node.bytes !== left || used + bytes.length > room.length) {
        room = new Uint8Array((used + bytes.length) * 2);
        room.set(node.bytes);
      }
      room.set(bytes, used);
      left = room.subarray(0, used + bytes.length);
      node.bytes = left;
      node.modifiedAt = disk.now();
    },
    sync: async () => expectWritable(disk, path),
    close: async () => {},
  };
}

function statNode(disk: Disk, path: string): FileStat | undefined {
  const node = disk.nodes.get(path);
  return node && { kind: node.kind, bytes: node.bytes.length, modifiedAt: node.modifiedAt, mode: node.mode, uid: 0 };
}

function listNode(disk: Disk, path: string): DirEntry[] {
  const folder = disk.nodes.get(path);
  if (!folder) throw missing(path);
  if (folder.kind !== "directory") throw new WeftError("invalid", `${path}: it is no directory`);
  const entries: DirEntry[] = [];
  for (const [at, { kind }] of disk.nodes) {
    if (at !== "/" && parentOf(at) === path) entries.push({ name: at.slice(at.lastIndexOf("/") + 1), kind });
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function makeDirectory(disk: Disk, path: string): void {
  if (path === "/") return;
  const node = disk.nodes.get(path);
  if (node && node.kind !== "directory") throw new WeftError("invalid", `${path}: it is no directory`);
  makeDirectory(disk, parentOf(path));
  if (node) return;
  expectWritable(disk, path);
  disk.nodes.set(path, newNode(disk, "directory"));
  tell(disk, path);
}

function rename(disk: Disk, from: string, to: string): void {
  expectWritable(disk, to);
  const node = disk.nodes.get(from);
  if (!node) throw missing(from);
  expectParent(disk, to);
  disk.nodes.delete(from);
  disk.nodes.set(to, node);
  tell(disk, from);
  tell(disk, to);
}

function remove(disk: Disk, path: string): boolean {
  expectWritable(disk, path);
  for (const at of [...disk.nodes.keys()]) if (at.startsWith(`${path}/`)) disk.nodes.delete(at);
  tell(disk, path);
  return disk.nodes.delete(path);
}

function tell({ watchers }: Disk, path: string): void {
  for (const watcher of watchers) {
    if (watcher.path === path || watcher.path === parentOf(path)) queueMicrotask(watcher.changed);
  }
}

function expectWritable({ faults }: Disk, path: string): void {
  if (faults.readOnly) throw new WeftError("full", `${path}: the file system is read-only`);
  if (faults.diskFull) throw new WeftError("full", `${path}: no space left on the disk`);
}

function expectParent(disk: Disk, path: string): void {
  const parent = disk.nodes.get(parentOf(path));
  if (!parent) throw missing(path);
  if (parent.kind !== "directory") throw new WeftError("invalid", `${path}: a part of the path is no directory`);
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

function missing(path: string): WeftError {
  return new WeftError("missing", `${path}: no such file or directory`);
}
