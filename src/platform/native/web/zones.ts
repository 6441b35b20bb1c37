import { zoneData } from "./zone-data.ts";

/** A time zone of the IANA database, or a fixed offset. */
export interface ZoneRules {
  /** As the database spells it; all names of UTC are `UTC`. */
  readonly name: string;
  /**
   * Milliseconds east of UTC at an instant (Unix milliseconds). Exact from 2020 on, as far as the database foresees; an
   * earlier instant has the rule of today or, where the rule changed since, the offset of 2020's first minute.
   */
  offsetAt(at: number): number;
}

/** Names as `Europe/Berlin` in any case, and offsets as `+05:30`, `-0300`, `+01`; undefined for anything else. */
export function zoneRules(name: string): ZoneRules | undefined {
  const [fixed, sign, hours = "", minutes = "00"] = /^([+-])([01]\d|2[0-3])(?::?([0-5]\d))?$/.exec(name) ?? [];
  if (fixed !== undefined) {
    const offset = (Number(hours) * 60 + Number(minutes)) * (sign === "-" ? -minute : minute);
    return { name: `${offset < 0 ? "-" : "+"}${hours}:${minutes}`, offsetAt: () => offset };
  }
  const key = name.toLowerCase();
  // Without an index: 600 names in memory, to save the fifth of a millisecond that this takes on QuickJS.
  const likely = key.slice(key.lastIndexOf("/") + 1);
  for (const line of zoneData.split("\n")) {
    const spelt = line.toLowerCase().includes(likely) && namesIn(line).find((each) => each.toLowerCase() === key);
    if (spelt) return { name: utc.test(spelt) ? "UTC" : spelt, offsetAt: offsetsOf(line) };
  }
  return undefined;
}

/** All names and links. */
export function zoneNames(): string[] {
  return zoneData.split("\n").flatMap(namesIn).sort();
}

const minute = 60_000;
const utc = /^(Etc\/)?(GMT([+-]?0)?|Greenwich|UCT|UTC|Universal|Zulu)$/;

/** Of a line of `zoneData`. */
function namesIn(line: string): string[] {
  let area = "";
  return line
    .slice(line.lastIndexOf(";") + 1)
    .split(" ")
    .map((word) => {
      const name = word.includes("/") ? word : area + word;
      area = name.slice(0, name.lastIndexOf("/") + 1);
      return name;
    });
}

/** Milliseconds east of UTC, by Unix milliseconds. */
type Offsets = (at: number) => number;

function offsetsOf(line: string): Offsets {
  const [rule = "", history = ""] = line.split(";");
  const afterwards = ruleOffsets(rule.split(",").map(Number));
  if (history === "") return afterwards;
  const [before = 0, ...rest] = history.split(",").map((digits) => Number.parseInt(digits, 36));
  const changes: { at: number; offset: number }[] = [];
  let at = Date.UTC(2020, 0, 1);
  for (let i = 0; i + 1 < rest.length; i += 2) {
    at += (rest[i] ?? 0) * minute;
    changes.push({ at, offset: (rest[i + 1] ?? 0) * minute });
  }
  return (instant) => {
    if (instant >= at) return afterwards(instant);
    return changes.findLast((change) => change.at <= instant)?.offset ?? before * minute;
  };
}

function ruleOffsets([standard = 0, summer, ...dates]: readonly number[]): Offsets {
  const winterOffset = standard * minute;
  if (summer === undefined) return () => winterOffset;
  const summerOffset = summer * minute;
  return (at) => {
    const year = new Date(at + winterOffset).getUTCFullYear();
    const begin = dateIn(year, dates.slice(0, 4)) - winterOffset;
    const end = dateIn(year, dates.slice(4)) - summerOffset;
    // South of the equator the year begins in summer.
    const isSummer = begin < end ? begin <= at && at < end : !(end <= at && at < begin);
    return isSummer ? summerOffset : winterOffset;
  };
}

/** Month, week, weekday and minutes of a rule in a year, by the clocks there, as if they showed UTC. */
function dateIn(year: number, [month = 1, week = 1, weekday = 0, minutes = 0]: readonly number[]): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, 1);
  date.setUTCDate(1 + ((7 + weekday - date.getUTCDay()) % 7) + (week - 1) * 7);
  // There is no fifth one.
  if (date.getUTCMonth() !== month - 1) date.setUTCDate(date.getUTCDate() - 7);
  return date.getTime() + minutes * minute;
}
