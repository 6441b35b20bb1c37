import { WeftError } from "./core/error.ts";
import type { Lock, Platform } from "./core/platform.ts";
import type { Owner, WorkspacePaths } from "./core/workspace.ts";

/** One process writes in a workspace; here it takes its place, and others see who it is. */

export interface Taking {
  /** What runs, for others who find the workspace taken: `gateway`, `agent`. */
  readonly command: string;
  /** How long to wait for another process to give the workspace back, when that one is not a gateway. */
  readonly waitMs?: number;
  /** Called once when the wait is long enough for people to wonder. */
  readonly waiting?: (owner: Owner | undefined) => void;
}

/** The process that holds the workspace, as it described itself; undefined when nobody did. */
export async function readOwner({ files }: Platform, paths: WorkspacePaths): Promise<Owner | undefined> {
  if (!(await files.stat(paths.owner))) return undefined;
  const text = new TextDecoder().decode(await files.read(paths.owner));
  // Empty after a loss of power: nobody waits for it to be on the disk.
  return text === "" ? undefined : (JSON.parse(text) as Owner);
}

const lookAgainMs = 50;
const wonderMs = 1000;
/** So long a new owner may take to say who it is. */
const introductionMs = 300;

/** Throws `conflict` when another process keeps the workspace. */
export async function takeWorkspace(
  platform: Platform,
  paths: WorkspacePaths,
  { command, waitMs = 0, waiting }: Taking,
): Promise<Lock> {
  const began = platform.monotonic();
  let told = false;
  for (;;) {
    const lock = await tryLock(platform, paths, command);
    if (lock) return lock;
    const owner = await readOwner(platform, paths);
    const waited = platform.monotonic() - began;
    if (waited >= (owner?.url === undefined ? waitMs : Math.min(waitMs, introductionMs))) throw taken(paths, owner);
    if (waited >= wonderMs && !told) {
      told = true;
      waiting?.(owner);
    }
    // A file lock tells nobody when it comes free.
    await sleep(lookAgainMs);
  }
}

async function tryLock(platform: Platform, paths: WorkspacePaths, command: string): Promise<Lock | undefined> {
  try {
    await platform.files.makeDirectory(`${paths.root}/.weft`);
    const lock = await platform.files.lock(paths.lock);
    if (lock) await introduce(platform, paths, { command });
    return lock;
  } catch (thrown) {
    const error = WeftError.from(thrown);
    // The system refused, not the policy: a volume with the wrong owner is a mistake in the setup.
    throw error.code === "refused" ? new WeftError("config", error.message, { cause: error }) : error;
  }
}

function taken({ root }: WorkspacePaths, owner: Owner | undefined): WeftError {
  const who = owner
    ? `weft ${owner.command} (pid ${owner.pid}${owner.url ? `, ${owner.url}` : ""})`
    : "another process";
  return new WeftError("conflict", `${root} is in use by ${who}: stop it, or use another workspace`);
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

/** Tells others who has the workspace now, and where it is served. */
export async function introduce(
  { files, pid, now }: Platform,
  paths: WorkspacePaths,
  who: Pick<Owner, "command" | "url">,
): Promise<void> {
  const owner: Owner = { pid, ...who, startedAt: now() };
  await files.write(paths.owner, new TextEncoder().encode(JSON.stringify(owner)), { passing: true });
}
