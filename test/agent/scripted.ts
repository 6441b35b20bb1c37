import type { Inbound, TurnEvent } from "../../src/core/channel.ts";
import type { Json } from "../../src/core/json.ts";
import type { CallPart, Message } from "../../src/core/message.ts";
import type { Model, ModelEvent, Prompt } from "../../src/core/model.ts";
import type { Tool, ToolContext } from "../../src/core/tool.ts";

export type Script = (prompt: Prompt, signal: AbortSignal) => AsyncIterable<ModelEvent> | Promise<Message> | Message;

/** A model that does what a function says; `prompts` holds what it was asked. */
export function scriptedModel(script: Script, contextTokens = 100_000): Model & { readonly prompts: Prompt[] } {
  const prompts: Prompt[] = [];
  return {
    id: "test/scripted",
    contextTokens,
    prompts,
    async *stream(prompt, signal) {
      prompts.push(prompt);
      const answer = script(prompt, signal);
      if (Symbol.asyncIterator in answer) return yield* answer;
      yield* done(await answer);
    },
  };
}

/** The events of a whole message at once. */
export async function* done(message: Message): AsyncGenerator<ModelEvent> {
  for (const part of message.parts) if (part.type === "text") yield { type: "text", delta: part.text };
  const stop = message.parts.some(({ type }) => type === "call") ? "calls" : "end";
  yield { type: "done", message, usage: { inputTokens: 10, outputTokens: 5 }, stop, model: "test/scripted" };
}

export function says(text: string): Message {
  return { role: "assistant", parts: [{ type: "text", text }], at: 0 };
}

export function calls(...wanted: readonly (readonly [tool: string, input?: Json])[]): Message {
  const parts = wanted.map(([tool, input], i): CallPart => ({ type: "call", id: `c${i}`, tool, input: input ?? {} }));
  return { role: "assistant", parts, at: 0 };
}

export function tool(
  name: string,
  run: (input: Json, context: ToolContext) => Promise<string> | string,
  effect: "read" | "write" = "read",
): Tool {
  return {
    name,
    effect,
    description: name,
    input: { type: "object" },
    run: async (input, context) => run(input, context),
  };
}

export function inbound(text: string, more: Partial<Inbound> = {}): Inbound {
  const session = more.session ?? "http:s";
  return {
    id: `m${count++}`,
    from: { channel: "http", chat: session },
    sender: "ann",
    session,
    parts: [{ type: "text", text }],
    at: 1,
    durable: true,
    ...more,
  };
}
let count = 0;

export async function all(events: AsyncIterable<TurnEvent>): Promise<TurnEvent[]> {
  const list: TurnEvent[] = [];
  for await (const event of events) list.push(event);
  return list;
}

export async function replyOf(events: AsyncIterable<TurnEvent>) {
  const last = (await all(events)).at(-1);
  if (last?.type !== "reply") throw new Error("a turn without a reply");
  return last.reply;
}
