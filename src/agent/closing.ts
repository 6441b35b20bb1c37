import type { Inbound, Reply } from "../core/channel.ts";
import type { WeftError } from "../core/error.ts";
import { callsOf, type Message, textOf } from "../core/message.ts";
import type { Entry } from "../core/session.ts";
import { unfinished } from "./tool-runs.ts";
import { addUsage } from "./turn-state.ts";

/** What the user is told when a turn failed: all that was said, and why it ended. */
export function failedReply(written: readonly Entry[], error: WeftError): Reply {
  const messages = written.filter((entry) => entry.type === "message");
  const said = messages.filter(({ message }) => message.role === "assistant").map(({ message }) => textOf(message));
  const usage = messages.reduce((sum, entry) => (entry.usage ? addUsage(sum, entry.usage) : sum), {
    inputTokens: 0,
    outputTokens: 0,
  });
  const { code, message, retryAfterMs } = error;
  return {
    text: said.filter((text) => text !== "").join("\n\n"),
    usage,
    model: messages.findLast(({ model }) => model !== undefined)?.model ?? "",
    stop: "failed",
    error: { code, message, ...(retryAfterMs !== undefined && { retryAfterMs }) },
  };
}

/** Completes the conversation of a turn that failed: the message itself, results for open calls, and why it ended. */
export function closingEntries(
  turn: { readonly turn: string; readonly inbound: Inbound; readonly written: readonly Entry[] },
  error: WeftError,
  at: number,
): Entry[] {
  const messages: Message[] = [];
  if (turn.written.length === 0) messages.push({ role: "user", parts: turn.inbound.parts, at: turn.inbound.at });
  const written = turn.written.filter((entry) => entry.type === "message").map(({ message }) => message);
  const lastAnswer = written.findLastIndex(({ role }) => role === "assistant");
  const answered = new Set(
    written.slice(lastAnswer + 1).flatMap(({ parts }) => parts.map((part) => (part.type === "result" ? part.id : ""))),
  );
  const open = lastAnswer < 0 ? [] : callsOf(written[lastAnswer] as Message).filter(({ id }) => !answered.has(id));
  for (const part of unfinished(open, error.message)) messages.push({ role: "tool", parts: [part], at });
  messages.push({
    role: "assistant",
    parts: [{ type: "text", text: `[This turn ended early: ${error.message}]` }],
    at,
  });
  return messages.map((message, index) => ({
    type: "message",
    id: `${turn.turn}-${turn.written.length + index}`,
    turn: turn.turn,
    message,
  }));
}
