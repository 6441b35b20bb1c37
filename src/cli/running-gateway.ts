import { readOwner } from "../app-owner.ts";
import { knownToken } from "../app-token.ts";
import type { Loaded } from "../config/load.ts";
import type { Platform } from "../core/platform.ts";
import { workspacePaths } from "../core/workspace.ts";

export interface RunningGateway {
  readonly url: string;
  readonly pid: number;
  /** Undefined where only the gateway itself was told it. */
  readonly token: string | undefined;
}

/** The gateway that holds the workspace now; undefined when none does. */
export async function runningGateway(platform: Platform, loaded: Loaded): Promise<RunningGateway | undefined> {
  const paths = workspacePaths(loaded.workspace);
  const owner = await readOwner(platform, paths);
  // What describes the owner stays behind when it ends; the lock does not.
  if (owner?.url === undefined || !(await isHeld(platform, paths.lock))) return undefined;
  const token = await knownToken(platform, loaded, paths);
  return { url: owner.url, pid: owner.pid, token: token?.value };
}

/** Whether a process has the lock now. */
export async function isHeld({ files }: Platform, path: string): Promise<boolean> {
  if (!(await files.stat(path))) return false;
  const lock = await files.lock(path);
  await lock?.release();
  return lock === undefined;
}
