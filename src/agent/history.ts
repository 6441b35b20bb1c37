import type { CallPart, Message, ResultPart } from "../core/message.ts";
import { callsOf } from "../core/message.ts";
import type { Entry, MessageEntry, SummaryEntry } from "../core/session.ts";
import { tokensOfText } from "../lib/tokens.ts";

/** What a conversation is for the model: what was said before in short, then messages word for word. */
export interface History {
  readonly summary: string;
  readonly summaryTokens: number;
  readonly messages: readonly Message[];
}

/** The entries since the newest summary and those it left word for word. */
export function historyOf(entries: readonly Entry[]): History {
  const at = entries.findLastIndex((entry) => entry.type === "summary");
  const summary = entries[at];
  if (summary?.type !== "summary") {
    return { summary: "", summaryTokens: 0, messages: entries.filter(isMessage).map(messageOf) };
  }
  const before = entries.slice(0, at).filter(isMessage);
  const kept = summary.keep === 0 ? [] : before.slice(-summary.keep);
  const after = entries.slice(at + 1).filter(isMessage);
  return {
    summary: summary.text,
    summaryTokens: tokensOfSummary(summary),
    messages: [...kept, ...after].map(messageOf),
  };
}

/** Entries never change, and the newest summary is counted in every turn. */
const counted = new WeakMap<SummaryEntry, number>();

function tokensOfSummary(summary: SummaryEntry): number {
  const known = counted.get(summary);
  if (known !== undefined) return known;
  const tokens = tokensOfText(summary.text);
  counted.set(summary, tokens);
  return tokens;
}

/**
 * Messages that belong together: a user's message; an answer with its calls and all their results. Cutting between
 * blocks never parts a call from its result. A result without its call is left out, a call without its result gets
 * one that says so.
 */
export function blocksOf(messages: readonly Message[]): Message[][] {
  const blocks: Message[][] = [];
  for (let i = 0; i < messages.length; i++) {
    const message = messages[i];
    if (!message || message.role === "tool") continue;
    const calls = message.role === "assistant" ? callsOf(message) : [];
    if (calls.length === 0) {
      blocks.push([message]);
      continue;
    }
    const results: Message[] = [];
    while (messages[i + 1]?.role === "tool") results.push(messages[++i] as Message);
    blocks.push([message, ...pairUp(calls, results, message.at)]);
  }
  return blocks;
}

/** One tool message for each call, in the order of the calls. */
function pairUp(calls: readonly CallPart[], results: readonly Message[], at: number): Message[] {
  const parts = results.flatMap(({ parts }) => parts.filter((part) => part.type === "result"));
  return calls.map((call) => {
    const index = parts.findIndex(({ id }) => id === call.id);
    const [part] = index < 0 ? [noResult(call)] : parts.splice(index, 1);
    return { role: "tool", parts: [part ?? noResult(call)], at };
  });
}

function noResult(call: CallPart): ResultPart {
  return { type: "result", id: call.id, text: "no result: the turn was interrupted, outcome unknown", failed: true };
}

function isMessage(entry: Entry): entry is MessageEntry {
  return entry.type === "message";
}

function messageOf(entry: MessageEntry): Message {
  return entry.message;
}
