import type { Files } from "../../core/platform.ts";
import { allChecks } from "./all-checks.ts";
import type { Finding, Severity } from "./check.ts";
import type { ConfigShape } from "./config-scan.ts";
import { type Ignoring, ignoring } from "./ignore.ts";
import type { OwnPlaces } from "./place-scan.ts";

export interface ScanOptions {
  readonly files: Files;
  /** Ours; -1 where the system has none. */
  readonly uid: number;
  /** Milliseconds that never go back. */
  monotonic(): number;
  readonly own: OwnPlaces;
  readonly config: ConfigShape;
  /** Takes known secrets out of what is shown. */
  redact(text: string): string;
  /** `CHECK-ID` or `CHECK-ID:GLOB`. */
  readonly ignore: readonly string[];
  /** Milder ones are counted, not told. */
  readonly least: Severity;
  readonly limits?: Partial<Limits>;
}

export interface Limits {
  readonly ms: number;
  /** Files and folders that are looked at. */
  readonly entries: number;
  /** Read in all. */
  readonly bytes: number;
  readonly findings: number;
}

const standardLimits: Limits = { ms: 300_000, entries: 100_000, bytes: 1024 * 1024 * 1024, findings: 5000 };

/** A scan on its way. */
export interface State {
  readonly options: ScanOptions;
  readonly limits: Limits;
  readonly ignoring: Ignoring;
  readonly until: number;
  readonly findings: Finding[];
  readonly skipped: { readonly path: string; readonly why: string }[];
  files: number;
  bytes: number;
  entries: number;
  ignored: number;
}

export function newState(options: ScanOptions): State {
  const limits = { ...standardLimits, ...options.limits };
  return {
    options,
    limits,
    ignoring: ignoring(options.ignore, new Set(allChecks.map(({ id }) => id))),
    until: options.monotonic() + limits.ms,
    findings: [],
    skipped: [],
    files: 0,
    bytes: 0,
    entries: 0,
    ignored: 0,
  };
}

const mostSkipped = 10_000;

export function skip(state: State, path: string, why: string): void {
  if (state.skipped.length < mostSkipped) state.skipped.push({ path, why });
}
