import { WeftError } from "../core/error.ts";
import type { FileTree } from "../core/platform.ts";
import type { Tool } from "../core/tool.ts";
import { defineTool, flag, optional, text, whole } from "../lib/define-tool.ts";
import { globMatcher } from "../lib/glob.ts";
import { compilePattern, type Pattern } from "../lib/pattern.ts";
import type { FilesFor } from "./policed-files.ts";
import { folderPath, walk } from "./walk.ts";

const standardMatches = 100;
const largestFile = 4 * 1024 * 1024;
const longestLine = 400;

export function grep(filesFor: FilesFor): Tool {
  return defineTool({
    name: "grep",
    description:
      "Search the files of the workspace for a regular expression (RE2 syntax). Gives path:line: text for each line that matches.",
    effect: "read",
    parameters: {
      pattern: text("Regular expression"),
      path: optional(text("File or folder to search; the whole workspace unless given")),
      include: optional(text("Only files that match this pattern, for example *.ts or src/**/*.md")),
      ignore_case: optional(flag("Upper and lower case are the same")),
      max_results: optional(whole([1, 1000], `Most lines, ${standardMatches} unless given`)),
    },
    async run({ pattern, path = ".", include, ignore_case: ignoreCase = false, max_results: most }, { signal, actor }) {
      const files = filesFor(actor);
      const expression = await compile(pattern, ignoreCase);
      const limit = most ?? standardMatches;
      const found: string[] = [];
      for await (const file of candidates(files, { path, include, signal })) {
        for (const line of await matchingLines(files, file, expression)) found.push(line);
        if (found.length > limit) break;
      }
      if (found.length === 0) return `No matches for ${pattern}`;
      const more = found.length > limit ? [`[more than ${limit} lines match]`] : [];
      return [...found.slice(0, limit), ...more].join("\n");
    },
  });
}

async function compile(pattern: string, ignoreCase: boolean): Promise<Pattern> {
  try {
    return await compilePattern(pattern, ignoreCase);
  } catch (error) {
    throw new WeftError("invalid", `invalid arguments: pattern: ${error instanceof Error ? error.message : error}`);
  }
}

interface Where {
  readonly path: string;
  readonly include: string | undefined;
  readonly signal: AbortSignal;
}

async function* candidates(files: FileTree, { path, include, signal }: Where): AsyncGenerator<string> {
  const start = folderPath(path);
  const stat = await files.stat(start);
  if (!stat) throw new WeftError("missing", `not found: ${path}`);
  if (stat.kind === "file") {
    yield start;
    return;
  }
  // Like a shell's: a pattern without a slash is about names.
  const wanted = include === undefined ? undefined : globMatcher(include.includes("/") ? include : `**/${include}`);
  for await (const file of walk(files, start, signal)) {
    const relative = start === "." ? file : file.slice(start.length + 1);
    if (wanted?.(relative) ?? true) yield file;
  }
}

async function matchingLines(files: FileTree, path: string, expression: Pattern): Promise<string[]> {
  const stat = await files.stat(path);
  if (!stat || stat.bytes > largestFile) return [];
  const bytes = await files.read(path);
  if (bytes.subarray(0, 8192).includes(0)) return [];
  const lines = new TextDecoder().decode(bytes).split(/\r?\n/);
  return lines.flatMap((line, index) => {
    if (!expression.test(line)) return [];
    return `${path}:${index + 1}: ${line.length > longestLine ? `${line.slice(0, longestLine)}…` : line}`;
  });
}
