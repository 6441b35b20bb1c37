import { WeftError } from "../core/error.ts";
import type { Line } from "../core/line.ts";
import { type PartStatus, worstOf } from "../core/status.ts";
import type { Status } from "./protocol.ts";
import { type Timer, within } from "./within.ts";

export interface StatusOptions {
  readonly status: () => Promise<readonly PartStatus[]>;
  readonly line: Line;
  readonly version: string;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly monotonic: () => number;
  readonly timer: Timer;
}

/** Probes may come often and from strangers: they share one look at the parts, never older than this. */
const freshMs = 1_000;
const longestLookMs = 5_000;

/** Never throws: a look that fails or hangs is itself a failed part. */
export function statusReader(options: StatusOptions): () => Promise<Status> {
  let last: { readonly startedAt: number; readonly parts: Promise<readonly PartStatus[]> } | undefined;
  return async () => {
    const startedAt = options.monotonic();
    if (!last || startedAt - last.startedAt >= freshMs) last = { startedAt, parts: lookAtParts(options) };
    return describe(options, await last.parts);
  };
}

async function lookAtParts({ status, timer, now }: StatusOptions): Promise<readonly PartStatus[]> {
  const broken = (why: string): PartStatus[] => {
    const detail = `${why}: see the log of \`weft gateway\`, and restart it if this stays`;
    return [{ part: "status", state: "failed", detail, at: now() }];
  };
  try {
    const seconds = longestLookMs / 1000;
    return (await within(status(), longestLookMs, timer)) ?? broken(`no answer within ${seconds} s`);
  } catch (thrown) {
    return broken(WeftError.from(thrown).message);
  }
}

function describe({ version, line, now }: StatusOptions, parts: readonly PartStatus[]): Status {
  const { running, waiting } = line.busy();
  const at = now();
  const aged = parts.map((part) => ({ ...part, ageMs: Math.max(0, at - part.at) }));
  return { version, state: worstOf(parts), running, waiting, parts: aged };
}
