import type { Inbound } from "../core/channel.ts";
import type { Part } from "../core/message.ts";
import type { Model, ModelEvent } from "../core/model.ts";
import type { HiddenWords, WordStream } from "../lib/hidden-words.ts";

/** The same model; in what it says, thinks and calls with there is no hidden word, however it is cut in pieces. */
export function hidingModel(model: Model, hidden: HiddenWords): Model {
  return {
    id: model.id,
    get contextTokens() {
      return model.contextTokens;
    },
    async *stream(prompt, signal) {
      const streams = { text: hidden.stream(), thinking: hidden.stream() };
      for await (const event of model.stream(prompt, signal)) yield* cleaned(event, streams, hidden);
    },
  };
}

type Streams = Record<"text" | "thinking", WordStream>;

function cleaned(event: ModelEvent, streams: Streams, hidden: HiddenWords): ModelEvent[] {
  switch (event.type) {
    case "text":
    case "thinking":
      return deltaOf(event.type, streams[event.type].push(event.delta));
    case "restart":
      streams.text.end();
      streams.thinking.end();
      return [event];
    case "done": {
      const rest = [...deltaOf("thinking", streams.thinking.end()), ...deltaOf("text", streams.text.end())];
      return [...rest, { ...event, message: hidden.cleanValue(event.message) }];
    }
  }
}

function deltaOf(type: "text" | "thinking", delta: string): ModelEvent[] {
  return delta === "" ? [] : [{ type, delta }];
}

/** What somebody sent, without hidden words; pictures are not looked at. */
export function hidingInbound(inbound: Inbound, hidden: HiddenWords): Inbound {
  const parts = (all: readonly Part[]) => all.map((part) => (part.type === "image" ? part : hidden.cleanValue(part)));
  const { history, settings } = inbound;
  return {
    ...inbound,
    parts: parts(inbound.parts),
    ...(history && { history: history.map((message) => ({ ...message, parts: parts(message.parts) })) }),
    ...(settings && { settings: hidden.cleanValue(settings) }),
  };
}
