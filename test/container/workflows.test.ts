import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { clone } from "./clone.ts";
import { cacheFolder, type Ended, run } from "./docker.ts";

const workflows = readdirSync(".github/workflows").map((name) => `.github/workflows/${name}`);
const env = { ...process.env, PATH: `${resolve(cacheFolder, "bin")}:${process.env["PATH"]}` };
const check = (file: string, ...words: readonly string[]) => run(file, words, { env });

beforeAll(async () => {
  const { code, err } = await run("test/container/setup/checkers.sh", [cacheFolder]);
  if (code !== 0) throw new Error(err);
});

describe("without a word from", () => {
  test("actionlint", async () => {
    expect(await check("actionlint", ...workflows)).toEqual({ code: 0, out: "", err: "" });
  });

  test("zizmor", async () => {
    expect(await check("zizmor", "--offline", "--no-progress", "--quiet", ".github/workflows")).toMatchObject({
      code: 0,
    });
  });

  test("hadolint", async () => {
    expect(await check("hadolint", "Dockerfile")).toEqual({ code: 0, out: "", err: "" });
  });

  test("shellcheck", async () => {
    const { out } = await run("git", ["ls-files", "--cached", "--others", "--exclude-standard", ".ci/run", "*.sh"]);
    expect(await check("shellcheck", ...out.trim().split("\n"))).toEqual({ code: 0, out: "", err: "" });
  });
});

/** Runs a job of pr-gates on this machine, as GitHub's runner would: in a fresh clone, step by step. */
async function job(name: string): Promise<Ended> {
  const folder = await clone();
  onTestFinished(() => folder.remove());
  const home = await mkdtemp(join(tmpdir(), "weft-act-"));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  await run("sh", ["-c", "git init -q && git add -A && git -c user.name=a -c user.email=a@b commit -qm all"], {
    cwd: folder.path,
  });
  const file = ".github/workflows/pr-gates.yml";
  const words = ["push", "--job", name, "--platform", "ubuntu-latest=-self-hosted", "--workflows", file];
  return run("act", words, { cwd: folder.path, env: { ...env, XDG_CACHE_HOME: home } });
}

/** `lint` and `tests` are what `.ci/run` itself begins with. */
describe("the jobs of pr-gates pass", () => {
  test.each(["binary-size", "wasm-size", "smoke"])("%s", { timeout: 3_600_000 }, async (name) => {
    const { code, out } = await job(name);
    expect({ code, out: code === 0 ? "" : out.slice(-4000) }).toEqual({ code: 0, out: "" });
    expect(out).toContain("Job succeeded");
  });
});
