import { WeftError } from "../core/error.ts";
import type { Files, FileTree } from "../core/platform.ts";
import { type Permissions, type Policy, refusalText } from "../core/policy.ts";
import type { Actor } from "../core/tool.ts";
import { privateFolders } from "../core/workspace.ts";

/** The workspace as somebody may see and change it. */
export type FilesFor = (actor: Actor) => FileTree;

export interface PolicedFilesOptions {
  readonly files: Pick<Files, "confined">;
  /** Absolute path. */
  readonly workspace: string;
  readonly policy: Policy;
}

/**
 * The policy says what a path may be used for, and why not; the tree below looks at what was really opened, so that no
 * link leads around it.
 */
export function policedFiles({ files, workspace, policy }: PolicedFilesOptions): FilesFor {
  const whole = files.confined(workspace, privateFolders);
  const known = new WeakMap<Permissions, Trees>();
  return (actor) => {
    const permissions = policy.permissionsOf(actor);
    const { pathsDenied, pathsReadOnly } = permissions;
    if (pathsDenied.length + pathsReadOnly.length === 0) return whole;
    const hidden = [...privateFolders, ...pathsDenied];
    const { readable, writable } = known.get(permissions) ?? {
      readable: files.confined(workspace, hidden),
      writable: files.confined(workspace, [...hidden, ...pathsReadOnly]),
    };
    known.set(permissions, { readable, writable });
    const asked = (effect: "read" | "write", path: string): FileTree => {
      const decision = policy.decide(actor, { kind: "path", effect, path: relative(workspace, path) });
      if (!decision.allowed) throw new WeftError("refused", refusalText(decision));
      return effect === "read" ? readable : writable;
    };
    return {
      read: async (path, range) => await asked("read", path).read(path, range),
      stat: async (path) => await asked("read", path).stat(path),
      list: async (path) => await asked("read", path).list(path),
      write: async (path, bytes, how) => await asked("write", path).write(path, bytes, how),
      makeDirectory: async (path) => await makeDirectory({ readable, make: asked }, path),
    };
  };
}

interface Trees {
  readonly readable: FileTree;
  readonly writable: FileTree;
}

interface Making {
  readonly readable: FileTree;
  readonly make: (effect: "write", path: string) => FileTree;
}

/** A folder that is there need not be made, so it may be one that is only read. */
async function makeDirectory({ readable, make }: Making, path: string): Promise<void> {
  if ((await readable.stat(path))?.kind === "directory") return;
  await make("write", path).makeDirectory(path);
}

function relative(workspace: string, path: string): string {
  return path.startsWith(`${workspace}/`) ? path.slice(workspace.length + 1) : path;
}
