import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { intl } from "../../src/platform/native/web/date-time-format.ts";
import { systemZone } from "../../src/platform/native/web/system-zone.ts";
import { tzdata } from "../../src/platform/native/web/zone-data.ts";
import { zoneNames, zoneRules } from "../../src/platform/native/web/zones.ts";
import { zonesContract } from "../contracts/zones.ts";

zonesContract({ name: "node" });

const own = intl(() => "Europe/Berlin");
const fields = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" } as const;
const full = { ...fields, second: "numeric", hour12: false } as const;
const v8 = (timeZone: string) => new Intl.DateTimeFormat("en-US", { ...full, timeZone });

/** What a release of the database changed from an instant on: V8 may have an older one than we. */
const changes = [
  { release: "2025a", from: "2025-03-22", zones: ["America/Asuncion"] },
  // New then, so V8 does not know it at all.
  { release: "2025b", from: "2020-01-01", zones: ["America/Coyhaique"] },
  { release: "2026a", from: "2022-03-27", zones: ["Europe/Chisinau", "Europe/Tiraspol"] },
  { release: "2026b", from: "2026-11-01", zones: ["America/Vancouver", "Canada/Pacific"] },
  { release: "2026c", from: "2026-11-01", zones: ["America/Edmonton", "America/Yellowknife", "Canada/Mountain"] },
  { release: "2026c", from: "2026-09-20", zones: ["Africa/Casablanca", "Africa/El_Aaiun"] },
  { release: "2026d", from: "2026-11-01", zones: ["America/Inuvik"] },
  { release: "2026e", from: "2026-11-01", zones: ["America/Rainy_River", "America/Winnipeg", "Canada/Central"] },
  { release: "2026f", from: "2026-11-01", zones: ["America/Havana", "Cuba"] },
];

describe("the native engine's zones, beside those of V8", () => {
  const { tz = "" } = process.versions;

  test(`every zone has the same offsets from 2020 to 2037 (ours ${tzdata}, V8 ${tz})`, { timeout: 120_000 }, () => {
    const newer = changes.filter(({ release }) => release > tz);
    const differences = zoneNames().flatMap((name) => {
      const change = newer.find(({ zones }) => zones.includes(name));
      const end = change ? Date.parse(change.from) : Date.UTC(2038, 0, 1);
      return differencesIn(name, Date.UTC(2020, 0, 1), end);
    });
    expect(differences).toEqual([]);
  });

  test("before 2020 a zone has the rule of today, or the offset with which 2020 began", () => {
    const july = Date.parse("2019-07-01T00:00Z");
    const minutes = ["Europe/Berlin", "America/Mexico_City"].map(
      (name) => (zoneRules(name)?.offsetAt(july) ?? 0) / 60_000,
    );
    expect(minutes).toEqual([120, -360]);
  });

  test("every zone that V8 lists is one", () => {
    const unknown = Intl.supportedValuesOf("timeZone").filter((name) => !zoneRules(name));
    expect(unknown).toEqual([]);
  });

  test.each([-62198755200000, -1, 0, 951782399999, Date.UTC(2026, 9, 25, 0, 59, 59), 8.64e15 - 864e5])(
    "%d gives the same parts",
    (at) => {
      for (const hour of [{ hour12: false }, { hourCycle: "h23" }] as const) {
        const options = { ...fields, second: "numeric", ...hour, timeZone: "UTC" } as const;
        const [ours, theirs] = [own.DateTimeFormat("en-US", options), new Intl.DateTimeFormat("en-US", options)];
        expect(ours.formatToParts(at)).toEqual(theirs.formatToParts(at));
        expect(ours.resolvedOptions()).toEqual(theirs.resolvedOptions());
      }
      const [ours, theirs] = [own.DateTimeFormat(), new Intl.DateTimeFormat("en-US", { timeZone: "Europe/Berlin" })];
      expect(ours.resolvedOptions()).toEqual(theirs.resolvedOptions());
      if (at > Date.UTC(2020)) expect(ours.format(at)).toBe(theirs.format(at));
    },
  );
});

/** Where our offsets are not V8's: every five days, and on both sides of each change that we have. */
function differencesIn(name: string, from: number, to: number): string[] {
  const ours = zoneRules(name)?.offsetAt ?? (() => Number.NaN);
  if (from >= to) return [];
  const format = v8(name);
  const theirs = (at: number) => {
    const [month = 0, day = 0, year = 0, ...time] = format.format(at).split(/\D+/).map(Number);
    const [hour, minute, second] = time;
    return Date.UTC(year, month - 1, day, hour, minute, second) - at;
  };
  const found: string[] = [];
  const compare = (at: number) => {
    if (ours(at) === theirs(at)) return;
    found.push(`${name} at ${new Date(at).toISOString()}: ${ours(at) / 60_000}, V8 ${theirs(at) / 60_000}`);
  };
  const step = 5 * 24 * 60 * 60 * 1000;
  for (let at = from; at < to; at += step) {
    compare(at);
    if (ours(at) === ours(at + step)) continue;
    const change = changeBetween(at, at + step, ours);
    if (change >= to) continue;
    compare(change - 1000);
    compare(change);
  }
  return found.slice(0, 3);
}

/** The first instant, to the second, that has another offset than `low`. */
function changeBetween(low: number, high: number, offsetAt: (at: number) => number): number {
  const before = offsetAt(low);
  let [same, other] = [low, high];
  while (other - same > 1000) {
    const middle = same + Math.floor((other - same) / 2000) * 1000;
    if (offsetAt(middle) === before) same = middle;
    else other = middle;
  }
  return other;
}

describe("Intl on the native engine", () => {
  test.each([
    [{ weekday: "long" }, '"weekday"'],
    [{ timeZoneName: "short" }, '"timeZoneName"'],
    [{ dateStyle: "full" }, '"dateStyle"'],
    [fields, "all six numeric"],
    [{ ...full, hour12: true }, "all six numeric"],
    [{ ...full, hour12: undefined }, "all six numeric"],
    [{ ...full, hour12: true, hourCycle: "h23" }, "all six numeric"],
    [{ ...full, month: "long" }, "all six numeric"],
  ])("what it does not have is refused: %j", (options, message) => {
    expect(() => own.DateTimeFormat("en-US", options)).toThrow(message);
  });

  test("other languages and lists are refused", () => {
    expect(() => own.DateTimeFormat(["en-US", "de-DE"])).toThrow('the locale "de-DE"');
    expect(() => own.supportedValuesOf("currency")).toThrow('supportedValuesOf("currency")');
    expect(own.supportedValuesOf("timeZone")).toContain("Asia/Calcutta");
  });

  test("names are given back as the database spells them", () => {
    const resolved = (timeZone: string) => own.DateTimeFormat("en-US", { timeZone }).resolvedOptions()["timeZone"];
    expect(["asia/kolkata", "ASIA/CALCUTTA", "gmt0", "+0530", "-00"].map(resolved)).toEqual([
      "Asia/Kolkata",
      "Asia/Calcutta",
      "UTC",
      "+05:30",
      "+00:00",
    ]);
  });

  test("without a named zone only the zone can be asked for", () => {
    const nameless = intl(() => undefined).DateTimeFormat();
    expect(nameless.resolvedOptions()["timeZone"]).toBe(undefined);
    expect(() => nameless.format(0)).toThrow("set TZ");
  });
});

test.each([
  [{}, "UTC"],
  [{ variable: "Europe/Berlin", link: "/usr/share/zoneinfo/Asia/Tokyo", text: "America/Lima" }, "Europe/Berlin"],
  [{ variable: ":Europe/Berlin" }, "Europe/Berlin"],
  [{ variable: ":/usr/share/zoneinfo/posix/Europe/Berlin" }, "Europe/Berlin"],
  [{ variable: "", link: "/usr/share/zoneinfo/Asia/Tokyo", text: "America/Lima" }, "Asia/Tokyo"],
  [{ link: "../usr/share/zoneinfo/America/Argentina/Ushuaia" }, "America/Argentina/Ushuaia"],
  [{ link: "/etc/zoneinfo/Asia/Tokyo" }, "Asia/Tokyo"],
  [{ link: "/usr/share/zoneinfo/Etc/UTC" }, "UTC"],
  [{ link: "", text: "America/Lima\n" }, "America/Lima"],
  [{ text: "America/Lima\n" }, "America/Lima"],
  [{ link: "" }, undefined],
  [{ link: "", text: "\n" }, undefined],
  [{ variable: "Europe/Berln", link: "/usr/share/zoneinfo/Asia/Tokyo" }, undefined],
  [{ variable: "CET-1CEST,M3.5.0,M10.5.0/3" }, undefined],
  [{ variable: "+05:30" }, undefined],
])("a machine with %j is in %s", (signs, expected) => {
  expect(systemZone(signs)).toBe(expected);
});

test.each(["Europe/Berln", "UTC0"])("on Node, too, TZ=%s is no zone to work in", (TZ) => {
  const script = 'import("./src/lib/zones.ts").then(({ systemZone }) => console.log(systemZone()))';
  const { stderr, stdout } = spawnSync(process.execPath, ["-e", script], {
    env: { ...process.env, TZ, NODE_OPTIONS: "--experimental-strip-types --no-warnings" },
    encoding: "utf8",
  });
  expect(stdout).toBe("");
  expect(stderr).toContain("this machine's time zone has no name: set TZ to one");
});

const hasRust = spawnSync("cargo", ["--version"]).status === 0;

test.skipIf(!hasRust)("the zones are those of the release that host/Cargo.lock pins (needs cargo)", () => {
  const folder = mkdtempSync(join(tmpdir(), "weft-zones-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "zone-data.ts");
  execFileSync(process.execPath, ["scripts/zones.mjs", `--out=${file}`], { stdio: ["ignore", "inherit", "inherit"] });
  expect(readFileSync(file, "utf8")).toBe(readFileSync("src/platform/native/web/zone-data.ts", "utf8"));
});
