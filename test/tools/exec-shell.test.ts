import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { WeftError } from "../../src/core/error.ts";
import { nodePlatform } from "../../src/platform/node/platform.ts";
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
  // A number that no other process has among its words.
  const seconds = `60.${process.pid}${Date.now() % 1_000_000}`;
  const command = `echo begun; (trap '' TERM; sleep ${seconds} & wait) & wait`;
  const error: unknown = await w.run("exec_shell", { command, timeout: 1 }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: "timeout",
    message: expect.stringMatching(/^timeout after 1s.*\n--- stdout\nbegun/s),
  });
  const running = await Promise.all(
    (await readdir("/proc"))
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  expect(running.filter((words) => words.startsWith(`sleep\0${seconds}`))).toEqual([]);
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

const here = await nodePlatform().sandbox();

test.runIf(here.files)("a sandbox keeps commands to the workspace, and the refusal names the settings", async () => {
  const w = await workspace();
  await mkdir(join(w.path, ".weft"));
  await writeFile(join(w.path, ".weft", "token"), "secret");
  const text = await w.run("exec_shell", {
    command: "echo x > a.txt; cat a.txt; cat .weft/*; ls $TMPDIR; touch /etc/x",
  });
  expect(text).toContain("--- stdout\nx\n");
  expect(text).not.toContain("secret");
  expect(text).toContain("tools.exec.write_paths");
});

test.runIf(here.files)("more paths are what the owner says", async () => {
  const beside = await workspace();
  await writeFile(join(beside.path, "a.txt"), "secret");
  const command = `cat ${beside.path}/a.txt`;
  expect(await (await workspace()).run("exec_shell", { command })).not.toContain("secret");
  const open = await workspace({ exec: { readPaths: [beside.path] } });
  expect(await open.run("exec_shell", { command })).toContain("secret");
});

test("where a sandbox is required and there is none, nothing runs", async () => {
  const sandbox = async () => ({ ...here, files: false, network: false, newFiles: false, missing: "no bubblewrap" });
  const w = await workspace({ exec: { sandbox: "require" }, platform: { sandbox } });
  await expect(w.run("exec_shell", { command: "echo x" })).rejects.toMatchObject({
    code: "refused",
    message: expect.stringMatching(/no bubblewrap.*tools\.exec\.sandbox/),
  });
});

test("limits hold also without a sandbox for files", async () => {
  const sandbox = async () => ({ ...here, files: false, network: false, newFiles: false });
  const w = await workspace({ exec: { limits: { openFiles: 33 } }, platform: { sandbox } });
  if (here.limits) expect(await w.run("exec_shell", { command: "ulimit -n" })).toContain("--- stdout\n33");
});

test("a system without a shell says so, and what to do", async () => {
  const missing = new WeftError("missing", "cannot run /bin/sh");
  const platform = {
    spawn: () => Promise.reject(missing),
    files: { ...nodePlatform().files, stat: async () => undefined },
  };
  const w = await workspace({ platform });
  await expect(w.run("exec_shell", { command: "ls" })).rejects.toThrow(/needs \/bin\/sh.*docs\/shell\.md/);
});
