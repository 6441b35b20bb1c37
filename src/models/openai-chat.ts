import { isJsonObject, type Json, type JsonObject, objectIn } from "../core/json.ts";
import { type CallPart, callsOf, type Image, type Message, type Part, textOf } from "../core/message.ts";
import type { ModelDone, ModelEvent, Prompt } from "../core/model.ts";
import { type Answer, count, figures, newAnswer } from "./answer.ts";
import { type Ask, cutOff, exchange } from "./exchange.ts";
import { errorInside } from "./provider-error.ts";
import { type WireOptions, wireOf } from "./wire.ts";
import { functionTools, resultText } from "./wire-messages.ts";

/** OpenAI Chat Completions and its many imitators: https://platform.openai.com/docs/api-reference/chat */
export const openaiChat = wireOf(stream);

const protocol = "openai-chat";

async function* stream(options: WireOptions, prompt: Prompt, signal: AbortSignal): AsyncGenerator<ModelEvent> {
  const answer = newAnswer(options, prompt, protocol);
  let stop: ModelDone["stop"] | undefined;
  for await (const event of exchange(options, askFor(options, prompt), signal)) {
    if (event["error"]) throw errorInside(options, event["error"]);
    readUsage(answer, event);
    const choices = event["choices"];
    const choice = Array.isArray(choices) ? choices[0] : undefined;
    if (!isJsonObject(choice)) continue;
    // A server that does not stream sends `message` instead of `delta`.
    yield* readDelta(answer, "delta" in choice ? objectIn(choice, "delta") : objectIn(choice, "message"));
    if (typeof choice["finish_reason"] === "string") stop = stops[choice["finish_reason"]] ?? "end";
  }
  if (stop === undefined) throw cutOff(options);
  yield await answer.done(stop);
}

const stops: Readonly<Record<string, ModelDone["stop"]>> = {
  stop: "end",
  tool_calls: "calls",
  function_call: "calls",
  length: "length",
  content_filter: "filtered",
};

function readDelta(answer: Answer, delta: JsonObject): ModelEvent[] {
  const { content, refusal, reasoning_content: reasoningContent, reasoning, tool_calls: calls } = delta;
  const thought = [reasoningContent, reasoning].find((text) => typeof text === "string") ?? "";
  const events = [...answer.thinking(String(thought)), ...contentEvents(answer, content)];
  if (typeof refusal === "string") events.push(...answer.text(refusal));
  if (Array.isArray(calls)) {
    for (const [position, call] of calls.entries()) if (isJsonObject(call)) readCall(answer, call, position);
  }
  return events;
}

/** Text, or a list of text and thinking chunks as Mistral's reasoning models send it. */
function contentEvents(answer: Answer, content: Json | undefined): ModelEvent[] {
  if (typeof content === "string") return answer.text(content);
  if (!Array.isArray(content)) return [];
  return content.filter(isJsonObject).flatMap((chunk) => {
    if (typeof chunk["text"] === "string") return answer.text(chunk["text"]);
    const inner = chunk["thinking"];
    const texts = Array.isArray(inner) ? inner.filter(isJsonObject).map(({ text }) => String(text ?? "")) : [];
    return answer.thinking(texts.join(""));
  });
}

/** Some servers leave out `index` when they send each call whole. */
function readCall(answer: Answer, call: JsonObject, position: number): void {
  const made = objectIn(call, "function");
  const { name, arguments: json } = made;
  answer.call(typeof call["index"] === "number" ? call["index"] : position, {
    id: typeof call["id"] === "string" ? call["id"] : undefined,
    tool: typeof name === "string" ? name : undefined,
    json: typeof json === "string" ? json : isJsonObject(json) ? JSON.stringify(json) : undefined,
  });
}

/** The last chunk has it; Groq puts it under `x_groq`. */
function readUsage(answer: Answer, event: JsonObject): void {
  const usage = isJsonObject(event["usage"]) ? event["usage"] : objectIn(objectIn(event, "x_groq"), "usage");
  const cached = count(objectIn(usage, "prompt_tokens_details")["cached_tokens"]);
  answer.usage(
    figures({
      inputTokens: count(usage["prompt_tokens"]),
      outputTokens: count(usage["completion_tokens"]),
      cacheReadTokens: cached ?? count(usage["prompt_cache_hit_tokens"]),
      reasoningTokens: count(objectIn(usage, "completion_tokens_details")["reasoning_tokens"]),
    }),
  );
}

/** These take `max_completion_tokens` for `max_tokens`, and no temperature. */
const reasons = /(^|\/)(o\d|gpt-[5-9])/;

function askFor({ name }: WireOptions, prompt: Prompt): Ask {
  const { temperature, thinking, tools, maxOutputTokens } = prompt;
  const isReasoning = reasons.test(name);
  return {
    path: "/chat/completions",
    keyIn: "authorization",
    format: "sse",
    droppable: ["stream_options", "temperature", "reasoning_effort"],
    tools: functionTools(tools),
    body: {
      model: name,
      messages: messagesOf(prompt),
      stream: true,
      stream_options: { include_usage: true },
      ...(isReasoning ? { max_completion_tokens: maxOutputTokens } : { max_tokens: maxOutputTokens }),
      ...(temperature !== undefined && !isReasoning && { temperature }),
      ...(thinking && { reasoning_effort: thinking }),
    },
  };
}

function messagesOf({ system, messages }: Prompt): JsonObject[] {
  const lastUser = messages.findLastIndex(({ role }) => role === "user");
  const list: JsonObject[] = system === "" ? [] : [{ role: "system", content: system }];
  let pictures: Image[] = [];
  const flush = () => {
    // A tool message may hold text only, and all results must come before anything else.
    if (pictures.length > 0) list.push({ role: "user", content: pictures.map(imagePart) });
    pictures = [];
  };
  for (const [index, message] of messages.entries()) {
    if (message.role !== "tool") flush();
    if (message.role === "user") list.push({ role: "user", content: userContent(message) });
    if (message.role === "assistant") list.push(...assistantMessage(message, index > lastUser));
    for (const part of message.role === "tool" ? message.parts : []) {
      if (part.type !== "result") continue;
      list.push({
        role: "tool",
        tool_call_id: idOf(part.id),
        content: resultText(part),
      });
      pictures.push(...(part.images ?? []));
    }
  }
  flush();
  return list;
}

function userContent(message: Message): Json {
  if (message.parts.every(({ type }) => type === "text")) return textOf(message);
  return message.parts.flatMap((part: Part): JsonObject[] => {
    if (part.type === "text") return [{ type: "text", text: part.text }];
    return part.type === "image" ? [imagePart(part)] : [];
  });
}

function imagePart({ mime, base64 }: Image): JsonObject {
  return { type: "image_url", image_url: { url: `data:${mime};base64,${base64}` } };
}

/** Thinking goes back only while its tool calls are being answered (DeepSeek, Moonshot: "thinking mode"). */
function assistantMessage(message: Message, isInLoop: boolean): JsonObject[] {
  const text = textOf(message);
  const calls = callsOf(message);
  if (text === "" && calls.length === 0) return [];
  const thought = message.parts.filter((part) => part.type === "thinking" && part.protocol === protocol);
  const thinking = isInLoop ? thought.map((part) => ("text" in part ? part.text : "")).join("") : "";
  return [
    {
      role: "assistant",
      content: text === "" ? null : text,
      ...(thinking !== "" && { reasoning_content: thinking }),
      ...(calls.length > 0 && { tool_calls: calls.map(toolCall) }),
    },
  ];
}

function toolCall({ id, tool, input, invalid }: CallPart): JsonObject {
  // Arguments that are no JSON are refused by some servers, so the model sees them as text.
  const json = JSON.stringify(invalid === undefined ? input : { invalid });
  return { id: idOf(id), type: "function", function: { name: tool, arguments: json } };
}

/** OpenAI takes at most 40 characters; ids of other protocols may be longer. */
function idOf(id: string): string {
  return id.length <= 40 ? id : id.slice(-40);
}
