import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { workspace } from "./workspace.ts";

test("gives the exit code and both streams", async () => {
  const w = await workspace();
  const text = await w.run("exec_shell", { command: "echo out; echo err >&2; exit 3" });
  expect(text).toMatch(/^exit code 3 after \d+ ms\n--- stdout\nout\n--- stderr\nerr$/);
});

test("runs in the workspace, without the keys of our own environment", async () => {
  const env = { PATH: process.env["PATH"] ?? "", OPENAI_API_KEY: "sk-secret", PASSED: "yes", HOME: "/h" };
  const w = await workspace({ env });
  expect(await w.run("exec_shell", { command: "pwd" })).toContain(w.path);
  const seen = await w.run("exec_shell", { command: "env" });
  expect(seen).not.toContain("sk-secret");
  expect(seen).toContain("PASSED=yes");
});

test("output of any size is drained while it runs; what is too much is counted", async () => {
  const w = await workspace();
  const text = await w.run("exec_shell", { command: "head -c 30000000 /dev/zero | tr '\\0' x; echo end >&2" });
  expect(text).toContain("[28951424 bytes more were dropped]");
  expect(text).toContain("--- stderr\nend");
});

test("when the time is up everything it started is ended", async () => {
  const w = await workspace();
  const command = "echo begun; (trap '' TERM; sleep 60 & echo $! > pid; wait) & wait";
  const error: unknown = await w.run("exec_shell", { command, timeout: 1 }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: "timeout",
    message: expect.stringMatching(/^timeout after 1s.*\n--- stdout\nbegun/s),
  });
  const pid = Number(await readFile(join(w.path, "pid"), "utf8"));
  // Gone, or dead and not yet collected by whatever runs as process 1 here.
  const state = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "gone");
  expect(state).toMatch(/^gone$|\) Z /);
}, 10_000);

test("it ends at once when the turn is stopped", async () => {
  const w = await workspace();
  const controller = new AbortController();
  const running = w.run("exec_shell", { command: "sleep 60" }, { signal: controller.signal });
  setTimeout(() => controller.abort(new Error("stopped")), 100);
  await expect(running).rejects.toThrow("stopped");
});

test("what is not allowed is refused with the setting that would allow it", async () => {
  const w = await workspace({ commands: "allowlist" });
  await expect(w.run("exec_shell", { command: "curl x" })).rejects.toMatchObject({
    code: "refused",
    message: expect.stringMatching(
      /command not allowed: curl is not in the allowlist\..*tools\.command_policy\.allowlist/,
    ),
  });
});

test("a time that is too long is refused", async () => {
  const w = await workspace();
  await expect(w.run("exec_shell", { command: "ls", timeout: 11 })).rejects.toThrow("timeout must be 1 to 10");
});
