import type { Message, Part } from "../core/message.ts";
import type { ToolSpec } from "../core/tool.ts";
import { estimateTokens } from "./token-estimate.ts";

/** Providers charge 250 to 1,600 tokens for a picture, by its size; this is the upper middle. */
const tokensOfImage = 1200;
/** Role, separators and ids around each part. */
const tokensAround = 4;

/** About how many tokens a text is for the usual tokenizers; within some 10 % for prose, 20 % for code. */
export function tokensOfText(text: string): number {
  return text.length > longestCounted ? bySamples(text) : estimateTokens(text);
}

/** The same, quickly, for a system prompt, which comes again turn after turn. */
export function tokensOfSystem(text: string): number {
  const known = countedTexts.get(text);
  if (known !== undefined) return known;
  const tokens = byLength(text);
  if (countedTexts.size >= 16) countedTexts.clear();
  countedTexts.set(text, tokens);
  return tokens;
}

const countedTexts = new Map<string, number>();

/** A text longer than this is looked at in samples: no prompt has room for it anyway. */
const longestCounted = 200_000;
const samples = 16;
const sampleLength = 4000;

function bySamples(text: string): number {
  const step = Math.floor((text.length - sampleLength) / (samples - 1));
  let tokens = 0;
  for (let i = 0; i < samples; i++) tokens += estimateTokens(text.slice(i * step, i * step + sampleLength));
  return Math.ceil((tokens / (samples * sampleLength)) * text.length);
}

export function tokensOfMessage(message: Message): number {
  const known = counted.get(message);
  if (known !== undefined) return known;
  const tokens = message.parts.reduce((sum, part) => sum + tokensOfPart(part), 0);
  counted.set(message, tokens);
  return tokens;
}

/** Messages never change, and the same ones are counted in every turn. */
const counted = new WeakMap<Message, number>();

export function tokensOfMessages(messages: readonly Message[]): number {
  return messages.reduce((sum, message) => sum + tokensOfMessage(message), 0);
}

export function tokensOfTools(tools: readonly ToolSpec[]): number {
  return tools.reduce((sum, tool) => sum + tokensOfTool(tool), 0);
}

const countedTools = new WeakMap<ToolSpec, number>();

function tokensOfTool(tool: ToolSpec): number {
  const known = countedTools.get(tool);
  if (known !== undefined) return known;
  const tokens = tokensAround + byLength(tool.name + tool.description + JSON.stringify(tool.input));
  countedTools.set(tool, tokens);
  return tokens;
}

/** English and JSON Schema have 3.9 to 4.6 characters a token: not worth 2 ms before the first answer. */
function byLength(text: string): number {
  // A regular expression takes ten times as long for the same answer on QuickJS.
  const isAscii = new TextEncoder().encode(text).length === text.length;
  return isAscii ? Math.ceil(text.length / 4) : tokensOfText(text);
}

function tokensOfPart(part: Part): number {
  switch (part.type) {
    case "text":
    case "thinking":
      return tokensAround + tokensOfText(part.text);
    case "image":
      return tokensAround + tokensOfImage;
    case "call":
      return tokensAround * 2 + tokensOfText(part.tool + (part.invalid ?? JSON.stringify(part.input)));
    case "result":
      return tokensAround * 2 + tokensOfText(part.text) + (part.images?.length ?? 0) * tokensOfImage;
  }
}
