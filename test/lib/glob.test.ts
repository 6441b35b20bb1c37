import { expect, test } from "vitest";
import { globMatcher, nameMatches } from "../../src/lib/glob.ts";

test.each([
  ["*.ts", "a.ts", true],
  ["*.ts", "src/a.ts", false],
  ["**/*.ts", "a.ts", true],
  ["**/*.ts", "src/x/a.ts", true],
  ["src/**", "src/x/a.ts", true],
  ["src/**/a.ts", "src/a.ts", true],
  ["a?c.{md,txt}", "abc.txt", true],
  ["a?c.{md,txt}", "abc.tx", false],
  ["{a,b}/{c,d}", "b/c", true],
  ["**", "any/thing", true],
  ["", "a", false],
])("%s and %s: %s", (pattern, path, matches) => {
  expect(globMatcher(pattern)(path)).toBe(matches);
});

test("a pattern made to be slow is not", () => {
  const began = performance.now();
  expect(nameMatches(`${"*a".repeat(40)}b`, "a".repeat(5000))).toBe(false);
  expect(globMatcher(`${"**/a/".repeat(30)}b`)(`${"a/".repeat(300)}c`)).toBe(false);
  expect(performance.now() - began).toBeLessThan(2000);
});
