import type { Files } from "../../core/platform.ts";
import { posixFiles } from "../shared/files.ts";
import { nodeFileSystem } from "./file-system.ts";
import { nodeLocks } from "./lock.ts";

export function nodeFiles(): Files {
  return posixFiles(nodeFileSystem(), nodeLocks());
}
