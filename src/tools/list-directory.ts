import { WeftError } from "../core/error.ts";
import type { Tool } from "../core/tool.ts";
import { defineTool, optional, text } from "../lib/define-tool.ts";
import type { FilesFor } from "./policed-files.ts";

const mostEntries = 1000;

export function listDirectory(filesFor: FilesFor): Tool {
  return defineTool({
    name: "list_directory",
    description: "List a folder of the workspace, sorted by name: folders end in /, files show their size in bytes.",
    effect: "read",
    parameters: { path: optional(text("Path in the workspace; the workspace itself unless given")) },
    async run({ path = "." }, { actor }) {
      const files = filesFor(actor);
      const stat = await files.stat(path);
      if (!stat) throw new WeftError("missing", `not found: ${path}`);
      if (stat.kind !== "directory") throw new WeftError("invalid", `${path} is a file: use read_file`);
      const entries = await files.list(path);
      const rows: string[] = [];
      for (const { name, kind } of entries.slice(0, mostEntries)) {
        if (kind === "directory") rows.push(`${name}/`);
        else if (kind === "link") rows.push(`${name} -> (a link)`);
        else rows.push(`${name}  ${(await files.stat(`${path}/${name}`))?.bytes ?? 0}`);
      }
      const more = entries.length - rows.length;
      if (more > 0) rows.push(`[${more} more: use glob]`);
      return rows.length === 0 ? "(empty)" : rows.join("\n");
    },
  });
}
