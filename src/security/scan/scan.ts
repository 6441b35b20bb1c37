import { WeftError } from "../../core/error.ts";
import { type Finding, isAtLeast, isGrave } from "./check.ts";
import { placeChecks } from "./checks/places.ts";
import { scanFile } from "./file-scan.ts";
import { isOurs, scanPlace, within } from "./place-scan.ts";
import { newState, type ScanOptions, type State, skip } from "./state.ts";
import { type Met, walk } from "./walk.ts";

export interface Report {
  /** Absolute paths. */
  readonly roots: readonly string[];
  /** Also those below the least severity. */
  readonly all: readonly Finding[];
  /** What is told, by path, then by line. */
  readonly findings: readonly Finding[];
  /** A finding of high or critical severity is there, also among those not told. */
  readonly isGrave: boolean;
  /** What was read. */
  readonly files: number;
  readonly bytes: number;
  readonly skipped: readonly { readonly path: string; readonly why: string }[];
  /** Findings that the configuration silences. */
  readonly ignored: number;
  /** Findings below the least severity. */
  readonly below: number;
  /** Entries of the list of ignored checks that name none. */
  readonly unknownIgnores: readonly string[];
}

/** Looks at files and folders; `missing` when one is not there. */
export async function scan(roots: readonly string[], options: ScanOptions): Promise<Report> {
  const state = newState(options);
  for (const root of roots) await scanRoot(root, state);
  const findings = state.findings.filter(({ severity }) => isAtLeast(severity, options.least));
  return {
    roots,
    all: state.findings,
    findings: findings.sort(byPlace),
    isGrave: state.findings.some(isGrave),
    files: state.files,
    bytes: state.bytes,
    skipped: state.skipped,
    ignored: state.ignored,
    below: state.findings.length - findings.length,
    unknownIgnores: state.ignoring.unknown,
  };
}

async function scanRoot(root: string, state: State): Promise<void> {
  for await (const met of walk(state.options.files, root)) {
    const limit = limitReached(state);
    if (limit !== undefined) {
      const found: Finding = { check: placeChecks.unfinished, severity: "high", path: met.path, note: limit };
      state.findings.push(found);
      return;
    }
    state.entries++;
    for (const finding of await lookAt(met, root, state)) add(finding, root, state);
  }
}

function limitReached({ options, limits, until, entries, bytes, findings }: State): string | undefined {
  if (options.monotonic() > until) return `after ${limits.ms / 1000} seconds`;
  if (entries >= limits.entries) return `after ${limits.entries} files and folders`;
  if (bytes >= limits.bytes) return `after ${limits.bytes} bytes`;
  return findings.length >= limits.findings ? `after ${limits.findings} findings` : undefined;
}

function add(finding: Finding, root: string, state: State): void {
  const relative = within(finding.path, root) || finding.path.slice(finding.path.lastIndexOf("/") + 1);
  if (state.ignoring.isIgnored(finding, relative)) state.ignored++;
  else state.findings.push(finding);
}

async function lookAt(met: Met, root: string, state: State): Promise<Finding[]> {
  const { options } = state;
  const { path, kind, stat, inSkill } = met;
  if (met.problem !== undefined) {
    skip(state, path, met.problem);
    return [];
  }
  if (kind === "link") return await linkOut(met, root, options);
  if (met.passed) {
    skip(state, path, "such folders are not looked into");
    const isTold = inSkill && !path.endsWith("/.git");
    return isTold ? [{ check: placeChecks.hiddenFolder, severity: placeChecks.hiddenFolder.severity, path }] : [];
  }
  if (!stat) return [{ check: placeChecks.special, severity: placeChecks.special.severity, path }];
  const scanned = stat.kind === "file" ? await scanFile({ path, stat, inSkill, root }, state) : undefined;
  const begin = scanned?.begin ?? new Uint8Array();
  const places = scanPlace({ path, stat, inSkill, begin, uid: options.uid }, options.own);
  return [...places.map((hit) => ({ ...hit, path })), ...(scanned?.findings ?? [])];
}

async function linkOut({ path, inSkill }: Met, root: string, { files, own }: ScanOptions): Promise<Finding[]> {
  const { linkOut: check } = placeChecks;
  let target: string;
  try {
    target = await files.realPath(path);
  } catch (thrown) {
    if (WeftError.from(thrown).code !== "missing") return [];
    return [{ check, severity: "low", path, note: "it leads nowhere" }];
  }
  if (within(target, root) !== undefined) return [];
  return [{ check, severity: inSkill || isOurs(path, own) ? "high" : "medium", path, note: `to ${short(target)}` }];
}

function short(text: string): string {
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}

function byPlace(a: Finding, b: Finding): number {
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}
