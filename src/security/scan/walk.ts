import { WeftError } from "../../core/error.ts";
import type { DirEntry, FileStat, Files, FileTree } from "../../core/platform.ts";

/** One thing below a scanned folder. */
export interface Met {
  /** Absolute. */
  readonly path: string;
  readonly kind: DirEntry["kind"];
  /** Absent for a link and for what cannot be looked at. */
  readonly stat?: FileStat;
  readonly inSkill: boolean;
  /** The folder is not looked into. */
  readonly passed?: true;
  /** Why it could not be looked at. */
  readonly problem?: string;
}

/** Whole folders that others made, and that weft makes no use of. */
const skipped: ReadonlySet<string> = new Set(["node_modules", "target"]);
const ours: ReadonlySet<string> = new Set([".weft", ".clawft", ".nanobot"]);
const skillFiles = /^(?:SKILL\.md|skill\.json|clawft\.plugin\.json)$/i;

/**
 * A file or a folder with all below it, in the order of names. Links are told of and not followed; folders with a dot are
 * passed by, but for weft's own, and so are `node_modules` and `target`. Nothing outside of `root` is opened, whoever
 * swaps what for a link meanwhile.
 */
export async function* walk(files: Files, root: string): AsyncGenerator<Met> {
  const top = await files.stat(root);
  if (!top) throw new WeftError("missing", `there is no ${root}`);
  const parent = root.slice(0, root.lastIndexOf("/")) || "/";
  const inSkill = await isInSkill(files, top.kind === "directory" ? root : parent);
  yield { path: root, kind: top.kind, stat: top, inSkill };
  if (top.kind !== "directory") return;
  const tree = files.confined(root);
  const open: Folder[] = [{ path: root, inSkill }];
  for (let folder = open.pop(); folder; folder = open.pop()) {
    const entries = await listed(tree, folder.path);
    if (typeof entries === "string") {
      yield { ...folder, kind: "directory", problem: entries };
      continue;
    }
    const below: Folder[] = [];
    for await (const met of inside(tree, folder, entries)) {
      yield met;
      if (met.kind === "directory" && !met.passed && met.problem === undefined) below.push(met);
    }
    open.push(...below.reverse());
  }
}

interface Folder {
  readonly path: string;
  readonly inSkill: boolean;
}

async function* inside(tree: FileTree, folder: Folder, entries: readonly DirEntry[]): AsyncGenerator<Met> {
  const isSkill = entries.some(({ name, kind }) => kind === "file" && skillFiles.test(name));
  for (const { name, kind } of entries) {
    const path = folder.path === "/" ? `/${name}` : `${folder.path}/${name}`;
    const met = await look(tree, { path, kind, inSkill: folder.inSkill || isSkill });
    const isPassed = kind === "directory" && (skipped.has(name) || (name.startsWith(".") && !ours.has(name)));
    yield isPassed ? { ...met, passed: true } : met;
  }
}

async function look(tree: FileTree, met: Omit<Met, "stat">): Promise<Met> {
  if (met.kind !== "file" && met.kind !== "directory") return met;
  try {
    const stat = await tree.stat(met.path);
    return stat ? { ...met, stat } : { ...met, problem: "it has gone meanwhile" };
  } catch (thrown) {
    return { ...met, problem: WeftError.from(thrown).message };
  }
}

async function listed(tree: FileTree, path: string): Promise<DirEntry[] | string> {
  try {
    return await tree.list(path);
  } catch (thrown) {
    return WeftError.from(thrown).message;
  }
}

/** A part of a skill may be scanned alone. */
async function isInSkill(files: Files, folder: string): Promise<boolean> {
  let at = folder;
  for (let up = 0; up < 4 && at !== ""; up++) {
    for (const name of ["SKILL.md", "clawft.plugin.json"]) if (await files.stat(`${at}/${name}`)) return true;
    at = at.slice(0, at.lastIndexOf("/"));
  }
  return false;
}
