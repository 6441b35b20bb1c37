import { Cron } from "croner";
import { describe, expect, test } from "vitest";
import { systemZone, type WallClock, zone } from "../../src/lib/zones.ts";

export interface ZonesUnderTest {
  readonly name: string;
  /** What the variable TZ says; undefined where it is not set. */
  readonly variable?: string | undefined;
}

/** Time zones by `lib/zones.ts`, and as croner wants them of the engine. */
export function zonesContract({ name, variable }: ZonesUnderTest): void {
  describe(`zones: ${name}`, () => {
    offsets();
    names();
    wallClocks();
    formats();
    schedules();
    test.runIf(variable !== undefined)("the machine's zone is what TZ says", () => {
      expect(systemZone()).toBe(variable);
    });

    test("the machine's zone is one", () => {
      expect(zone(systemZone()).offsetAt(0)).toBeDefined();
    });
  });
}

const minute = 60_000;
const offset = (name: string, iso: string) => zone(name).offsetAt(Date.parse(iso)) / minute;

/** From `2026-03-29 02:30`. */
function wall(text: string): WallClock {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = text.split(/\D/).map(Number);
  return { year, month, day, hour, minute, second: 0 };
}

function offsets(): void {
  test.each([
    ["Europe/Berlin", 60, 120],
    ["Europe/London", 0, 60],
    // Its law has winter time as the exception.
    ["Europe/Dublin", 0, 60],
    ["Europe/Istanbul", 180, 180],
    ["Africa/Cairo", 120, 180],
    ["Africa/Lagos", 60, 60],
    ["America/New_York", -300, -240],
    ["America/St_Johns", -210, -150],
    ["America/Phoenix", -420, -420],
    ["America/Nuuk", -120, -60],
    ["America/Santiago", -180, -240],
    ["Antarctica/Troll", 0, 120],
    ["Asia/Kolkata", 330, 330],
    ["Asia/Kathmandu", 345, 345],
    ["Asia/Tehran", 210, 210],
    ["Asia/Jerusalem", 120, 180],
    ["Asia/Tokyo", 540, 540],
    ["Australia/Adelaide", 630, 570],
    ["Australia/Eucla", 525, 525],
    ["Australia/Lord_Howe", 660, 630],
    ["Pacific/Auckland", 780, 720],
    ["Pacific/Chatham", 825, 765],
    ["Pacific/Kiritimati", 840, 840],
    ["Pacific/Marquesas", -570, -570],
    ["Etc/GMT+5", -300, -300],
    ["UTC", 0, 0],
    ["+05:30", 330, 330],
    ["-0300", -180, -180],
  ] as const)("%s is %s minutes from UTC in January, %s in July", (name, january, july) => {
    expect([offset(name, "2026-01-15T12:00Z"), offset(name, "2026-07-15T12:00Z")]).toEqual([january, july]);
  });

  test.each([
    ["Europe/Berlin", "2026-03-29T01:00Z", 60, 120],
    ["Europe/Berlin", "2030-10-27T01:00Z", 120, 60],
    ["Europe/Dublin", "2026-10-25T01:00Z", 60, 0],
    ["America/New_York", "2027-03-14T07:00Z", -300, -240],
    ["America/Nuuk", "2026-03-29T01:00Z", -120, -60],
    ["America/Santiago", "2026-04-05T03:00Z", -180, -240],
    ["Asia/Jerusalem", "2026-03-27T00:00Z", 120, 180],
    ["Australia/Lord_Howe", "2026-04-04T15:00Z", 660, 630],
    ["Pacific/Chatham", "2026-09-26T14:00Z", 765, 825],
    ["Africa/Casablanca", "2025-02-23T02:00Z", 60, 0],
    ["Africa/Casablanca", "2025-04-06T02:00Z", 0, 60],
    ["Africa/El_Aaiun", "2024-03-10T02:00Z", 60, 0],
    ["Asia/Almaty", "2024-02-29T18:00Z", 360, 300],
    ["America/Mexico_City", "2022-10-30T07:00Z", -300, -360],
  ] as const)("%s changes at %s from %s to %s minutes", (name, at, before, after) => {
    const instant = Date.parse(at);
    const { offsetAt } = zone(name);
    expect([offsetAt(instant - 1) / minute, offsetAt(instant) / minute]).toEqual([before, after]);
  });
}

function names(): void {
  test.each([
    ["Asia/Calcutta", "Asia/Kolkata"],
    ["US/Pacific", "America/Los_Angeles"],
    ["Europe/Kiev", "Europe/Kyiv"],
    ["europe/berlin", "Europe/Berlin"],
    ["AMERICA/ARGENTINA/USHUAIA", "America/Argentina/Ushuaia"],
    ["Zulu", "Etc/UTC"],
  ])("%s is %s", (link, name) => {
    for (const at of ["2026-01-15T12:00Z", "2026-07-15T12:00Z"]) expect(offset(link, at)).toBe(offset(name, at));
  });

  test.each([
    "",
    "Europe",
    "Europe/",
    "Europe/Nowhere",
    "Berlin",
    " UTC",
    "UTC+1",
    "+25:00",
    "+1",
    "CET-1CEST",
    "Factory",
  ])("%j is no zone", (wrong) => {
    expect(() => zone(wrong)).toThrow(`"${wrong}" is no time zone`);
  });

  test("what was meant is said", () => {
    expect(() => zone("Europe/Berln")).toThrow(
      '"Europe/Berln" is no time zone; one is Europe/Berlin or UTC. Did you mean Europe/Berlin?',
    );
  });
}

function wallClocks(): void {
  test.each([
    ["Europe/Berlin", "2026-12-31T23:30:05Z", { year: 2027, month: 1, day: 1, hour: 0, minute: 30, second: 5 }],
    ["Asia/Kathmandu", "2026-02-28T18:14:59Z", { year: 2026, month: 2, day: 28, hour: 23, minute: 59, second: 59 }],
    ["Pacific/Marquesas", "2028-03-01T09:29:00Z", { year: 2028, month: 2, day: 29, hour: 23, minute: 59, second: 0 }],
  ] as const)("in %s it is at %s what the clock shows", (name, at, expected) => {
    const { wallClockAt, instantOf } = zone(name);
    expect(wallClockAt(Date.parse(at))).toEqual(expected);
    expect(instantOf(expected)).toBe(Date.parse(at));
  });

  test.each([
    ["Europe/Berlin", "2026-10-25 02:30", "2026-10-25T00:30Z"],
    ["America/New_York", "2026-11-01 01:00", "2026-11-01T05:00Z"],
    ["Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04T14:45Z"],
    ["Africa/Casablanca", "2025-02-23 02:59", "2025-02-23T01:59Z"],
  ])("in %s, %s is twice: the first one counts", (name, text, at) => {
    expect(zone(name).instantOf(wall(text))).toBe(Date.parse(at));
  });

  test.each([
    ["Europe/Berlin", "2026-03-29 02:30", "2026-03-29T01:30Z"],
    ["America/New_York", "2026-03-08 02:00", "2026-03-08T07:00Z"],
    ["Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03T15:45Z"],
    ["Africa/Cairo", "2026-04-24 00:00", "2026-04-23T22:00Z"],
  ])("in %s, %s is never: the clock had gone on", (name, text, at) => {
    expect(zone(name).instantOf(wall(text))).toBe(Date.parse(at));
  });

  test("every hour of a year is found again, but the second of two", () => {
    const { wallClockAt, instantOf } = zone("Europe/Paris");
    const lost: string[] = [];
    for (let at = Date.UTC(2026, 0, 1); at < Date.UTC(2027, 0, 1); at += 60 * minute) {
      if (instantOf(wallClockAt(at)) !== at) lost.push(new Date(at).toISOString());
    }
    expect(lost).toEqual(["2026-10-25T01:00:00.000Z"]);
  });
}

const all = ["year", "month", "day", "hour", "minute", "second"] as const;
const numeric = Object.fromEntries(all.map((field) => [field, "numeric"])) as Record<(typeof all)[number], "numeric">;

function formats(): void {
  test("parts and text are those of American English", () => {
    const format = new Intl.DateTimeFormat("en-US", { timeZone: "europe/berlin", ...numeric, hour12: false });
    const at = new Date("2026-07-04T22:05:09Z");
    const literal = (value: string) => ({ type: "literal", value });
    expect(format.formatToParts(at)).toEqual([
      { type: "month", value: "7" },
      literal("/"),
      { type: "day", value: "5" },
      literal("/"),
      { type: "year", value: "2026" },
      literal(", "),
      { type: "hour", value: "00" },
      literal(":"),
      { type: "minute", value: "05" },
      literal(":"),
      { type: "second", value: "09" },
    ]);
    expect(format.format(at)).toBe("7/5/2026, 00:05:09");
    expect(format.resolvedOptions()).toMatchObject({
      timeZone: "Europe/Berlin",
      hourCycle: "h23",
      calendar: "gregory",
    });
  });

  test("with and without new, with and without fields", () => {
    expect(Intl.DateTimeFormat("en-US", { timeZone: "Asia/Tokyo" }).format(Date.UTC(2026, 0, 1, 15))).toBe("1/2/2026");
    expect(new Intl.DateTimeFormat("en-US", { timeZone: "Etc/UTC" }).resolvedOptions().timeZone).toBe("UTC");
  });

  test("what is no time or no zone is refused", () => {
    const format = new Intl.DateTimeFormat("en-US", { timeZone: "UTC", ...numeric, hourCycle: "h23" });
    expect(() => format.format(Number.NaN)).toThrow("Invalid time value");
    const wrong = () => new Intl.DateTimeFormat("en-US", { timeZone: "Foo/Bar" });
    expect(wrong).toThrow(RangeError);
    expect(wrong).toThrow("Invalid time zone specified: Foo/Bar");
  });
}

function schedules(): void {
  test.each([
    ["30 2 * * *", "Europe/Berlin", ["2026-03-28T01:30Z", "2026-03-29T01:00Z", "2026-03-30T00:30Z"]],
    ["30 2 * * *", "Europe/Berlin", ["2026-10-24T00:30Z", "2026-10-25T00:30Z", "2026-10-26T01:30Z"]],
    ["*/30 2 * * *", "Europe/Berlin", ["2026-10-25T00:00Z", "2026-10-25T00:30Z", "2026-10-25T01:00Z"]],
    ["0 * * * *", "America/New_York", ["2026-03-08T06:00Z", "2026-03-08T07:00Z", "2026-03-08T08:00Z"]],
    ["15 2 * * *", "Australia/Lord_Howe", ["2026-10-02T15:45Z", "2026-10-03T15:30Z", "2026-10-04T15:15Z"]],
    ["0 9 * * MON", "Asia/Kathmandu", ["2026-01-05T03:15Z", "2026-01-12T03:15Z"]],
    ["0 0 29 2 *", "America/Sao_Paulo", ["2028-02-29T03:00Z", "2032-02-29T03:00Z"]],
    ["0 0 * * *", "Africa/Cairo", ["2026-04-22T22:00Z", "2026-04-23T22:00Z", "2026-04-24T21:00Z"]],
    ["0 3 * * *", "Africa/Casablanca", ["2025-02-22T02:00Z", "2025-02-23T03:00Z"]],
  ] as const)("croner runs %s in %s at %s", (pattern, timezone, expected) => {
    const instants = expected.map((iso) => Date.parse(iso));
    const job = new Cron(pattern, { timezone, paused: true });
    const runs = job.nextRuns(instants.length, new Date((instants[0] ?? 0) - minute));
    expect(runs.map((run) => run.getTime())).toEqual(instants);
  });

  test("croner refuses an unknown zone", () => {
    expect(() => new Cron("0 0 * * *", { timezone: "Foo/Bar", paused: true }).nextRun()).toThrow("Foo/Bar");
  });
}
