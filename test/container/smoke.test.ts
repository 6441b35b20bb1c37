import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hostFile, hostFolder, image, run } from "./docker.ts";

const smoke = (...options: readonly string[]) => run("scripts/ci/smoke.sh", [image, ...options]);

describe("the smoke script of the workflows", () => {
  test("passes for the image", async () => {
    const ended = await smoke();
    expect(ended).toMatchObject({ code: 0, out: expect.stringMatching(/smoke: .* is fine\n$/) });
    expect(ended.out).toContain("pong");
  });

  test("fails when the gateway crashes", async () => {
    const broken = await hostFile("config.json", '{"gateway": {"port": "many"}}');
    const ended = await smoke("-v", `${broken}:/root/.clawft/config.json:ro`);
    expect(ended.code).toBe(1);
    expect(ended.err).toContain("smoke: the gateway ended by itself within 5 s, with exit code 3; its log:");
    expect(ended.err).toContain("gateway.port: expected a number");
  });

  test("fails when it is started again and again", async () => {
    const ended = await smoke("--restart", "always", "-e", "CLAWFT_GATEWAY_TOKEN_FILE=/nowhere");
    expect(ended.code).toBe(1);
    expect(ended.err).toContain("the gateway ended by itself within 5 s");
  });

  test("fails when it is alive but not ready", async () => {
    const ended = await smoke("-e", "CLAWFT__gateway__port=18791");
    expect(ended.code).toBe(1);
    expect(ended.err).toContain("smoke: the gateway is alive but not ready after 5 s; its log:");
  });
});

describe("the size gate of the workflows", () => {
  test("passes under the limit, fails over it, and tells both in the run's summary", async () => {
    const summary = join(await hostFolder(), "summary.md");
    const env = { ...process.env, GITHUB_STEP_SUMMARY: summary };
    const gate = (...words: readonly string[]) => run("scripts/ci/size-gate.sh", words, { env });
    const small = await hostFile("small", "x".repeat(1024 * 1024));
    const large = await hostFile("large", "x".repeat(1024 * 1024 + 1));
    expect(await gate("binary", small, "1")).toMatchObject({ code: 0 });
    expect(await gate("binary", large, "1")).toMatchObject({
      code: 1,
      out: `size gate: binary ${large} has 1048577 bytes, at most 1048576: FAILED\n`,
    });
    expect((await readFile(summary, "utf8")).split("\n")).toEqual([
      "| What | Bytes | At most | |",
      "| --- | ---: | ---: | --- |",
      `| binary \`${small}\` | 1048576 | 1048576 | passed |`,
      `| binary \`${large}\` | 1048577 | 1048576 | FAILED |`,
      "",
    ]);
  });

  test("measures an image's files", async () => {
    expect(await run("scripts/ci/size-gate.sh", ["image", image, "10"])).toMatchObject({ code: 0 });
    expect(await run("scripts/ci/size-gate.sh", ["image", image, "1"])).toMatchObject({ code: 1 });
  });
});

test("a release stops when its tag is not the version", async () => {
  const { version } = JSON.parse(await readFile("package.json", "utf8")) as { version: string };
  const asked = (...words: readonly string[]) => run("scripts/ci/release-version.sh", words);
  expect(await asked(`v${version}`, "registry.example.com", "Some/Repository")).toEqual({
    code: 0,
    out: `version=${version}\nimage=registry.example.com/some/repository\n`,
    err: "",
  });
  expect(await asked("v99.0.0", "registry.example.com", "a/b")).toMatchObject({ code: 1 });
  expect(await asked(`v${version}`, "", "a/b")).toMatchObject({ code: 1 });
});

test("the SBOM names what is in the executable, and only that", async () => {
  const { code, out, err } = await run("node", ["scripts/ci/sbom.mjs", "--features", "wasm-plugins"]);
  expect({ code, err }).toMatchObject({ code: 0 });
  const { components } = JSON.parse(out) as { components: { name: string; purl: string }[] };
  const names = components.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["hono", "valibot", "rquickjs", "rustls", "ring", "wasmi"]));
  for (const name of ["vitest", "rolldown", "typescript", "proptest", "cc"]) expect(names).not.toContain(name);
  expect(new Set(components.map(({ purl }) => purl)).size).toBe(components.length);
});
