import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { compiledModules } from "../contracts/wasm-compiled.ts";
import type { Result } from "./vitest.ts";

const hasRust = spawnSync("cargo", ["--version"]).status === 0;
const program = "dist/native-contracts";

/** The contract suites, compiled into an executable of their own and run by the native engine. */
async function results(): Promise<Result[]> {
  const alias = JSON.stringify({ vitest: resolve("test/native/vitest.ts") });
  const args = [
    "--if-changed",
    "--features=wasm-plugins",
    "--entry=test/native/contracts.ts",
    `--out=${program}`,
    `--alias=${alias}`,
  ];
  execFileSync(process.execPath, ["scripts/build-native.mjs", ...args], { stdio: ["ignore", "ignore", "inherit"] });
  const file = `${program}-modules.json`;
  const compiled = Object.entries(await compiledModules());
  const base64 = compiled.map(([name, bytes]) => [name, Buffer.from(bytes).toString("base64")]);
  writeFileSync(file, JSON.stringify(Object.fromEntries(base64)));
  // In a folder of its own: what a test leaves behind lies there.
  const cwd = mkdtempSync(join(tmpdir(), "weft-native-"));
  try {
    const words = [resolve(file), resolve(webPlatformTests())];
    const env = { ...process.env, TZ: "Asia/Kathmandu" };
    const options = { cwd, env, encoding: "utf8", maxBuffer: 1 << 26, timeout: 120_000 } as const;
    const out = execFileSync(resolve(program), words, options);
    return JSON.parse(out) as Result[];
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

/** What the crate `url` brings of the Web Platform Tests, as one file. */
function webPlatformTests(): string {
  const options = ["metadata", "--format-version=1", "--locked", "--manifest-path=host/Cargo.toml"];
  const filter = `--filter-platform=${process.arch === "arm64" ? "aarch64" : "x86_64"}-unknown-linux-gnu`;
  const listed = execFileSync("cargo", [...options, filter], { encoding: "utf8", maxBuffer: 1 << 28 });
  const { packages } = JSON.parse(listed) as { packages: { name: string; manifest_path: string }[] };
  const crate = packages.find(({ name }) => name === "url")?.manifest_path ?? "";
  const read = (name: string) => readFileSync(join(dirname(crate), "tests", name), "utf8");
  const file = `${program}-wpt.json`;
  const urls = JSON.parse(read("urltestdata.json"));
  const setters = JSON.parse(read("setters_tests.json"));
  writeFileSync(file, JSON.stringify({ urls, setters, known: read("expected_failures.txt") }));
  return file;
}

const rows = hasRust ? (await results()).map(({ name, error }) => [name, error] as const) : [];

describe.skipIf(!hasRust)("the native engine (needs cargo)", () => {
  test.each(rows)("%s", (_, error) => {
    expect(error).toBe(undefined);
  });
});
