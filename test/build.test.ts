import { readdirSync, statSync } from "node:fs";
import { expect, test } from "vitest";

const sizes = new Map(readdirSync("dist/node").map((name) => [name, statSync(`dist/node/${name}`).size / 1024]));

test("the bundle stays small", () => {
  expect([...sizes.values()].reduce((sum, size) => sum + size, 0)).toBeLessThan(1000);
});

test("a command that needs little loads little", () => {
  expect(sizes.get("weft.js")).toBeLessThan(30);
});
