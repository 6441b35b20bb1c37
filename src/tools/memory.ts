import type { FileTree } from "../core/platform.ts";

/** The agent's two notebooks in the workspace, Markdown in paragraphs. */
export const memoryFile = "memory/MEMORY.md";
export const historyFile = "memory/HISTORY.md";

export async function readText(files: FileTree, path: string): Promise<string | undefined> {
  if (!(await files.stat(path))) return undefined;
  return new TextDecoder().decode(await files.read(path));
}

/** Paragraphs are set apart by blank lines. */
export function paragraphs(text: string): string[] {
  return text
    .split(/\n\s*\n/)
    .map((each) => each.trim())
    .filter((each) => each !== "");
}

/** Without control characters, which only hide things. */
export function cleaned(text: string): string {
  return [...text]
    .filter((character) => {
      const code = character.charCodeAt(0);
      return code >= 32 ? code !== 127 : character === "\n" || character === "\t";
    })
    .join("");
}
