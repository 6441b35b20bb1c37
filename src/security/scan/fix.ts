import { WeftError } from "../../core/error.ts";
import type { Files } from "../../core/platform.ts";
import { type Finding, isGrave } from "./check.ts";
import type { Report } from "./scan.ts";

export interface Mended {
  readonly path: string;
  readonly from: number;
  readonly to: number;
}

export interface Mending {
  readonly mended: readonly Mended[];
  readonly failed: readonly { readonly path: string; readonly why: string }[];
  /** What is still to be mended by hand. */
  readonly findings: readonly Finding[];
  readonly isGrave: boolean;
}

/** Sets the modes that findings name. Nothing is moved, removed or written. */
export async function mend(
  { all, findings }: Report,
  { files, uid }: { readonly files: Files; readonly uid: number },
): Promise<Mending> {
  const mended: Mended[] = [];
  const failed: { path: string; why: string }[] = [];
  const rest = new Set<Finding>();
  for (const finding of all) {
    const { path, mode } = finding;
    const why = mode === undefined ? "" : await setMode(files, { path, mode, uid }, mended);
    if (why === undefined) continue;
    if (why !== "") failed.push({ path, why });
    rest.add(finding);
  }
  return { mended, failed, findings: findings.filter((each) => rest.has(each)), isGrave: [...rest].some(isGrave) };
}

interface Change {
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
}

/** Why not, or undefined. */
async function setMode(files: Files, { path, mode, uid }: Change, mended: Mended[]): Promise<string | undefined> {
  try {
    const before = await files.stat(path);
    if (!before) return "it has gone";
    if (uid > 0 && before.uid !== uid) return `it belongs to uid ${before.uid}`;
    await files.setMode(path, mode);
    mended.push({ path, from: before.mode, to: mode });
    return undefined;
  } catch (thrown) {
    return WeftError.from(thrown).message;
  }
}
