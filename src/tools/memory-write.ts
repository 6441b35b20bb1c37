import type { FileTree } from "../core/platform.ts";
import type { Tool } from "../core/tool.ts";
import { defineTool, oneOf, optional, text } from "../lib/define-tool.ts";
import { serial } from "../lib/serial.ts";
import { cleaned, memoryFile, readText } from "./memory.ts";
import type { FilesFor } from "./policed-files.ts";

export function memoryWrite(filesFor: FilesFor): Tool {
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
    run: ({ content, mode = "append" }, { actor }) =>
      inOrder(async () => {
        const files = filesFor(actor);
        const before = (await readText(files, memoryFile)) ?? "";
        const kept = mode === "overwrite" && before.trim() !== "" ? await keepVersion(files, before) : undefined;
        const entry = `${cleaned(content).trimEnd()}\n\n`;
        await files.makeDirectory("memory");
        const text = mode === "append" ? joined(before, entry) : entry;
        await files.write(memoryFile, new TextEncoder().encode(text));
        const size = new TextEncoder().encode(entry).length;
        const note = kept === undefined ? "" : `; what was there before is kept as ${kept}`;
        return `Successfully wrote ${size} bytes to ${memoryFile}${note}`;
      }),
  });
}

const versions = "memory/versions";

/** A memory is not lost because a model wrote a shorter one. Returns the path. */
async function keepVersion(files: FileTree, text: string): Promise<string> {
  await files.makeDirectory(versions);
  const numbers = (await files.list(versions)).map(({ name }) => Number.parseInt(name, 10) || 0);
  const path = `${versions}/${Math.max(0, ...numbers) + 1}.md`;
  await files.write(path, new TextEncoder().encode(text));
  return path;
}

function joined(before: string, entry: string): string {
  return before.trim() === "" ? entry : `${before.trimEnd()}\n\n${entry}`;
}
