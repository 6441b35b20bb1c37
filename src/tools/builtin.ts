import type { Door } from "../core/door.ts";
import type { Policy } from "../core/policy.ts";
import type { Tool } from "../core/tool.ts";
import { editFile } from "./edit-file.ts";
import { type ExecOptions, execShell } from "./exec-shell.ts";
import { glob } from "./glob.ts";
import { grep } from "./grep.ts";
import { listDirectory } from "./list-directory.ts";
import { memoryRead } from "./memory-read.ts";
import { memoryWrite } from "./memory-write.ts";
import { message } from "./message.ts";
import { policedFiles } from "./policed-files.ts";
import { readFile } from "./read-file.ts";
import { type WebFetchOptions, webFetch } from "./web-fetch.ts";
import { type WebSearchOptions, webSearch } from "./web-search.ts";
import { writeFile } from "./write-file.ts";

export interface BuiltinOptions {
  readonly platform: ExecOptions["platform"];
  readonly policy: Policy;
  readonly door: Door;
  /** Absolute path. */
  readonly workspace: string;
  readonly exec: Omit<ExecOptions, "platform" | "policy" | "workspace">;
  readonly fetch: Omit<WebFetchOptions, "door">;
  readonly search: Omit<WebSearchOptions, "door">;
  readonly channels: () => readonly string[];
}

/** The tools that come with weft; one line each. */
export function builtinTools(options: BuiltinOptions): Tool[] {
  const { platform, policy, door, workspace } = options;
  const files = policedFiles({ files: platform.files, workspace, policy });
  return [
    readFile(files),
    writeFile(files),
    editFile(files),
    listDirectory(files),
    glob(files),
    grep(files),
    execShell({ platform, policy, workspace, ...options.exec }),
    webFetch({ door, ...options.fetch }),
    webSearch({ door, ...options.search }),
    memoryRead(files),
    memoryWrite(files),
    message(options.channels),
  ];
}
