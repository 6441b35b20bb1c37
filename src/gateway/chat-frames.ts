import type { Reply, TurnEvent } from "../core/channel.ts";
import { WeftError } from "../core/error.ts";
import type { Usage } from "../core/model.ts";
import { type GrowingText, growingText } from "../lib/growing-text.ts";
import { apiErrorOf, errorBody } from "./api-error.ts";
import type { ChatChunk, ChatCompletion, ChatUsage, FinishReason } from "./protocol.ts";
import { doneFrame, sseFrame } from "./sse.ts";

export interface ChunkHead {
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  /** What the client asked for; the last chunks name the model that answered. */
  readonly model: string;
  readonly includeUsage: boolean;
  readonly redact: (text: string) => string;
}

export function completionOf(
  reply: Reply,
  { id, created, model }: Pick<ChunkHead, "id" | "created" | "model">,
): ChatCompletion {
  const message = { role: "assistant" as const, content: reply.text, refusal: null };
  return {
    id,
    object: "chat.completion",
    created,
    model: reply.model || model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReasonOf(reply.stop) }],
    usage: chatUsageOf(reply.usage),
  };
}

/** A turn as OpenAI's chunks. What tools do is not among them: a client would take it for calls it must answer. */
export async function* openAiFrames(events: AsyncIterator<TurnEvent>, head: ChunkHead): AsyncGenerator<string> {
  const shown: Shown = { text: growingText(), firm: 0 };
  yield chunk(head, { role: "assistant", content: "" });
  for (;;) {
    const event = await nextEvent(events);
    switch (event.type) {
      case "text":
        shown.text.add(event.delta);
        yield chunk(head, { content: event.delta });
        break;
      case "thinking":
        yield chunk(head, { reasoning_content: event.delta });
        break;
      case "restart":
        // Chunks cannot be taken back: the reader is told that the answer begins again.
        if (shown.text.length > shown.firm) yield chunk(head, { content: lostConnection });
        shown.text.cut(shown.firm);
        break;
      case "tool":
        shown.firm = shown.text.length;
        break;
      case "notice":
        break;
      case "reply":
        yield* lastFrames(event.reply, shown.text.toString(), head);
        return;
    }
  }
}

/** Each event of the turn as it is, for weft's own command line. */
export async function* eventFrames(
  events: AsyncIterator<TurnEvent>,
  redact: (text: string) => string,
): AsyncGenerator<string> {
  for (;;) {
    const event = await nextEvent(events);
    yield sseFrame(event.type === "reply" ? { ...event, reply: redacted(event.reply, redact) } : event);
    if (event.type === "reply") break;
  }
  yield doneFrame;
}

export async function nextEvent(events: AsyncIterator<TurnEvent>): Promise<TurnEvent> {
  const { done, value } = await events.next();
  if (done) throw new WeftError("internal", "the turn ended without a reply");
  return value;
}

const lostConnection = "\n\n[the connection to the model was lost; starting again]\n\n";

/** The reply's text as streamed so far; a restart takes back what came after the last tool. */
interface Shown {
  readonly text: GrowingText;
  /** So many characters of it are sure to stay. */
  firm: number;
}

function* lastFrames(reply: Reply, shown: string, head: ChunkHead): Generator<string> {
  if (reply.error) {
    const { message } = reply.error;
    yield sseFrame(errorBody(apiErrorOf({ ...reply.error, message: head.redact(message) })));
    return;
  }
  const answered = { ...head, model: reply.model || head.model };
  const tail = restOf(reply.text, shown);
  if (tail !== "") yield chunk(answered, { content: tail });
  yield chunk(answered, {}, finishReasonOf(reply.stop));
  if (head.includeUsage) yield sseFrame({ ...emptyChunk(answered), usage: chatUsageOf(reply.usage) });
  yield doneFrame;
}

/** What of the reply was not streamed. Where the two differ the whole reply follows: twice is better than lost. */
function restOf(text: string, shown: string): string {
  return text.startsWith(shown) ? text.slice(shown.length) : `\n\n${text}`;
}

function chunk(
  head: ChunkHead,
  delta: ChatChunk["choices"][number]["delta"],
  finish: FinishReason | null = null,
): string {
  const choice = { index: 0, delta, logprobs: null, finish_reason: finish };
  return sseFrame({ ...emptyChunk(head), choices: [choice], ...(head.includeUsage && { usage: null }) });
}

function emptyChunk({ id, created, model }: ChunkHead): ChatChunk {
  return { id, object: "chat.completion.chunk", created, model, choices: [] };
}

function finishReasonOf(stop: Reply["stop"]): FinishReason {
  if (stop === "length") return "length";
  return stop === "filtered" ? "content_filter" : "stop";
}

function chatUsageOf(usage: Usage): ChatUsage {
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
    prompt_tokens_details: { cached_tokens: usage.cacheReadTokens ?? 0 },
    completion_tokens_details: { reasoning_tokens: usage.reasoningTokens ?? 0 },
    ...(usage.estimated && { estimated: true }),
  };
}

function redacted(reply: Reply, redact: (text: string) => string): Reply {
  return reply.error ? { ...reply, error: { ...reply.error, message: redact(reply.error.message) } } : reply;
}
