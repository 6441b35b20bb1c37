import { spawn, spawnSync } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { provider, using } from "./provider.ts";
import { command, type Home, newHome, weft } from "./weft.ts";

const stored = (name: string) => `\${secret:${name}}`;

const canary = "sk-canary-4711-0815-abcdef";

async function homeWith(config?: object): Promise<Home> {
  const home = await newHome(config);
  onTestFinished(async () => await home.remove());
  return home;
}

test("a stored key reaches the provider and no output; without it weft says how to store it", async () => {
  const mock = await provider(() => ({ text: "hello" }));
  onTestFinished(async () => await mock.close());
  const { providers, ...rest } = using(mock) as { providers: Record<string, object> };
  const keyed = Object.fromEntries(
    Object.entries(providers).map(([name, each]) => [name, { ...each, api_key: stored("main") }]),
  );
  const home = await homeWith({ ...rest, providers: keyed });
  const before = await weft(home, ["agent", "-m", "hi"]);
  expect(before).toMatchObject({ code: 3, out: "" });
  expect(before.err).toContain("which is not stored. Run: weft secrets set main");
  const set = await weft(home, ["secrets", "set", "main"], { input: `${canary}\n` });
  expect(set).toMatchObject({ code: 0, out: "" });
  expect(set.err).toContain(`Refer to it in the configuration as ${stored("main")}`);
  expect(await weft(home, ["agent", "-m", "hi"])).toMatchObject({ code: 0, out: "hello\n" });
  expect(mock.asked.at(-1)?.headers.authorization).toBe(`Bearer ${canary}`);
  const store = join(home.path, ".clawft/secrets.json");
  expect(await readFile(store, "utf8")).not.toContain(canary);
  expect((await stat(store)).mode & 0o777).toBe(0o600);
  expect((await stat(join(home.path, ".clawft/secrets.key"))).mode & 0o777).toBe(0o600);
  const listed = await weft(home, ["secrets", "list"]);
  expect(listed.out).toMatch(/^NAME +SET \(UTC\) +USED BY\nmain +\S+ \S+ +providers\.\w+\.api_key\n$/);
  for (const args of [
    ["config", "show"],
    ["config", "show", "--reveal"],
    ["status", "--detailed"],
    ["secrets", "list", "--json"],
  ]) {
    const { out, err } = await weft(home, args);
    expect(out + err).not.toContain(canary);
  }
  expect(await weft(home, ["secrets", "remove", "main"])).toMatchObject({ code: 0 });
  const gone = await weft(home, ["secrets", "remove", "main"]);
  expect(gone).toMatchObject({ code: 1, out: "" });
  expect(gone.err).toContain("there is no secret main");
});

test("an empty secret and a wrong name change nothing", async () => {
  const home = await homeWith();
  expect(await weft(home, ["secrets", "set", "a"], { input: " \n" })).toMatchObject({ code: 2 });
  const { code, err } = await weft(home, ["secrets", "set", "a b"], { input: "x" });
  expect(code).toBe(2);
  expect(err).toContain("is no name for a secret");
  expect((await weft(home, ["secrets", "list"])).out).toContain("No secrets are stored");
});

/** util-linux's `script` gives the program a terminal of its own. */
const hasScript = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux") ?? false;

test.runIf(hasScript)("at a terminal the secret is typed unseen", async () => {
  const home = await homeWith();
  const line = [...command, "secrets", "set", "typed"].map((word) => `'${word}'`).join(" ");
  const child = spawn("script", ["-qfec", line, "/dev/null"], {
    env: { PATH: process.env["PATH"] ?? "", HOME: home.path, TERM: "xterm" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let screen = "";
  child.stdout.on("data", (bytes: Buffer) => {
    screen += bytes.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  await expect.poll(() => screen, { timeout: 10_000 }).toContain("typed: ");
  child.stdin.write(`wrong\x15${canary}x\x7f\r`);
  expect(await ended).toBe(0);
  expect(screen).toContain("Stored typed in");
  expect(screen).not.toContain("canary");
  const mock = await provider(() => ({ text: "hello" }));
  onTestFinished(async () => await mock.close());
  const { providers, ...rest } = using(mock) as { providers: Record<string, object> };
  const keyed = Object.entries(providers).map(([name, each]) => [name, { ...each, api_key: stored("typed") }]);
  await home.configure({ ...rest, providers: Object.fromEntries(keyed) });
  expect(await weft(home, ["agent", "-m", "hi"])).toMatchObject({ code: 0 });
  expect(mock.asked.at(-1)?.headers.authorization).toBe(`Bearer ${canary}`);
});
