import { execFileSync, spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import type { Result } from "./vitest.ts";

const hasRust = spawnSync("cargo", ["--version"]).status === 0;
const program = "dist/native-contracts";

/** The contract suites, compiled into an executable of their own and run by the native engine. */
function results(): Result[] {
  const options = JSON.stringify({ alias: { vitest: "./test/native/vitest.ts" } });
  const args = ["--if-changed", "--entry=test/native/contracts.ts", `--out=${program}`, `--esbuild=${options}`];
  execFileSync(process.execPath, ["scripts/build-native.mjs", ...args], { stdio: ["ignore", "ignore", "inherit"] });
  return JSON.parse(execFileSync(program, { encoding: "utf8", maxBuffer: 1 << 26, timeout: 120_000 })) as Result[];
}

describe.skipIf(!hasRust)("the native engine (needs cargo)", () => {
  test.each(hasRust ? results().map(({ name, error }) => [name, error] as const) : [])("%s", (_, error) => {
    expect(error).toBe(undefined);
  });
});
