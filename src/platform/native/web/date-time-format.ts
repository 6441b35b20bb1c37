import { zoneNames, zoneRules } from "./zones.ts";

interface Part {
  readonly type: string;
  readonly value: string;
}

type Options = Readonly<Record<string, unknown>>;

/** As much of `Intl.DateTimeFormat` as there is. */
interface Format {
  format(date?: Date | number): string;
  formatToParts(date?: Date | number): Part[];
  resolvedOptions(): Options;
}

/**
 * `Intl` (ECMA-402) as far as wall clocks need it, in American English: a date (no fields asked for), or date and time
 * (six fields `numeric`, `hour12: false` or `hourCycle: "h23"`), in any zone of the IANA database. Whatever else is asked
 * for throws a RangeError. Years before Christ have no minus, as in V8.
 *
 * `systemZone` names the zone where none is given; undefined when it has no name: then only `resolvedOptions` works.
 */
export function intl(systemZone: () => string | undefined) {
  /** With and without `new`. */
  function DateTimeFormat(locales?: string | readonly string[], options: Options = {}): Format {
    return dateTimeFormat(locales, { ...options, timeZone: options["timeZone"] ?? systemZone() });
  }
  function supportedValuesOf(key: string): string[] {
    if (key !== "timeZone") throw lacking(`supportedValuesOf("${key}")`);
    return zoneNames();
  }
  return { DateTimeFormat, supportedValuesOf };
}

const fields = ["year", "month", "day", "hour", "minute", "second"];

function dateTimeFormat(locales: string | readonly string[] | undefined, options: Options): Format {
  for (const locale of typeof locales === "string" ? [locales] : (locales ?? [])) {
    if (locale !== "en-US") throw lacking(`the locale "${locale}"`);
  }
  const hasTime = wantsTime(options);
  const { timeZone } = options;
  const zone = timeZone === undefined ? undefined : zoneRules(String(timeZone));
  if (timeZone !== undefined && !zone) throw new RangeError(`Invalid time zone specified: ${timeZone}`);
  const formatToParts = (date: Date | number = Date.now()) => {
    if (!zone) throw new RangeError("the time zone of this system has no name: set TZ, for example to Europe/Berlin");
    const at = Number(date);
    return partsOf(new Date(at + zone.offsetAt(at)), hasTime);
  };
  return {
    formatToParts,
    format: (date) =>
      formatToParts(date)
        .map(({ value }) => value)
        .join(""),
    resolvedOptions: () => ({
      locale: "en-US",
      calendar: "gregory",
      numberingSystem: "latn",
      timeZone: zone?.name,
      ...(hasTime && { hourCycle: "h23", hour12: false }),
      ...{ year: "numeric", month: "numeric", day: "numeric" },
      ...(hasTime && { hour: "2-digit", minute: "2-digit", second: "2-digit" }),
    }),
  };
}

/** Throws for what is not supported. */
function wantsTime(options: Options): boolean {
  const given = Object.entries(options).filter(([name, value]) => name !== "timeZone" && value !== undefined);
  if (given.length === 0) return false;
  const is24h = options["hour12"] === false || (options["hour12"] === undefined && options["hourCycle"] === "h23");
  const known = [...fields, "hour12", "hourCycle"];
  const [unknown] = given.find(([name]) => !known.includes(name)) ?? [];
  if (unknown !== undefined) throw lacking(`the option "${unknown}"`);
  if (is24h && fields.every((name) => options[name] === "numeric")) return true;
  throw lacking("fields other than all six numeric with hour12: false");
}

function lacking(what: string): RangeError {
  return new RangeError(`Intl on the native engine does not have ${what}; see docs/engines.md`);
}

/** `local` shows the wall clock as its UTC fields. */
function partsOf(local: Date, hasTime: boolean): Part[] {
  const year = local.getUTCFullYear();
  if (Number.isNaN(year)) throw new RangeError("Invalid time value");
  const parts: [type: string, value: string | number][] = [
    ["month", local.getUTCMonth() + 1],
    ["literal", "/"],
    ["day", local.getUTCDate()],
    ["literal", "/"],
    ["year", year > 0 ? year : 1 - year],
  ];
  if (hasTime) {
    parts.push(["literal", ", "], ["hour", twoDigits(local.getUTCHours())], ["literal", ":"]);
    parts.push(["minute", twoDigits(local.getUTCMinutes())], ["literal", ":"]);
    parts.push(["second", twoDigits(local.getUTCSeconds())]);
  }
  return parts.map(([type, value]) => ({ type, value: String(value) }));
}

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}
