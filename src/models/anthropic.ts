import { isJsonObject, type Json, type JsonObject, objectIn } from "../core/json.ts";
import type { Image, Message, Part, ResultPart } from "../core/message.ts";
import type { Effort, ModelDone, ModelEvent, Prompt } from "../core/model.ts";
import { type Answer, count, figures, newAnswer } from "./answer.ts";
import { type Ask, cutOff, exchange } from "./exchange.ts";
import { errorInside } from "./provider-error.ts";
import { type WireOptions, wireOf } from "./wire.ts";
import { alternating, toolWriter } from "./wire-messages.ts";

/** Anthropic Messages: https://docs.claude.com/en/api/messages-streaming */
export const anthropic = wireOf(stream, ({ name }, prompt) => budgetOf(name, prompt));

const protocol = "anthropic";

async function* stream(options: WireOptions, prompt: Prompt, signal: AbortSignal): AsyncGenerator<ModelEvent> {
  const answer = newAnswer(options, prompt, protocol);
  let stop: ModelDone["stop"] | undefined;
  for await (const event of exchange(options, askFor(options, prompt), signal)) {
    switch (event["type"]) {
      case "message_start":
        readUsage(answer, objectIn(objectIn(event, "message"), "usage"));
        break;
      case "content_block_start":
        yield* beginBlock(answer, event);
        break;
      case "content_block_delta":
        yield* readDelta(answer, event);
        break;
      case "message_delta": {
        readUsage(answer, objectIn(event, "usage"));
        const reason = objectIn(event, "delta")["stop_reason"];
        if (typeof reason === "string") stop = stops[reason] ?? "end";
        break;
      }
      case "error":
        throw errorInside(options, event["error"] ?? event);
    }
  }
  if (stop === undefined) throw cutOff(options);
  yield await answer.done(stop);
}

const stops: Readonly<Record<string, ModelDone["stop"]>> = {
  end_turn: "end",
  stop_sequence: "end",
  tool_use: "calls",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  refusal: "filtered",
};

function beginBlock(answer: Answer, event: JsonObject): ModelEvent[] {
  const block = objectIn(event, "content_block");
  switch (block["type"]) {
    case "text":
      return answer.text(textIn(block, "text"));
    case "thinking":
      return answer.thinking(textIn(block, "thinking"));
    case "redacted_thinking":
      answer.sign({ signature: textIn(block, "data"), redacted: true });
      return [];
    case "tool_use": {
      const input = block["input"];
      const json = isJsonObject(input) && Object.keys(input).length > 0 ? JSON.stringify(input) : undefined;
      answer.call(Number(event["index"]), { id: textIn(block, "id"), tool: textIn(block, "name"), json });
    }
  }
  return [];
}

function readDelta(answer: Answer, event: JsonObject): ModelEvent[] {
  const delta = objectIn(event, "delta");
  switch (delta["type"]) {
    case "text_delta":
      return answer.text(textIn(delta, "text"));
    case "thinking_delta":
      return answer.thinking(textIn(delta, "thinking"));
    case "signature_delta":
      answer.sign({ signature: textIn(delta, "signature") });
      return [];
    case "input_json_delta":
      answer.call(Number(event["index"]), { json: textIn(delta, "partial_json") });
  }
  return [];
}

function textIn(value: JsonObject, key: string): string {
  const text = value[key];
  return typeof text === "string" ? text : "";
}

/** Anthropic's `input_tokens` are only those after the last cache mark. */
function readUsage(answer: Answer, usage: JsonObject): void {
  const fresh = count(usage["input_tokens"]);
  const cacheReadTokens = count(usage["cache_read_input_tokens"]);
  const cacheWriteTokens = count(usage["cache_creation_input_tokens"]);
  const inputTokens = fresh === undefined ? undefined : fresh + (cacheReadTokens ?? 0) + (cacheWriteTokens ?? 0);
  answer.usage(
    figures({ inputTokens, outputTokens: count(usage["output_tokens"]), cacheReadTokens, cacheWriteTokens }),
  );
}

/** These decide themselves how long to think, and take neither a budget nor a temperature. */
const adaptive = /claude-(opus|sonnet|haiku|fable|mythos)-(4-[6-9]|[5-9]|\d\d)/;
const budgetTokens: Readonly<Record<Effort, number>> = { low: 2048, medium: 8192, high: 24_000 };

function budgetOf(name: string, { thinking }: Prompt): number {
  return thinking && !adaptive.test(name) ? budgetTokens[thinking] : 0;
}

function askFor({ name }: WireOptions, prompt: Prompt): Ask {
  const { system, tools, temperature, thinking, maxOutputTokens } = prompt;
  const budget = budgetOf(name, prompt);
  return {
    path: "/messages",
    headers: { "anthropic-version": "2023-06-01" },
    keyIn: "x-api-key",
    format: "sse",
    droppable: ["output_config", "thinking", "temperature"],
    tools: toolsText(tools),
    body: {
      model: name,
      // The budget for thinking comes out of the same limit.
      max_tokens: maxOutputTokens + budget,
      stream: true,
      ...(system !== "" && { system: [{ type: "text", text: system, cache_control: cache }] }),
      messages: messagesOf(prompt.messages),
      ...(temperature !== undefined && !thinking && !adaptive.test(name) && { temperature: Math.min(1, temperature) }),
      ...(thinking && thinkingOf(thinking, budget)),
    },
  };
}

const toolsText = toolWriter(({ name, description, input }) => ({ name, description, input_schema: input }));

function thinkingOf(effort: Effort, budget: number): JsonObject {
  if (budget > 0) return { thinking: { type: "enabled", budget_tokens: budget } };
  return { thinking: { type: "adaptive", display: "summarized" }, output_config: { effort } };
}

/** What stands before the mark is cached: tools and system by the first, the conversation by the second. */
const cache: JsonObject = { type: "ephemeral" };

function messagesOf(messages: readonly Message[]): JsonObject[] {
  const turns = alternating(messages, blockOf);
  const newest = turns.at(-1)?.blocks;
  const block = newest?.pop();
  if (block) newest?.push({ ...block, cache_control: cache });
  return turns.map(({ role, blocks }) => ({ role, content: blocks }));
}

function blockOf(part: Part): JsonObject[] {
  switch (part.type) {
    case "text":
      return part.text.trim() === "" ? [] : [{ type: "text", text: part.text }];
    case "image":
      return [imageBlock(part)];
    case "thinking":
      if (part.protocol !== protocol || part.signature === undefined) return [];
      if (part.redacted) return [{ type: "redacted_thinking", data: part.signature }];
      return [{ type: "thinking", thinking: part.text, signature: part.signature }];
    case "call": {
      const input: Json = part.invalid === undefined ? part.input : { invalid: part.invalid };
      return [{ type: "tool_use", id: idOf(part.id), name: part.tool, input }];
    }
    case "result":
      return [resultBlock(part)];
  }
}

function imageBlock({ mime, base64 }: Image): JsonObject {
  return { type: "image", source: { type: "base64", media_type: mime, data: base64 } };
}

function resultBlock({ id, text, images = [], failed }: ResultPart): JsonObject {
  const shown = text === "" ? "(no output)" : text;
  const content: Json = images.length === 0 ? shown : [{ type: "text", text: shown }, ...images.map(imageBlock)];
  return { type: "tool_result", tool_use_id: idOf(id), content, ...(failed && { is_error: true }) };
}

/** Ids of other protocols may have characters that Anthropic refuses. */
function idOf(id: string): string {
  return id.replace(/[^a-zA-Z0-9_-]/g, "_");
}
