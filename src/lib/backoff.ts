export interface Backoff {
  /** The first wait, milliseconds; doubles with each attempt. */
  readonly baseMs: number;
  readonly capMs: number;
  /** What the other side asked for; never waited less than this. */
  readonly floorMs?: number | undefined;
}

/**
 * How long to wait before the next try, in whole milliseconds. `attempt` counts from 0; `random` (0..1) adds up to a
 * quarter on top, so that many who failed together do not come back together.
 */
export function backoffMs(attempt: number, { baseMs, capMs, floorMs = 0 }: Backoff, random: number): number {
  const step = Math.min(capMs, baseMs * 2 ** attempt);
  return Math.round(Math.max(floorMs, step) + step * 0.25 * random);
}
