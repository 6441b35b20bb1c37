import { expect, test } from "vitest";
import { entryProblem, placeMatches } from "../../src/lib/places.ts";
import { targetOf } from "../../src/security/addresses.ts";

const nas = { host: "nas.lan", port: 8080, target: targetOf("nas.lan", "192.168.1.10") };
const six = { host: "six.lan", port: 443, target: targetOf("six.lan", "fd00::10") };
const mapped = { host: "x", port: 80, target: targetOf("x", "::ffff:10.1.2.3") };

test.each([
  ["nas.lan", nas, true],
  ["NAS.LAN", nas, true],
  ["nas.lan:8080", nas, true],
  ["nas.lan:80", nas, false],
  ["*.lan", nas, true],
  ["*.lan:8080", nas, true],
  ["lan", nas, false],
  ["192.168.1.10", nas, true],
  ["192.168.1.10:8080", nas, true],
  ["192.168.1.10:22", nas, false],
  ["192.168.1.1", nas, false],
  ["192.168.0.0/16", nas, true],
  ["192.168.0.0/16:8080", nas, true],
  ["192.168.0.0/16:22", nas, false],
  ["192.168.2.0/24", nas, false],
  ["0.0.0.0/0", nas, true],
  [":8080", nas, true],
  [":22", nas, false],
  ["fd00::/8", six, true],
  ["[fd00::/8]:443", six, true],
  ["[fd00::/8]:80", six, false],
  ["[fd00::10]:443", six, true],
  ["fd00::10", six, true],
  ["192.168.0.0/16", six, false],
  ["10.0.0.0/8", mapped, true],
  ["10.0.0.0/8", { host: "10.name.lan" }, false],
  ["10.0.0.0/99", nas, false],
])("%s and %o: %s", (entry, place, matches) => {
  expect(placeMatches(entry, place)).toBe(matches);
});

test.each([
  ["https://example.com", /without http/],
  ["example.com/path", /a path has no meaning/],
  ["10.0.0.0/33", /at most \/32/],
  ["fd00::/129", /at most \/128/],
  ["example.com:70000", /1 to 65535/],
  ["", /empty/],
])("%s can mean nothing: %s", (entry, problem) => {
  expect(entryProblem(entry)).toMatch(problem);
});

test.each(["example.com", "*.example.com:443", "10.0.0.0/8", "[fd00::/8]:443", ":22", "fd00::1", "localhost"])(
  "%s is well",
  (entry) => {
    expect(entryProblem(entry)).toBe(undefined);
  },
);
