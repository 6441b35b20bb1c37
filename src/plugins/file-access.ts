import { WeftError } from "../core/error.ts";
import type { Files, FileTree } from "../core/platform.ts";
import { privateFolders } from "../core/workspace.ts";
import { readBytes, writeBytes } from "./limits.ts";

export interface FileAccess {
  read(path: string): Promise<Uint8Array>;
  write(path: string, bytes: Uint8Array): Promise<void>;
}

export interface FileRules {
  readonly files: Pick<Files, "confined" | "realPath" | "stat">;
  /** Absolute path; relative paths begin here. */
  readonly workspace: string;
  /** `permissions.filesystem`. */
  readonly folders: readonly string[];
}

/** Files in the allowed folders only, whatever links lead where; never weft's own folders of the workspace. */
export function fileAccess(rules: FileRules): FileAccess {
  return {
    async read(path) {
      const { tree, rest } = await placeOf(rules, path, false);
      const stat = await tree.stat(rest);
      if (!stat) throw new WeftError("missing", `${path} does not exist`);
      if (stat.kind !== "file") throw new WeftError("invalid", `${path} is no file`);
      // It may grow while it is read.
      const bytes = stat.bytes > readBytes ? undefined : await tree.read(rest, { offset: 0, length: readBytes + 1 });
      if (bytes && bytes.length <= readBytes) return bytes;
      throw new WeftError("refused", `${path} is too large: at most ${readBytes} bytes (8 MiB) are read`);
    },
    async write(path, bytes) {
      if (bytes.length > writeBytes) {
        throw new WeftError("refused", `${bytes.length} bytes are too much: at most ${writeBytes} (4 MiB) are written`);
      }
      const { tree, rest } = await placeOf(rules, path, true);
      const slash = rest.lastIndexOf("/");
      if (slash > 0) await tree.makeDirectory(rest.slice(0, slash));
      await tree.write(rest, bytes);
    },
  };
}

interface Place {
  readonly tree: FileTree;
  /** Within the tree. */
  readonly rest: string;
}

async function placeOf(rules: FileRules, path: string, make: boolean): Promise<Place> {
  if (path === "" || path.includes("\0")) throw new WeftError("invalid", "path: expected the path of a file");
  const wanted = normal(rules.workspace, path);
  const roots = rules.folders.map((folder) => normal(rules.workspace, folder));
  const root = roots.filter((each) => isWithin(each, wanted)).sort((a, b) => b.length - a.length)[0];
  if (root === undefined) throw new WeftError("refused", `${path} is outside of what permissions.filesystem allows`);
  const rest = wanted.slice(root === "/" ? 1 : root.length + 1);
  if (rest === "") throw new WeftError("invalid", `${path} is a folder`);
  return { tree: await treeOf(rules, root, make), rest };
}

async function treeOf({ files, workspace }: FileRules, root: string, make: boolean): Promise<FileTree> {
  const inWorkspace = isWithin(workspace, root);
  if (make && inWorkspace && root !== workspace && !(await files.stat(root))) {
    await files.confined(workspace, privateFolders).makeDirectory(root.slice(workspace.length + 1));
  }
  const [real, home] = await Promise.all([files.realPath(root), files.realPath(workspace)]);
  if (inWorkspace && !isWithin(home, real)) throw new WeftError("refused", `${root} leads out of the workspace`);
  if (real !== home && isWithin(real, home)) {
    throw new WeftError("refused", `${root} holds the workspace itself: name folders beside or in it`);
  }
  const [first = ""] = isWithin(home, real) ? real.slice(home.length + 1).split("/") : [];
  if (privateFolders.includes(first)) throw new WeftError("refused", `${root} is weft's own: no plugin may use it`);
  return files.confined(real, real === home ? privateFolders : []);
}

function normal(workspace: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${workspace}/${path}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

function isWithin(root: string, path: string): boolean {
  return path === root || path.startsWith(root === "/" ? "/" : `${root}/`);
}
