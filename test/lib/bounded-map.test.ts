import { expect, test } from "vitest";
import { setBounded } from "../../src/lib/bounded-map.ts";

test("the key that was set longest ago goes first", () => {
  const map = new Map<string, number>();
  for (const [index, key] of ["a", "b", "a", "c"].entries()) setBounded(map, [key, index], 2);
  expect([...map]).toEqual([
    ["a", 2],
    ["c", 3],
  ]);
});
