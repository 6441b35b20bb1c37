import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compiledModules } from "../contracts/wasm-compiled.ts";
import type { Result } from "./vitest.ts";

const hasRust = spawnSync("cargo", ["--version"]).status === 0;
const program = "dist/native-contracts";

/** The contract suites, compiled into an executable of their own and run by the native engine. */
async function results(): Promise<Result[]> {
  const options = JSON.stringify({ alias: { vitest: "./test/native/vitest.ts" } });
  const args = [
    "--if-changed",
    "--features=wasm-plugins",
    "--entry=test/native/contracts.ts",
    `--out=${program}`,
    `--esbuild=${options}`,
  ];
  execFileSync(process.execPath, ["scripts/build-native.mjs", ...args], { stdio: ["ignore", "ignore", "inherit"] });
  const file = `${program}-modules.json`;
  const compiled = Object.entries(await compiledModules());
  const base64 = compiled.map(([name, bytes]) => [name, Buffer.from(bytes).toString("base64")]);
  writeFileSync(file, JSON.stringify(Object.fromEntries(base64)));
  return JSON.parse(
    execFileSync(program, [file], { encoding: "utf8", maxBuffer: 1 << 26, timeout: 120_000 }),
  ) as Result[];
}

const rows = hasRust ? (await results()).map(({ name, error }) => [name, error] as const) : [];

describe.skipIf(!hasRust)("the native engine (needs cargo)", () => {
  test.each(rows)("%s", (_, error) => {
    expect(error).toBe(undefined);
  });
});
