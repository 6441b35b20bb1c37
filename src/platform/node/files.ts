import { watch } from "node:fs";
import type { Files } from "../../core/platform.ts";
import { posixFiles } from "../shared/files.ts";
import { nodeFileSystem } from "./file-system.ts";
import { nodeLocks } from "./lock.ts";

export function nodeFiles(): Files {
  return posixFiles(nodeFileSystem(), nodeLocks(), async (path, changed) => {
    const watcher = watch(path, { persistent: false }, () => changed());
    // What is watched may go away; that is a change like any other.
    watcher.on("error", () => changed());
    return () => watcher.close();
  });
}
