import { WeftError } from "../core/error.ts";

export const dayMs = 86_400_000;
const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: dayMs };

/** What `--since` means, Unix milliseconds. */
export function timeOf(text: string, now: number): number {
  const ago = /^(\d{1,6})([mhd])$/.exec(text);
  const at = ago ? now - Number(ago[1]) * (unitMs[ago[2] ?? ""] ?? 0) : Date.parse(text);
  if (!Number.isNaN(at)) return at;
  throw new WeftError("usage", `error: --since ${text} is no time: write 30m, 12h, 7d, or a date like 2026-01-31`);
}
