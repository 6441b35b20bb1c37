import { chmod, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { nodeFiles } from "../../src/platform/node/files.ts";

async function folder(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "weft-files-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  return root;
}

test("a write that fails leaves the old file and no leftovers", async () => {
  const root = await folder();
  const files = nodeFiles();
  await files.write(`${root}/a`, new TextEncoder().encode("old"));
  await expect(files.write(`${root}/${"x".repeat(300)}`, new Uint8Array(1))).rejects.toMatchObject({ code: "invalid" });
  expect(await readdir(root)).toEqual(["a"]);
});

test("a full disk is `full`", async () => {
  const error: unknown = await nodeFiles()
    .append("/dev/full")
    .catch((thrown: unknown) => thrown);
  // /dev/full is a device, not a file: nothing is written to it at all.
  expect(error).toMatchObject({ code: "invalid" });
});

test("a file keeps its owner when root writes it", async () => {
  const root = await folder();
  const { chown } = await import("node:fs/promises");
  if (process.geteuid?.() !== 0) return;
  await writeFile(`${root}/a`, "x");
  await chown(`${root}/a`, 1234, 1234);
  await chmod(`${root}/a`, 0o640);
  await nodeFiles().write(`${root}/a`, new TextEncoder().encode("y"));
  expect(await stat(`${root}/a`)).toMatchObject({ uid: 1234, gid: 1234, mode: 0o100640 });
});

test("the lock of this process cannot be lost by reading it", async () => {
  const root = await folder();
  const files = nodeFiles();
  const lock = await files.lock(`${root}/lock`);
  await expect(files.read(`${root}/lock`)).rejects.toMatchObject({ code: "refused" });
  expect(await nodeFiles().lock(`${root}/lock`)).toBe(undefined);
  await lock?.release();
});
