import type { Node, ParseError } from "jsonc-parser";
import { WeftError } from "../core/error.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import type { Files } from "../core/platform.ts";

/** One configuration file as it is written. */
export interface ConfigDocument {
  readonly path: string;
  readonly text: string;
  readonly value: JsonObject;
  /** Permission bits. */
  readonly mode: number;
}

/** No configuration is this large. */
const mostBytes = 1024 * 1024;

/** Undefined when there is no such file. Throws `config` (with line and column), `refused` or `invalid`. */
export async function readDocument(files: Files, path: string): Promise<ConfigDocument | undefined> {
  try {
    return await read(files, path);
  } catch (thrown) {
    const error = WeftError.from(thrown);
    // Not the policy's refusal but the system's: the owner has to mend it like any other mistake in his setup.
    throw error.code === "refused" ? new WeftError("config", error.message, { cause: error }) : error;
  }
}

async function read(files: Files, path: string): Promise<ConfigDocument | undefined> {
  const stat = await files.stat(path);
  if (!stat) return undefined;
  if (stat.kind === "directory") {
    const hint = "Docker makes one when the mounted file did not exist: remove it and create the file";
    throw new WeftError("config", `${path} is a directory, not a configuration file. ${hint}`);
  }
  if (stat.bytes > mostBytes) {
    throw new WeftError(
      "config",
      `${path} is too large for a configuration: ${stat.bytes} bytes, at most ${mostBytes}`,
    );
  }
  const bytes = await files.read(path);
  return { path, ...(await parseDocument(path, decode(path, bytes))), mode: stat.mode };
}

function decode(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new WeftError("config", `${path} is not UTF-8 text: save it as UTF-8`);
  }
}

/** JSON, with comments and trailing commas where people put them. An empty text is an empty object. */
export async function parseDocument(path: string, text: string): Promise<{ text: string; value: JsonObject }> {
  const value = plainJson(text) ?? (await jsonWithComments(path, text));
  if (isJsonObject(value)) return { text, value };
  throw new WeftError("config", `${path}:1:1: expected an object { … }, found ${kindOf(value)}`);
}

function plainJson(text: string): Json | undefined {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function jsonWithComments(path: string, text: string): Promise<Json> {
  const { parse, printParseErrorCode } = await import("jsonc-parser");
  const errors: ParseError[] = [];
  const value: Json = parse(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (!first) return value;
  const what = expectations[printParseErrorCode(first.error)] ?? printParseErrorCode(first.error);
  throw new WeftError("config", `${path}:${placeOf(text, first.offset)}: ${what}\n${excerpt(text, first.offset)}`);
}

const expectations: Readonly<Record<string, string>> = {
  InvalidSymbol: "this is no JSON value: expected a text in double quotes, a number, true, false, null, { or [",
  InvalidNumberFormat: "this is no number",
  PropertyNameExpected: "expected a key in double quotes",
  ValueExpected: "expected a value",
  ColonExpected: "expected a colon after the key",
  CommaExpected: "expected a comma before the next entry",
  CloseBraceExpected: "expected } : an object is not closed",
  CloseBracketExpected: "expected ] : a list is not closed",
  EndOfFileExpected: "expected the end of the file: there is more after the closing }",
  InvalidCommentToken: "this comment is not closed",
  UnexpectedEndOfComment: "this comment is not closed",
  UnexpectedEndOfString: "this text is not closed by a double quote",
  InvalidCharacter: "this character may not stand in a text: write it as an escape",
};

/** `LINE:COLUMN` of an offset, both from 1. */
export function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset);
  return `${before.split("\n").length}:${offset - before.lastIndexOf("\n")}`;
}

/** The line, and a mark below the place; never more than a screen's width of it. */
function excerpt(text: string, offset: number): string {
  const begin = text.lastIndexOf("\n", offset - 1) + 1;
  const end = text.indexOf("\n", offset);
  const line = text.slice(begin, end < 0 ? text.length : end).replaceAll("\t", " ");
  const column = offset - begin;
  const from = Math.max(0, column - 60);
  return `  ${line.slice(from, from + 100).trimEnd()}\n  ${" ".repeat(column - from)}^`;
}

/** Where the value of a path stands, as `LINE:COLUMN`. */
export async function placeOfPath({ text }: ConfigDocument, path: readonly string[]): Promise<string> {
  const { parseTree, findNodeAtLocation } = await import("jsonc-parser");
  let node: Node | undefined = parseTree(text, [], { allowTrailingComma: true });
  for (const key of path) {
    const inner = node && findNodeAtLocation(node, [node.type === "array" ? Number(key) : key]);
    if (!inner) break;
    node = inner;
  }
  return placeOf(text, node?.offset ?? 0);
}

export function kindOf(value: Json | undefined): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (isJsonObject(value)) return "an object";
  return JSON.stringify(value)?.slice(0, 60) ?? "nothing";
}
