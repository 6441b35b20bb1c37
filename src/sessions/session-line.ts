import { isJsonObject, type Json } from "../core/json.ts";
import { type CallPart, type Message, type Part, textOf } from "../core/message.ts";
import type { Usage } from "../core/model.ts";
import type { AnswerEntry, AskEntry, Entry, MessageEntry } from "../core/session.ts";

/*
 * A session file is JSON lines: first a metadata object, then one object a message with `role`, `content`,
 * `timestamp` and, as in OpenAI's chat messages, `tool_calls` and `tool_call_id`. Our own fields stand beside them:
 * `id`, `turn`, `model`, `usage`, and `parts` when the message holds what the common fields cannot. What is no message
 * is a `system` line with `_summary`, `_ask` or `_answer`.
 */

export function metadataLine(at: number): string {
  const now = new Date(at).toISOString();
  return `${JSON.stringify({ _type: "metadata", created_at: now, updated_at: now, metadata: {}, last_consolidated: 0 })}\n`;
}

export function printEntry(entry: Entry): string {
  return `${JSON.stringify(recordOf(entry))}\n`;
}

function recordOf(entry: Entry): object {
  if (entry.type === "message") return messageRecord(entry);
  if (entry.type === "summary") return summaryRecord(entry);
  const { type, id, at, ...rest } = entry;
  return { role: "system", content: "", timestamp: new Date(at).toISOString(), id, [`_${type}`]: rest };
}

/** Undefined for a line that is no entry: garbage, or the metadata. `fallbackId` names lines other programs wrote. */
export function parseEntry(line: string, fallbackId: string): Entry | undefined {
  const record = parseObject(line);
  if (!record || record["_type"] === "metadata") return undefined;
  const { role, content, timestamp } = record;
  const at = typeof timestamp === "string" ? Date.parse(timestamp) : Number.NaN;
  const common = { id: stringOr(record["id"], fallbackId), at: Number.isNaN(at) ? 0 : at };
  const summary = record["_summary"];
  if (isJsonObject(summary)) {
    const keep = typeof summary["keep"] === "number" ? summary["keep"] : 0;
    return { type: "summary", id: common.id, text: stringOr(content, ""), keep, at: common.at };
  }
  const question = record["_ask"];
  if (isJsonObject(question)) return { ...(question as unknown as AskEntry), type: "ask", ...common };
  const answer = record["_answer"];
  if (isJsonObject(answer)) return { ...(answer as unknown as AnswerEntry), type: "answer", ...common };
  if (role !== "user" && role !== "assistant" && role !== "tool") return undefined;
  const parts = Array.isArray(record["parts"]) ? (record["parts"] as Part[]) : commonParts(record);
  return {
    type: "message",
    id: common.id,
    turn: stringOr(record["turn"], ""),
    message: { role, parts, at: common.at },
    ...(typeof record["model"] === "string" && { model: record["model"] }),
    ...(isJsonObject(record["usage"]) && { usage: record["usage"] as unknown as Usage }),
  };
}

function messageRecord(entry: MessageEntry): object {
  const { message } = entry;
  const calls = message.parts.filter((part) => part.type === "call");
  const result = message.parts.find((part) => part.type === "result");
  return {
    role: message.role,
    content: result ? result.text : textOf(message),
    timestamp: new Date(message.at).toISOString(),
    ...(calls.length > 0 && { tool_calls: calls.map(openaiCall) }),
    ...(result && { tool_call_id: result.id }),
    ...(needsParts(message) && { parts: message.parts }),
    id: entry.id,
    turn: entry.turn,
    ...(entry.model !== undefined && { model: entry.model }),
    ...(entry.usage && { usage: entry.usage }),
  };
}

function summaryRecord(entry: Extract<Entry, { type: "summary" }>): object {
  return {
    role: "system",
    content: entry.text,
    timestamp: new Date(entry.at).toISOString(),
    id: entry.id,
    _summary: { keep: entry.keep },
  };
}

function openaiCall(call: CallPart): object {
  const text = call.invalid ?? JSON.stringify(call.input);
  return { id: call.id, type: "function", function: { name: call.tool, arguments: text } };
}

/** Whether reading the common fields back would lose something. */
function needsParts(message: Message): boolean {
  const kinds = message.parts.map((part) => part.type).join(" ");
  if (/^(text)?( ?call)*$/.test(kinds)) {
    return message.parts.some((part) => {
      if (part.type === "text") return part.text === "" || part.untrusted;
      return part.type === "call" && (part.signature !== undefined || !isJsonObject(part.input));
    });
  }
  const [only] = message.parts;
  return !(kinds === "result" && only?.type === "result" && !only.failed && !only.images && !only.untrusted);
}

function commonParts(record: Record<string, unknown>): Part[] {
  const text = typeof record["content"] === "string" ? record["content"] : "";
  if (record["role"] === "tool") return [{ type: "result", id: stringOr(record["tool_call_id"], ""), text }];
  const parts: Part[] = text === "" ? [] : [{ type: "text", text }];
  const calls = Array.isArray(record["tool_calls"]) ? record["tool_calls"] : [];
  for (const call of calls) {
    if (!isJsonObject(call) || !isJsonObject(call["function"])) continue;
    const { name, arguments: written } = call["function"];
    parts.push({ type: "call", id: stringOr(call["id"], ""), tool: stringOr(name, ""), ...callInput(written) });
  }
  return parts;
}

function callInput(written: unknown): { input: Json; invalid?: string } {
  if (typeof written !== "string") return { input: (written ?? {}) as Json };
  const input = parseObject(written);
  return input ? { input: input as Json } : { input: {}, invalid: written };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function stringOr(value: unknown, otherwise: string): string {
  return typeof value === "string" ? value : otherwise;
}
