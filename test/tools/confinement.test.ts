import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FileTree } from "../../src/core/platform.ts";
import { nodeFiles } from "../../src/platform/node/files.ts";

let base: string;
let tree: FileTree;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "weft-confined-"));
  await mkdir(join(base, "in/a/b"), { recursive: true });
  await mkdir(join(base, "in/.weft"));
  await writeFile(join(base, "secret"), "outside");
  await writeFile(join(base, "in/.weft/secret"), "hidden");
  await symlink("..", join(base, "in/a/up"));
  await symlink("../..", join(base, "in/a/out"));
  await symlink(join(base, "secret"), join(base, "in/a/file"));
  await symlink("../.weft", join(base, "in/a/weft"));
  await symlink("loop", join(base, "in/loop"));
  tree = nodeFiles().confined(join(base, "in"), [".weft"]);
});
afterAll(() => rm(base, { recursive: true, force: true }));

const part = fc.constantFrom(
  "a",
  "b",
  "..",
  ".",
  "",
  "up",
  "out",
  "file",
  "weft",
  ".weft",
  "secret",
  "loop",
  "x",
  "a\0b",
);
const path = fc
  .tuple(fc.constantFrom("", "/", "./", "//"), fc.array(part, { maxLength: 7 }))
  .map(([start, parts]) => start + parts.join("/"));

test("no path of any shape reads or changes what lies outside", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        path,
        path.map((relative) => `${base}/in/${relative}`),
      ),
      async (tried) => {
        const read = await tree.read(tried).catch(() => new Uint8Array());
        expect(new TextDecoder().decode(read)).not.toMatch(/outside|hidden/);
        await tree.write(tried, new TextEncoder().encode("changed")).catch(() => {});
        await tree.makeDirectory(tried).catch(() => {});
      },
    ),
    { numRuns: 500 },
  );
  expect((await readdir(base)).sort()).toEqual(["in", "secret"]);
  expect(await readdir(join(base, "in/.weft"))).toEqual(["secret"]);
});
