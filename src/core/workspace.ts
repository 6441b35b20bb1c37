/** Where things lie in a workspace; all paths absolute. */
export interface WorkspacePaths {
  readonly root: string;
  readonly sessions: string;
  readonly journal: string;
  readonly memory: string;
  /** Tool results too long for the prompt; the model reads on in them. */
  readonly results: string;
  /** The ledger of what was spent. */
  readonly spending: string;
  /** Held by the one process that may write here. */
  readonly lock: string;
  /** Who that is: JSON `Owner`. */
  readonly owner: string;
  readonly token: string;
  /** Who was let in, and who asks to be. */
  readonly pairing: string;
}

/** Folders and files of the root that tools may neither read nor change. */
export const privateFolders: readonly string[] = [".weft", "journal", "sessions", "audit.jsonl", "audit.head.json"];

export function workspacePaths(root: string): WorkspacePaths {
  return {
    root,
    sessions: `${root}/sessions`,
    journal: `${root}/journal`,
    memory: `${root}/memory`,
    results: `${root}/results`,
    spending: `${root}/.weft/spend`,
    lock: `${root}/.weft/lock`,
    owner: `${root}/.weft/owner.json`,
    token: `${root}/.weft/gateway-token`,
    pairing: `${root}/.weft/pairing.json`,
  };
}

/** The process that holds the workspace's lock. */
export interface Owner {
  readonly pid: number;
  readonly command: string;
  /** Where it serves HTTP, for example `http://127.0.0.1:18790`; absent when it does not. */
  readonly url?: string;
  /** Unix milliseconds. */
  readonly startedAt: number;
}
