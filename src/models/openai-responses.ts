import { type Json, type JsonObject, objectIn } from "../core/json.ts";
import type { Image, Message, Part, ResultPart } from "../core/message.ts";
import type { ModelDone, ModelEvent, Prompt } from "../core/model.ts";
import { type Answer, count, figures, newAnswer } from "./answer.ts";
import { type Ask, cutOff, exchange } from "./exchange.ts";
import { errorInside } from "./provider-error.ts";
import { type WireOptions, wireOf } from "./wire.ts";
import { resultText, toolWriter } from "./wire-messages.ts";

/** OpenAI Responses, without state at OpenAI: https://platform.openai.com/docs/api-reference/responses-streaming */
export const openaiResponses = wireOf(stream);

const protocol = "openai-responses";

async function* stream(options: WireOptions, prompt: Prompt, signal: AbortSignal): AsyncGenerator<ModelEvent> {
  const answer = newAnswer(options, prompt, protocol);
  let stop: ModelDone["stop"] | undefined;
  for await (const event of exchange(options, askFor(options, prompt), signal)) {
    switch (event["type"]) {
      case "response.output_text.delta":
      case "response.refusal.delta":
        yield* answer.text(String(event["delta"] ?? ""));
        break;
      case "response.reasoning_summary_text.delta":
      case "response.reasoning_text.delta":
        yield* answer.thinking(String(event["delta"] ?? ""));
        break;
      case "response.output_item.done":
        readItem(answer, event);
        break;
      case "response.completed":
      case "response.incomplete":
        stop = readEnd(answer, objectIn(event, "response"));
        break;
      case "response.failed":
        throw errorInside(options, objectIn(event, "response")["error"] ?? event);
      case "error":
        throw errorInside(options, event["error"] ?? event);
    }
  }
  if (stop === undefined) throw cutOff(options);
  yield await answer.done(stop);
}

/** A finished item; text has come as deltas already. */
function readItem(answer: Answer, event: JsonObject): void {
  const item = objectIn(event, "item");
  if (item["type"] === "function_call") {
    const { call_id: id, name, arguments: json } = item;
    answer.call(Number(event["output_index"]), { id: String(id), tool: String(name), json: String(json ?? "") });
  }
  if (item["type"] === "reasoning" && typeof item["encrypted_content"] === "string") {
    answer.sign({ id: String(item["id"]), signature: item["encrypted_content"] });
  }
}

function readEnd(answer: Answer, response: JsonObject): ModelDone["stop"] {
  const usage = objectIn(response, "usage");
  answer.usage(
    figures({
      inputTokens: count(usage["input_tokens"]),
      outputTokens: count(usage["output_tokens"]),
      cacheReadTokens: count(objectIn(usage, "input_tokens_details")["cached_tokens"]),
      reasoningTokens: count(objectIn(usage, "output_tokens_details")["reasoning_tokens"]),
    }),
  );
  if (response["status"] !== "incomplete") return "end";
  return objectIn(response, "incomplete_details")["reason"] === "content_filter" ? "filtered" : "length";
}

/** These think before they answer, and take no temperature. */
const reasons = /^(o\d|gpt-[5-9](?!.*chat)|codex)/;

function askFor({ name }: WireOptions, prompt: Prompt): Ask {
  const { system, tools, temperature, thinking, maxOutputTokens, session } = prompt;
  const isReasoning = reasons.test(name);
  return {
    path: "/responses",
    keyIn: "authorization",
    format: "sse",
    droppable: ["reasoning", "include", "temperature", "prompt_cache_key"],
    tools: toolsText(tools),
    body: {
      model: name,
      ...(system !== "" && { instructions: system }),
      input: prompt.messages.flatMap(itemsOf),
      stream: true,
      store: false,
      max_output_tokens: Math.max(16, maxOutputTokens),
      prompt_cache_key: session.slice(0, 64),
      ...(isReasoning && {
        include: ["reasoning.encrypted_content"],
        reasoning: { summary: "auto", ...(thinking && { effort: thinking }) },
      }),
      ...(temperature !== undefined && !isReasoning && { temperature }),
    },
  };
}

const toolsText = toolWriter(({ name, description, input }) => ({
  type: "function",
  name,
  description,
  parameters: input,
  strict: false,
}));

function itemsOf(message: Message): JsonObject[] {
  if (message.role !== "user") return message.parts.flatMap(itemOf);
  const content = message.parts.flatMap((part): JsonObject[] => {
    if (part.type === "text") return [{ type: "input_text", text: part.text }];
    return part.type === "image" ? [inputImage(part)] : [];
  });
  return content.length === 0 ? [] : [{ role: "user", content }];
}

function itemOf(part: Part): JsonObject[] {
  switch (part.type) {
    case "text":
      return part.text === "" ? [] : [{ role: "assistant", content: [{ type: "output_text", text: part.text }] }];
    case "thinking": {
      if (part.protocol !== protocol || part.signature === undefined || part.id === undefined) return [];
      const summary = part.text === "" ? [] : [{ type: "summary_text", text: part.text }];
      return [{ type: "reasoning", id: part.id, summary, encrypted_content: part.signature }];
    }
    case "call": {
      const json = JSON.stringify(part.invalid === undefined ? part.input : { invalid: part.invalid });
      return [{ type: "function_call", call_id: idOf(part.id), name: part.tool, arguments: json }];
    }
    case "result":
      return [{ type: "function_call_output", call_id: idOf(part.id), output: outputOf(part) }];
    case "image":
      return [];
  }
}

function outputOf(part: ResultPart): Json {
  const shown = resultText(part);
  const { images = [] } = part;
  return images.length === 0 ? shown : [{ type: "input_text", text: shown }, ...images.map(inputImage)];
}

function inputImage({ mime, base64 }: Image): JsonObject {
  return { type: "input_image", image_url: `data:${mime};base64,${base64}` };
}

/** At most 64 characters. */
function idOf(id: string): string {
  return id.length <= 64 ? id : id.slice(-64);
}
