import { WeftError } from "../core/error.ts";
import type { FileStat, FileTree } from "../core/platform.ts";
import type { Tool, ToolOutput } from "../core/tool.ts";
import { base64Of } from "../lib/base64.ts";
import { defineTool, optional, text, whole } from "../lib/define-tool.ts";
import type { FilesFor } from "./policed-files.ts";

const mostBytes = 60 * 1024;
const standardLines = 2000;
const chunkBytes = 256 * 1024;
const mostImageBytes = 5 * 1024 * 1024;

export function readFile(filesFor: FilesFor): Tool {
  return defineTool({
    name: "read_file",
    description:
      "Read a file of the workspace. Long files come in pieces: the end of the answer says how to read on. Pictures (PNG, JPEG, GIF, WebP) are shown.",
    effect: "read",
    parameters: {
      path: text("Path in the workspace"),
      offset: optional(whole([1, 1e9], "First line to read, from 1")),
      limit: optional(whole([1, 100_000], `How many lines, ${standardLines} unless given`)),
      byte_offset: optional(whole([0, 2 ** 52], "Byte to begin at instead, for files with very long lines")),
    },
    async run({ path, offset = 1, limit = standardLines, byte_offset: byteOffset }, { actor }) {
      const files = filesFor(actor);
      const stat = await files.stat(path);
      if (!stat) throw new WeftError("missing", `not found: ${path}`);
      if (stat.kind === "directory") throw new WeftError("invalid", `${path} is a directory: use list_directory`);
      const head = await files.read(path, { offset: 0, length: 8192 });
      const mime = imageType(head);
      if (mime !== undefined) return await readImage(files, { path, stat, mime });
      if (head.includes(0)) throw new WeftError("invalid", `${path} is a binary file of ${stat.bytes} bytes`);
      if (byteOffset !== undefined) return await readBytes(files, { path, stat, from: byteOffset });
      return await readLines(files, { path, stat, first: offset, count: limit });
    },
  });
}

interface Named {
  readonly path: string;
  readonly stat: FileStat;
}

async function readImage(files: FileTree, image: Named & { readonly mime: string }): Promise<ToolOutput> {
  const { path, stat, mime } = image;
  if (stat.bytes > mostImageBytes) throw new WeftError("invalid", `${path} is a picture of more than 5 MB`);
  const base64 = base64Of(await files.read(path));
  return { text: `${path}: a picture (${mime}, ${stat.bytes} bytes)`, images: [{ mime, base64 }] };
}

/** https://mimesniff.spec.whatwg.org/#matching-an-image-type-pattern */
function imageType(head: Uint8Array): string | undefined {
  const latin = String.fromCharCode(...head.subarray(0, 16));
  if (latin.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (latin.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (/^GIF8[79]a/.test(latin)) return "image/gif";
  return /^RIFF.{4}WEBPVP/s.test(latin) ? "image/webp" : undefined;
}

async function readBytes(files: FileTree, { path, stat, from }: Named & { readonly from: number }): Promise<string> {
  const bytes = await files.read(path, { offset: from, length: mostBytes });
  const next = from + bytes.length;
  const more = next < stat.bytes ? `\n[${stat.bytes - next} bytes more: go on with byte_offset=${next}]` : "";
  return new TextDecoder().decode(bytes) + more;
}

interface Lines extends Named {
  readonly first: number;
  readonly count: number;
}

async function readLines(files: FileTree, { path, stat, first, count }: Lines): Promise<string> {
  const kept: string[] = [];
  let size = 0;
  let number = 0;
  for await (const line of linesOf(files, path, stat)) {
    number++;
    if (number < first) continue;
    size += line.length + 1;
    if (kept.length === count || size > mostBytes) {
      if (kept.length > 0) return `${kept.join("\n")}\n[more follows: go on with offset=${number}]`;
      return `${line.slice(0, 2000)}\n[line ${number} is very long: read this file with byte_offset]`;
    }
    kept.push(line);
  }
  return number < first && first > 1 ? `[the file has only ${number} lines]` : kept.join("\n");
}

/** Piece by piece, so that the size of the file does not matter; of a line too long for an answer only its beginning. */
async function* linesOf(files: FileTree, path: string, { bytes: size }: FileStat): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let open = "";
  for (let at = 0; at < size; ) {
    const bytes = await files.read(path, { offset: at, length: chunkBytes });
    if (bytes.length === 0) break;
    at += bytes.length;
    const lines = (open + decoder.decode(bytes, { stream: at < size })).split("\n");
    open = (lines.pop() ?? "").slice(0, mostBytes + 1);
    yield* lines;
  }
  if (open !== "") yield open;
}
