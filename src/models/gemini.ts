import { isJsonObject, type Json, type JsonObject, objectIn } from "../core/json.ts";
import type { Image, Message, Part, ResultPart } from "../core/message.ts";
import type { Effort, ModelDone, ModelEvent, Prompt } from "../core/model.ts";
import { type Answer, count, figures, newAnswer } from "./answer.ts";
import { type Ask, cutOff, exchange } from "./exchange.ts";
import { errorInside, providerError } from "./provider-error.ts";
import { type WireOptions, wireOf } from "./wire.ts";
import { alternating, toolWriter } from "./wire-messages.ts";

/** Google Gemini: https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent */
export const gemini = wireOf(stream);

const protocol = "gemini";

async function* stream(options: WireOptions, prompt: Prompt, signal: AbortSignal): AsyncGenerator<ModelEvent> {
  const answer = newAnswer(options, prompt, protocol);
  const calls = { count: 0 };
  let stop: ModelDone["stop"] | undefined;
  for await (const event of exchange(options, askFor(options, prompt), signal)) {
    if (event["error"]) throw errorInside(options, event["error"]);
    readUsage(answer, objectIn(event, "usageMetadata"));
    if (objectIn(event, "promptFeedback")["blockReason"]) stop = "filtered";
    const candidate = candidateIn(event);
    for (const part of partsIn(candidate)) yield* readPart(answer, part, calls);
    stop = stopOf(options, candidate) ?? stop;
  }
  if (stop === undefined) throw cutOff(options);
  yield await answer.done(stop);
}

function candidateIn(event: JsonObject): JsonObject {
  const { candidates } = event;
  const first = Array.isArray(candidates) ? candidates[0] : undefined;
  return isJsonObject(first) ? first : {};
}

function partsIn(candidate: JsonObject): JsonObject[] {
  const { parts } = objectIn(candidate, "content");
  return Array.isArray(parts) ? parts.filter(isJsonObject) : [];
}

function stopOf(options: WireOptions, { finishReason }: JsonObject): ModelDone["stop"] | undefined {
  if (finishReason === "MALFORMED_FUNCTION_CALL" || finishReason === "UNEXPECTED_TOOL_CALL") {
    throw providerError(options, { code: "unavailable", problem: `wrote a broken tool call (${finishReason})` });
  }
  if (typeof finishReason !== "string") return undefined;
  if (finishReason === "MAX_TOKENS") return "length";
  return filters.includes(finishReason) ? "filtered" : "end";
}

const filters = ["SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY"];

function readPart(answer: Answer, part: JsonObject, calls: { count: number }): ModelEvent[] {
  const { text, thought, thoughtSignature, functionCall } = part;
  const signature = typeof thoughtSignature === "string" ? thoughtSignature : undefined;
  if (isJsonObject(functionCall)) {
    const { id, name, args } = functionCall;
    answer.call(calls.count++, {
      id: typeof id === "string" ? id : undefined,
      tool: String(name),
      json: JSON.stringify(args ?? {}),
      signature,
    });
    return [];
  }
  if (typeof text !== "string") return [];
  return thought === true ? answer.thinking(text) : answer.text(text);
}

function readUsage(answer: Answer, usage: JsonObject): void {
  const written = count(usage["candidatesTokenCount"]);
  const reasoningTokens = count(usage["thoughtsTokenCount"]);
  const said = written === undefined && reasoningTokens === undefined;
  answer.usage(
    figures({
      inputTokens: count(usage["promptTokenCount"]),
      outputTokens: said ? undefined : (written ?? 0) + (reasoningTokens ?? 0),
      cacheReadTokens: count(usage["cachedContentTokenCount"]),
      reasoningTokens,
    }),
  );
}

/** From Gemini 3 on the effort has a name; before it was a budget. */
const takesLevel = /gemini-([3-9]|\d\d)/;
const budgetTokens: Readonly<Record<Effort, number>> = { low: 1024, medium: 8192, high: 24_576 };

function askFor({ name }: WireOptions, prompt: Prompt): Ask {
  const { system, tools, temperature, thinking, maxOutputTokens } = prompt;
  const declared = declarations(tools);
  return {
    path: `/models/${encodeURIComponent(name)}:streamGenerateContent?alt=sse`,
    keyIn: "x-goog-api-key",
    format: "sse",
    droppable: [],
    tools: declared && `[{"functionDeclarations":${declared}}]`,
    body: {
      ...(system !== "" && { systemInstruction: { parts: [{ text: system }] } }),
      contents: contentsOf(prompt.messages),
      generationConfig: {
        maxOutputTokens,
        ...(temperature !== undefined && { temperature }),
        ...(thinking && { thinkingConfig: thinkingOf(name, thinking) }),
      },
    },
  };
}

const declarations = toolWriter(({ name, description, input }) => ({ name, description, parametersJsonSchema: input }));

function thinkingOf(name: string, effort: Effort): JsonObject {
  const level: JsonObject = takesLevel.test(name)
    ? { thinkingLevel: effort }
    : { thinkingBudget: budgetTokens[effort] };
  return { includeThoughts: true, ...level };
}

function contentsOf(messages: readonly Message[]): JsonObject[] {
  const names = new Map(
    messages.flatMap(({ parts }) => parts.flatMap((part) => (part.type === "call" ? [[part.id, part.tool]] : []))) as [
      string,
      string,
    ][],
  );
  return alternating(messages, (part) => partOf(part, names)).map(({ role, blocks }) => ({
    role: role === "assistant" ? "model" : "user",
    parts: blocks,
  }));
}

function partOf(part: Part, names: ReadonlyMap<string, string>): JsonObject[] {
  switch (part.type) {
    case "text":
      return part.text === "" ? [] : [{ text: part.text }];
    case "image":
      return [inlineImage(part)];
    case "thinking":
      return [];
    case "call": {
      const args: Json = part.invalid === undefined ? part.input : { invalid: part.invalid };
      // Gemini 3 refuses a call without a signature; this value stands for "made by another model".
      const thoughtSignature = part.signature ?? "skip_thought_signature_validator";
      return [{ functionCall: { name: part.tool, args }, thoughtSignature }];
    }
    case "result":
      return resultParts(part, names.get(part.id) ?? "unknown");
  }
}

function resultParts({ text, images = [], failed }: ResultPart, name: string): JsonObject[] {
  const response: JsonObject = failed ? { error: text } : { output: text };
  return [{ functionResponse: { name, response } }, ...images.map(inlineImage)];
}

function inlineImage({ mime, base64 }: Image): JsonObject {
  return { inlineData: { mimeType: mime, data: base64 } };
}
