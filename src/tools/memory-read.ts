import type { Tool } from "../core/tool.ts";
import { defineTool, optional, text } from "../lib/define-tool.ts";
import { historyFile, memoryFile, paragraphs, readText } from "./memory.ts";
import type { FilesFor } from "./policed-files.ts";

const mostMatches = 20;

export function memoryRead(filesFor: FilesFor): Tool {
  return defineTool({
    name: "memory_read",
    description: "Read what was kept in memory, all of it or the paragraphs that contain a text.",
    effect: "read",
    parameters: { query: optional(text("Only paragraphs that contain this, in any case")) },
    async run({ query }, { actor }) {
      const files = filesFor(actor);
      const memory = await readText(files, memoryFile);
      if (query === undefined || query === "") return memory?.trim() || "No memory file found";
      const all = [...paragraphs(memory ?? ""), ...paragraphs((await readText(files, historyFile)) ?? "")];
      const wanted = query.toLowerCase();
      const found = all.filter((each) => each.toLowerCase().includes(wanted));
      if (found.length === 0) return `No results for "${query}"`;
      const more = found.length > mostMatches ? `\n\n[${found.length - mostMatches} more]` : "";
      return found.slice(0, mostMatches).join("\n\n") + more;
    },
  });
}
