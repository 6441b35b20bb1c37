import type { Period } from "../core/spending.ts";

/** A budget's day begins at an hour of UTC; a month is the days that belong to it. */

const hourMs = 3_600_000;

/** `2026-11-24`: the day that a moment belongs to. */
export function dayOf(at: number, resetHourUtc: number): string {
  return new Date(at - resetHourUtc * hourMs).toISOString().slice(0, 10);
}

export function monthOf(day: string): string {
  return day.slice(0, 7);
}

/** The key of a period: `2026-11-24` or `2026-11`. */
export function keyOf(period: Period, day: string): string {
  return period === "day" ? day : monthOf(day);
}

/** When the next one begins, Unix milliseconds. */
export function resetOf(period: Period, day: string, resetHourUtc: number): number {
  const begin = new Date(`${day}T00:00:00Z`);
  const next =
    period === "day"
      ? Date.UTC(begin.getUTCFullYear(), begin.getUTCMonth(), begin.getUTCDate() + 1)
      : Date.UTC(begin.getUTCFullYear(), begin.getUTCMonth() + 1, 1);
  return next + resetHourUtc * hourMs;
}
