import { WeftError } from "../core/error.ts";
import { didYouMean } from "./nearest.ts";

/** What clock and calendar show in a time zone. */
export interface WallClock {
  /** In full. */
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  /** 0 to 23. */
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** A time zone; instants are Unix milliseconds. How far back the native engine is exact: docs/engines.md. */
export interface Zone {
  /** Milliseconds east of UTC. */
  offsetAt(instant: number): number;
  wallClockAt(instant: number): WallClock;
  /**
   * When the clock shows this. Shown twice (clocks were put back): the first time. Never shown (they were put forward): as
   * long after the change as it would have been without it, so 02:30 becomes 03:30. Fields out of range carry over.
   */
  instantOf(wallClock: WallClock): number;
}

/** `name`: of the IANA database, in any case, or an offset as `+05:30`. Throws `invalid` when it is neither. */
export function zone(name: string): Zone {
  const format = formatOf(name);
  const wallClockAt = (instant: number) => fieldsOf(format.formatToParts(instant));
  const offsetAt = (instant: number) => asUtc(wallClockAt(instant)) - Math.floor(instant / 1000) * 1000;
  return {
    offsetAt,
    wallClockAt,
    instantOf(wallClock) {
      const local = asUtc(wallClock);
      const [before, after] = [local - offsetAt(local - dayMs), local - offsetAt(local + dayMs)];
      const shown = [before, after].filter((instant) => instant + offsetAt(instant) === local);
      return shown.length > 0 ? Math.min(...shown) : before;
    },
  };
}

/** The name of the machine's own zone. Throws `config` when it cannot be told. */
export function systemZone(): string {
  const name: string | undefined = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (name !== undefined) return name;
  throw new WeftError("config", "this machine's time zone has no name: set TZ to one, for example Europe/Berlin");
}

/** No change of a clock is that far from its neighbours. */
const dayMs = 24 * 60 * 60 * 1000;

function formatOf(name: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch (cause) {
    const meant = didYouMean(name, Intl.supportedValuesOf("timeZone"));
    throw new WeftError("invalid", `"${name}" is no time zone; one is Europe/Berlin or UTC.${meant}`, { cause });
  }
}

function fieldsOf(parts: readonly Intl.DateTimeFormatPart[]): WallClock {
  const field = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((part) => part.type === type)?.value);
  return {
    year: field("year"),
    month: field("month"),
    day: field("day"),
    hour: field("hour"),
    minute: field("minute"),
    second: field("second"),
  };
}

/** The instant when UTC clocks show this. */
function asUtc({ year, month, day, hour, minute, second }: WallClock): number {
  return Date.UTC(year, month - 1, day, hour, minute, second);
}
