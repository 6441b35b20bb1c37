import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { memoryPlatform } from "../../src/platform/memory.ts";
import { nodePlatform } from "../../src/platform/node/platform.ts";
import { platformContract } from "../contracts/platform.ts";

const node = nodePlatform();
platformContract({
  name: "node",
  platform: node,
  sandbox: await node.sandbox(),
  makeFolder: async () => {
    const root = await mkdtemp(join(tmpdir(), "weft-files-"));
    onTestFinished(() => rm(root, { recursive: true, force: true }));
    return { files: node.files, root, link: (path, target) => symlink(target, path) };
  },
});

platformContract({
  name: "memory",
  platform: memoryPlatform(),
  sandbox: await memoryPlatform().sandbox(),
  makeFolder: async () => {
    const { files } = memoryPlatform();
    await files.makeDirectory("/w");
    return { files, root: "/w", link: files.link };
  },
  skip: { reason: "tests give it what they need of these", parts: ["children", "network", "crypto"] },
});
