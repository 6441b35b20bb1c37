import type { FileTree } from "../core/platform.ts";
import type { Tool } from "../core/tool.ts";
import { serial } from "../lib/serial.ts";
import { defineTool, oneOf, optional, text } from "./define.ts";
import { cleaned, memoryFile, readText } from "./memory.ts";

export function memoryWrite(files: FileTree): Tool {
  const inOrder = serial();
  return defineTool({
    name: "memory_write",
    description:
      "Keep something in memory for all later conversations: facts about the user, wishes, decisions. Short, one paragraph for each.",
    effect: "write",
    parameters: {
      content: text("What to keep"),
      mode: optional(oneOf(["append", "overwrite"], "append unless given; overwrite replaces the whole memory")),
    },
    run: ({ content, mode = "append" }) =>
      inOrder(async () => {
        const before = mode === "append" ? ((await readText(files, memoryFile)) ?? "") : "";
        const entry = `${cleaned(content).trimEnd()}\n\n`;
        await files.makeDirectory("memory");
        await files.write(memoryFile, new TextEncoder().encode(joined(before, entry)));
        return `Successfully wrote ${new TextEncoder().encode(entry).length} bytes to ${memoryFile}`;
      }),
  });
}

function joined(before: string, entry: string): string {
  return before.trim() === "" ? entry : `${before.trimEnd()}\n\n${entry}`;
}
