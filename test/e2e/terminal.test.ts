import { spawn, spawnSync } from "node:child_process";
import { expect, onTestFinished, test } from "vitest";
import { lastUserText, provider, using } from "./provider.ts";
import { command, newHome } from "./weft.ts";

/** util-linux's `script` gives the program a terminal of its own. */
const hasScript = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux") ?? false;

test.runIf(hasScript)("at a terminal Ctrl-C and /stop end an answer, Tab completes, Ctrl-C twice leaves", async () => {
  const mock = await provider((asked) => (lastUserText(asked) === "quick" ? { text: "at once" } : { raw: () => {} }));
  const home = await newHome(using(mock));
  onTestFinished(async () => {
    await mock.close();
    await home.remove();
  });
  const line = [...command, "agent"].map((word) => `'${word}'`).join(" ");
  const child = spawn("script", ["-qfec", line, "/dev/null"], {
    env: { PATH: process.env["PATH"] ?? "", HOME: home.path, TERM: "xterm" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let screen = "";
  child.stdout.on("data", (bytes: Buffer) => {
    screen += bytes.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const shows = (text: string) => expect.poll(() => screen, { timeout: 10_000 }).toContain(text);
  const type = (keys: string) => {
    screen = "";
    child.stdin.write(keys);
  };
  await shows("> ");
  type("/hel");
  await shows("/hel");
  type("\t");
  await shows("p");
  type("\r");
  await shows("begin a new conversation");
  type("quick\r");
  await shows("at once");
  type("slow\r");
  await expect.poll(() => mock.asked.length).toBe(2);
  type("\x03");
  await shows("stopped by the user");
  type("slower\r");
  await expect.poll(() => mock.asked.length).toBe(3);
  type("/stop\r");
  await shows("stopped by the user");
  type("\x03");
  await shows("once more leaves");
  type("\x03");
  expect(await ended).toBe(130);
});
