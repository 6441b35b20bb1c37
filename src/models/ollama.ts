import { isJsonObject, type JsonObject, objectIn } from "../core/json.ts";
import { type CallPart, callsOf, type Image, type Message, textOf } from "../core/message.ts";
import type { ModelDone, ModelEvent, Prompt } from "../core/model.ts";
import { type Answer, count, figures, newAnswer } from "./answer.ts";
import { type Ask, cutOff, exchange } from "./exchange.ts";
import { errorInside } from "./provider-error.ts";
import { type WireOptions, wireOf } from "./wire.ts";
import { functionTools, resultText } from "./wire-messages.ts";

/** Ollama's own chat, which unlike its OpenAI imitation lets us set the context: https://docs.ollama.com/api/chat */
export const ollama = wireOf(stream);

async function* stream(options: WireOptions, prompt: Prompt, signal: AbortSignal): AsyncGenerator<ModelEvent> {
  const answer = newAnswer(options, prompt, "ollama");
  const calls = { count: 0 };
  let stop: ModelDone["stop"] | undefined;
  for await (const event of exchange(options, askFor(options, prompt), signal)) {
    if (event["error"]) throw errorInside(options, event["error"]);
    yield* readMessage(answer, objectIn(event, "message"), calls);
    if (event["done"] !== true) continue;
    stop = event["done_reason"] === "length" ? "length" : "end";
    answer.usage(figures({ inputTokens: count(event["prompt_eval_count"]), outputTokens: count(event["eval_count"]) }));
  }
  if (stop === undefined) throw cutOff(options);
  yield await answer.done(stop);
}

function readMessage(answer: Answer, message: JsonObject, calls: { count: number }): ModelEvent[] {
  const { content, thinking, tool_calls: made } = message;
  const events = [
    ...answer.thinking(typeof thinking === "string" ? thinking : ""),
    ...answer.text(typeof content === "string" ? content : ""),
  ];
  for (const call of Array.isArray(made) ? made.filter(isJsonObject) : []) {
    const { name, arguments: args } = objectIn(call, "function");
    const id = typeof call["id"] === "string" ? call["id"] : undefined;
    answer.call(calls.count++, { id, tool: String(name), json: JSON.stringify(args ?? {}) });
  }
  return events;
}

function askFor({ name, contextTokens }: WireOptions, prompt: Prompt): Ask {
  const { tools, temperature, thinking, maxOutputTokens } = prompt;
  return {
    path: "/api/chat",
    keyIn: "authorization",
    format: "lines",
    droppable: ["think"],
    tools: functionTools(tools),
    body: {
      model: name,
      messages: messagesOf(prompt),
      stream: true,
      ...(thinking && { think: true }),
      // Without num_ctx Ollama cuts the prompt silently to its default.
      options: {
        num_ctx: contextTokens,
        num_predict: maxOutputTokens,
        ...(temperature !== undefined && { temperature }),
      },
    },
  };
}

function messagesOf({ system, messages }: Prompt): JsonObject[] {
  const names = new Map<string, string>();
  const list: JsonObject[] = system === "" ? [] : [{ role: "system", content: system }];
  for (const message of messages) {
    for (const { id, tool } of callsOf(message)) names.set(id, tool);
    list.push(...(message.role === "tool" ? resultsOf(message, names) : [spoken(message)]));
  }
  return list;
}

function spoken(message: Message): JsonObject {
  const images = message.parts.filter((part) => part.type === "image").map(({ base64 }) => base64);
  const calls = callsOf(message);
  return {
    role: message.role,
    content: textOf(message),
    ...(images.length > 0 && { images }),
    ...(calls.length > 0 && { tool_calls: calls.map(toolCall) }),
  };
}

function toolCall({ tool, input, invalid }: CallPart): JsonObject {
  return { function: { name: tool, arguments: invalid === undefined ? input : { invalid } } };
}

function resultsOf(message: Message, names: ReadonlyMap<string, string>): JsonObject[] {
  return message.parts.flatMap((part): JsonObject[] => {
    if (part.type !== "result") return [];
    const images: readonly Image[] = part.images ?? [];
    return [
      {
        role: "tool",
        tool_name: names.get(part.id) ?? "unknown",
        content: resultText(part),
        ...(images.length > 0 && { images: images.map(({ base64 }) => base64) }),
      },
    ];
  });
}
