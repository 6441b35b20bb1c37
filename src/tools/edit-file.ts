import { WeftError } from "../core/error.ts";
import type { FileTree } from "../core/platform.ts";
import type { Tool } from "../core/tool.ts";
import { defineTool, flag, optional, text } from "../lib/define-tool.ts";
import type { FilesFor } from "./policed-files.ts";

const mostBytes = 10 * 1024 * 1024;

export function editFile(filesFor: FilesFor): Tool {
  return defineTool({
    name: "edit_file",
    description:
      "Replace a text in a file of the workspace. old_text must be exactly as it stands in the file, spaces included, and must occur once.",
    effect: "write",
    parameters: {
      path: text("Path in the workspace"),
      old_text: text("The text to replace, with enough around it to be unique"),
      new_text: text("What stands there afterwards"),
      replace_all: optional(flag("Replace every occurrence instead of the only one")),
    },
    async run({ path, old_text: before, new_text: after, replace_all: all = false }, { actor }) {
      const files = filesFor(actor);
      if (before === "") throw new WeftError("invalid", "invalid arguments: old_text is empty: use write_file");
      if (before === after) throw new WeftError("invalid", "invalid arguments: old_text and new_text are the same");
      const content = await contentOf(files, path);
      const count = content.split(before).length - 1;
      if (count === 0) {
        throw new WeftError(
          "invalid",
          `execution failed: old_text not found in ${path}: read the file and copy it exactly`,
        );
      }
      if (count > 1 && !all) {
        throw new WeftError(
          "invalid",
          `execution failed: old_text occurs ${count} times in ${path}: give more of what is around it, or set replace_all`,
        );
      }
      await files.write(path, new TextEncoder().encode(content.split(before).join(after)));
      return `Successfully edited ${path}${count > 1 ? ` (${count} places)` : ""}`;
    },
  });
}

async function contentOf(files: FileTree, path: string): Promise<string> {
  const stat = await files.stat(path);
  if (!stat) throw new WeftError("missing", `not found: ${path}`);
  if (stat.bytes > mostBytes) throw new WeftError("invalid", `${path} is larger than 10 MB: use exec_shell`);
  try {
    // The byte order mark stays where it is.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await files.read(path));
  } catch (error) {
    if (error instanceof WeftError) throw error;
    throw new WeftError("invalid", `${path} is no UTF-8 text: editing would damage it`);
  }
}
