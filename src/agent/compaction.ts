import { WeftError } from "../core/error.ts";
import { type Message, type Part, textOf } from "../core/message.ts";
import type { Model } from "../core/model.ts";
import { tokensOfMessages, tokensOfText } from "../lib/tokens.ts";
import { blocksOf, type History } from "./history.ts";

export interface Compacted {
  /** Stands for everything but the last `keep` messages. */
  readonly summary: string;
  readonly keep: number;
  /** Set when the model could not write the summary and code did. */
  readonly why?: WeftError;
}

export interface CompactionOptions {
  readonly model: Model;
  readonly signal: AbortSignal;
  readonly session: string;
  /** Tokens that the kept messages may take. */
  readonly keepTokens: number;
  readonly keepMessages: number;
}

/** More than this is not worth a model call each: what is older is summed up by code. */
const mostChunks = 6;
const longestSummaryTokens = 1024;

/** Sums up the older part of a conversation. Undefined when there is nothing old enough to sum up. */
export async function compact(history: History, options: CompactionOptions): Promise<Compacted | undefined> {
  const blocks = blocksOf(history.messages);
  const keptBlocks = newestThatFit(blocks, options);
  const older = blocks.slice(0, blocks.length - keptBlocks).flat();
  if (older.length === 0) return undefined;
  const keep = blocks.slice(blocks.length - keptBlocks).flat().length;
  const chunkTokens = Math.max(128, Math.floor(options.model.contextTokens / 2) - summaryTokensOf(options.model));
  const lines = older.flatMap(linesOf).map((line) => cutToTokens(line, chunkTokens));
  try {
    return { summary: await byModel(history.summary, chunksOf(lines, chunkTokens), options), keep };
  } catch (error) {
    if (options.signal.aborted) throw error;
    return { summary: byCode(history.summary, lines), keep, why: WeftError.from(error) };
  }
}

/** Half of a context holds a chunk and a summary, the other half the instruction and the next summary. */
function summaryTokensOf({ contextTokens }: Model): number {
  return Math.max(64, Math.min(longestSummaryTokens, Math.floor(contextTokens / 4)));
}

/** How many of the newest blocks fit; the newest user message and what follows it always stay, if anything does. */
function newestThatFit(blocks: readonly Message[][], limits: CompactionOptions): number {
  let tokens = 0;
  let messages = 0;
  let count = 0;
  for (const block of blocks.toReversed()) {
    tokens += tokensOfMessages(block);
    messages += block.length;
    if (count > 0 && (tokens > limits.keepTokens || messages > limits.keepMessages)) break;
    count++;
  }
  return count;
}

/**
 * The newest blocks that fit into so many tokens, as messages; a block that is too long by itself is cut. Never fails
 * and always ends with the newest block.
 */
export function fitInto(messages: readonly Message[], tokens: number): Message[] {
  const kept: Message[][] = [];
  let left = tokens;
  for (const block of blocksOf(messages).toReversed()) {
    const size = tokensOfMessages(block);
    if (size <= left) {
      kept.push(block);
      left -= size;
      continue;
    }
    if (kept.length === 0) kept.push(block.map((message) => cutMessage(message, left / block.length)));
    break;
  }
  return kept.reverse().flat();
}

async function byModel(before: string, chunks: readonly string[], options: CompactionOptions): Promise<string> {
  const skipped = chunks.slice(0, Math.max(0, chunks.length - mostChunks));
  let summary =
    skipped.length === 0
      ? before
      : byCode(
          before,
          skipped.flatMap((chunk) => chunk.split("\n")),
        );
  for (const chunk of chunks.slice(skipped.length)) summary = await summarise(summary, chunk, options);
  return summary;
}

const instruction = `You keep the memory of a conversation between a user and an agent. Write what must be known to go on:
what the user wants, facts and names, decisions, files and commands that mattered, results, and what is still open.
Keep exact names, paths, numbers and the user's own wishes. At most 400 words, no introduction.`;

async function summarise(before: string, chunk: string, options: CompactionOptions): Promise<string> {
  const text = `${before === "" ? "" : `What was known before:\n${before}\n\n`}The conversation went on:\n${chunk}`;
  const prompt = {
    system: instruction,
    messages: [{ role: "user", parts: [{ type: "text", text }], at: 0 } satisfies Message],
    tools: [],
    maxOutputTokens: summaryTokensOf(options.model),
    session: `${options.session}#summary`,
  };
  for await (const event of options.model.stream(prompt, options.signal)) {
    if (event.type !== "done") continue;
    const summary = cutToTokens(textOf(event.message).trim(), summaryTokensOf(options.model));
    if (summary === "") throw new WeftError("unavailable", "the model wrote an empty summary");
    return summary;
  }
  throw new WeftError("internal", "a model ended without `done`");
}

/** What was said, in its first words: no model needed. */
function byCode(before: string, lines: readonly string[]): string {
  const room = 6000;
  const short = lines.filter((line) => /^(User|Agent): /.test(line)).map((line) => cutText(line, 240));
  let text = "";
  for (const line of short.toReversed()) {
    if (text.length + line.length > room) break;
    text = `${line}\n${text}`;
  }
  return `${before === "" ? "" : `${cutText(before, 2000)}\n`}Earlier, shortened:\n${text}`.trim();
}

function linesOf(message: Message): string[] {
  const who = message.role === "user" ? "User" : message.role === "assistant" ? "Agent" : "Result";
  return message.parts
    .map((part) => lineOf(part))
    .filter((line) => line !== "")
    .map((line) => `${who}: ${line}`);
}

function lineOf(part: Part): string {
  switch (part.type) {
    case "text":
      return cutText(part.text, 4000);
    case "call":
      return `called ${part.tool} ${cutText(JSON.stringify(part.input), 500)}`;
    case "result":
      return cutText(part.text, 1000);
    case "image":
      return "(a picture)";
    case "thinking":
      return "";
  }
}

function chunksOf(lines: readonly string[], tokens: number): string[] {
  const chunks: string[] = [];
  let chunk = "";
  let size = 0;
  for (const line of lines) {
    const count = tokensOfText(line) + 1;
    if (size + count > tokens && chunk !== "") {
      chunks.push(chunk);
      chunk = "";
      size = 0;
    }
    chunk += `${line}\n`;
    size += count;
  }
  if (chunk !== "") chunks.push(chunk);
  return chunks;
}

/** Every text of the message is shortened to the same length, until all of it fits. */
function cutMessage(message: Message, tokens: number): Message {
  let characters = Math.max(...message.parts.map((part) => ("text" in part ? part.text.length : 0)), 80);
  let cut = message;
  do {
    characters = Math.floor(characters / 2);
    cut = { ...message, parts: message.parts.map((part) => cutPart(part, characters)) };
  } while (characters > 40 && tokensOfMessages([cut]) > tokens);
  return cut;
}

function cutPart(part: Part, characters: number): Part {
  if (part.type === "text" || part.type === "thinking") return { ...part, text: cutText(part.text, characters) };
  if (part.type === "image") return { type: "text", text: "(a picture that did not fit)" };
  if (part.type === "call") return part;
  const { images: _dropped, ...rest } = part;
  return { ...rest, text: cutText(part.text, characters) };
}

function cutToTokens(text: string, tokens: number): string {
  let cut = text;
  for (let characters = text.length; characters > 40 && tokensOfText(cut) > tokens; ) {
    characters = Math.floor(characters / 2);
    cut = cutText(text, characters);
  }
  return cut;
}

function cutText(text: string, characters: number): string {
  if (text.length <= characters) return text;
  const half = Math.floor(characters / 2);
  return `${text.slice(0, half)} … [${text.length - half * 2} characters cut] … ${text.slice(text.length - half)}`;
}
