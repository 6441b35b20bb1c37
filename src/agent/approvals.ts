import { type CallPart, callsOf } from "../core/message.ts";
import type { AnswerEntry, AskEntry, Entry } from "../core/session.ts";
import type { Actor } from "../core/tool.ts";

/**
 * Calls that need the user's word. The turn ends with the question; the conversation itself keeps it (`AskEntry`), so a
 * restart changes nothing, and the next message is the answer.
 */
export interface Pending {
  readonly ask: AskEntry;
  /** All calls of the message that waits, in order. */
  readonly calls: readonly CallPart[];
}

export type Verdict = AnswerEntry["verdict"];

/** The question that nobody has answered yet. A message without an answer to it is one, too: no. */
export function pendingIn(entries: readonly Entry[]): Pending | undefined {
  const at = entries.findLastIndex(({ type }) => type === "ask");
  const ask = entries[at];
  if (ask?.type !== "ask") return undefined;
  if (entries.slice(at + 1).some((entry) => entry.type !== "message" || entry.turn !== ask.turn)) return undefined;
  const message = entries.slice(0, at).findLast((entry) => entry.type === "message");
  if (message?.type !== "message") return undefined;
  const calls = callsOf(message.message);
  return calls.length === 0 ? undefined : { ask, calls };
}

const yes = /^\/?(?:approve|yes|y|ok|okay|ja|oui|sí|si)(?:\s+(once|session|always))?[.!]?$/i;
const no = /^\/?(?:deny|no|n|nein|non)[.!]?$/i;

/** What a message says to the question; undefined when it speaks of something else. */
export function answerIn(text: string): "once" | "session" | "always" | "no" | undefined {
  const approved = yes.exec(text.trim());
  if (approved) return (approved[1]?.toLowerCase() ?? "once") as "once" | "session" | "always";
  return no.test(text.trim()) ? "no" : undefined;
}

export interface Answering {
  readonly text: string;
  readonly actor: Actor;
  /** Unix milliseconds. */
  readonly now: number;
}

/** Only who was asked can answer, and only in time; everything else is a no. */
export function verdictOf({ ask }: Pending, { text, actor, now }: Answering): Verdict {
  const answer = answerIn(text);
  if (answer === undefined || actor.channel !== ask.asked.channel || actor.sender !== ask.asked.sender) return "else";
  return now > ask.until && answer !== "no" ? "late" : answer;
}

export function isApproval(verdict: Verdict): boolean {
  return verdict === "once" || verdict === "session" || verdict === "always";
}

/** Why a call that waited was not run, for the model. */
export function refusalOf(verdict: Verdict): string {
  const whys: Readonly<Record<string, string>> = {
    no: "the user said no",
    late: "the user's approval came too late: ask again if it is still wanted",
    else: "the user did not approve it and wrote something else",
  };
  return `not run: ${whys[verdict] ?? "it was not approved"}`;
}

/** Tools that need no more asking in this conversation. */
export function grantedIn(entries: readonly Entry[]): ReadonlySet<string> {
  const lasting = entries.filter(
    (entry) => entry.type === "answer" && (entry.verdict === "session" || entry.verdict === "always"),
  );
  return new Set(lasting.flatMap((entry) => (entry.type === "answer" ? entry.tools : [])));
}

export interface Question {
  readonly call: CallPart;
  /** The rule that wants the question. */
  readonly reason: string;
}

/** What the user reads: what exactly will happen, and how to answer. `until`: Unix milliseconds. */
export function questionText(questions: readonly Question[], until: number): string {
  const lines = questions.map(({ call, reason }, index) => {
    const input = call.invalid ?? JSON.stringify(call.input, null, 2);
    return `${index + 1}. ${call.tool} ${input}\n   (${reason})`;
  });
  const tools = [...new Set(questions.map(({ call }) => call.tool))].join(", ");
  return `May I do this?

${lines.join("\n")}

Answer yes, or no. "yes session" is for every further ${tools} in this conversation, "yes always" for ever.
Without an answer by ${new Date(until).toISOString().slice(11, 16)} UTC it is not done.`;
}
