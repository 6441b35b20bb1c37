import { WeftError } from "../core/error.ts";
import type { Tool } from "../core/tool.ts";
import { defineTool, optional, text } from "../lib/define-tool.ts";
import { globMatcher } from "../lib/glob.ts";
import type { FilesFor } from "./policed-files.ts";
import { folderPath, walk } from "./walk.ts";

const mostMatches = 500;

export function glob(filesFor: FilesFor): Tool {
  return defineTool({
    name: "glob",
    description:
      "Find files of the workspace by name. * and ? stand for parts of a name, ** for any folders, {a,b} for either: **/*.{ts,js}",
    effect: "read",
    parameters: {
      pattern: text("Pattern of paths, for example **/*.md"),
      path: optional(text("Folder to look in; the whole workspace unless given")),
    },
    async run({ pattern, path = "." }, { signal, actor }) {
      const files = filesFor(actor);
      const folder = folderPath(path);
      if ((await files.stat(folder))?.kind !== "directory") throw new WeftError("missing", `not found: ${path}`);
      const matches = globMatcher(pattern);
      const found: string[] = [];
      for await (const file of walk(files, folder, signal)) {
        const relative = folder === "." ? file : file.slice(folder.length + 1);
        if (!matches(relative)) continue;
        if (found.length === mostMatches) {
          found.push(`[more than ${mostMatches} files: use a narrower pattern]`);
          break;
        }
        found.push(file);
      }
      return found.length === 0 ? `No files match ${pattern}` : found.join("\n");
    },
  });
}
