import type { Tool } from "../core/tool.ts";
import { defineTool, text } from "../lib/define-tool.ts";
import type { FilesFor } from "./policed-files.ts";

export function writeFile(filesFor: FilesFor): Tool {
  return defineTool({
    name: "write_file",
    description: "Write a file of the workspace, with the folders it needs. What was in it is replaced.",
    effect: "write",
    parameters: { path: text("Path in the workspace"), content: text("The whole new content") },
    async run({ path, content }, { actor }) {
      const files = filesFor(actor);
      const bytes = new TextEncoder().encode(content);
      const slash = path.lastIndexOf("/");
      if (slash > 0) await files.makeDirectory(path.slice(0, slash));
      await files.write(path, bytes);
      return `Successfully wrote ${bytes.length} bytes to ${path}`;
    },
  });
}
