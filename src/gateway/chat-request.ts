import * as v from "valibot";
import type { Inbound, TurnSettings } from "../core/channel.ts";
import type { Json } from "../core/json.ts";
import type { CallPart, Message, Part } from "../core/message.ts";
import type { Effort } from "../core/model.ts";
import { type ApiError, type Checked, invalidRequest } from "./api-error.ts";
import { type ChatMessage, type ChatRequest, chatRequestSchema } from "./protocol.ts";

/** The body of a chat request, or what is wrong with it and where. */
export function parseChatRequest(body: unknown): Checked<ChatRequest> {
  const parsed = v.safeParse(chatRequestSchema, body, { abortEarly: true });
  if (!parsed.success) return { refused: problemOf(parsed.issues[0]) };
  const refused = orderProblem(parsed.output.messages);
  return refused ? { refused } : { value: parsed.output };
}

/** Parameters without effect, as far as their names can stand in a header. */
export function ignoredParameters(request: ChatRequest): string[] {
  const known = chatRequestSchema.entries;
  const unknown = Object.entries(request).filter(([name, value]) => value !== null && !Object.hasOwn(known, name));
  const names = unknown.map(([name]) => name).filter((name) => /^[\w.-]{1,64}$/.test(name));
  if (request.reasoning_effort === "none") names.push("reasoning_effort");
  return names.slice(0, 20);
}

/** What the request says, apart from the conversation it belongs to. */
export function settingsOf(request: ChatRequest, model: string | undefined): TurnSettings {
  const system = request.messages.filter(isInstruction).map(({ content }) => textOfContent(content));
  const maxOutputTokens = request.max_completion_tokens ?? request.max_tokens;
  const { temperature } = request;
  const thinking = request.reasoning_effort && efforts[request.reasoning_effort];
  return {
    ...(model !== undefined && { model }),
    ...(system.length > 0 && { system: system.join("\n\n") }),
    ...(typeof maxOutputTokens === "number" && { maxOutputTokens }),
    ...(typeof temperature === "number" && { temperature }),
    ...(thinking && { thinking }),
  };
}

/** The newest words of the user, for a conversation that weft keeps. */
export function lastMessage(request: ChatRequest): readonly Part[] {
  return partsOf(request.messages.findLast((message) => !isInstruction(message)));
}

/** The request's own conversation: what came before, and the user's messages at its end. */
export function ownConversation(request: ChatRequest, at: number): Required<Pick<Inbound, "history" | "parts">> {
  const messages = request.messages.filter((message) => !isInstruction(message));
  const newest = messages.findLastIndex(({ role }) => role !== "user") + 1;
  const history = messages.slice(0, newest).map((message) => historyMessage(message, at));
  return {
    history: history.filter(({ parts }) => parts.length > 0),
    parts: messages.slice(newest).flatMap((message) => partsOf(message)),
  };
}

/** weft knows three efforts; OpenAI's outer ones count as the nearest, and thinking cannot be switched off. */
const efforts: Readonly<Record<NonNullable<ChatRequest["reasoning_effort"]>, Effort | undefined>> = {
  none: undefined,
  minimal: "low",
  low: "low",
  medium: "medium",
  high: "high",
  xhigh: "high",
};

type Instruction = Extract<ChatMessage, { role: "system" | "developer" }>;

function isInstruction(message: ChatMessage): message is Instruction {
  return message.role === "system" || message.role === "developer";
}

function historyMessage(message: ChatMessage, at: number): Message {
  const role = message.role === "assistant" || message.role === "tool" ? message.role : "user";
  return { role, parts: partsOf(message), at };
}

function partsOf(message: ChatMessage | undefined): Part[] {
  if (message?.role === "tool") {
    return [{ type: "result", id: message.tool_call_id, text: textOfContent(message.content) }];
  }
  const { content } = message ?? {};
  const parts = (typeof content === "string" ? [{ type: "text" as const, text: content }] : (content ?? [])).map(
    partOf,
  );
  const calls = message?.role === "assistant" ? (message.tool_calls ?? []).map(callOf) : [];
  return [...parts.filter((part) => part.type !== "text" || part.text !== ""), ...calls];
}

type ContentPart = Exclude<NonNullable<ChatMessage["content"]>, string>[number];

function partOf(part: ContentPart): Part {
  switch (part.type) {
    case "text":
      return { type: "text", text: part.text };
    case "refusal":
      return { type: "text", text: part.refusal };
    case "image_url": {
      const { url } = part.image_url;
      const semicolon = url.indexOf(";");
      return { type: "image", mime: url.slice("data:".length, semicolon), base64: url.slice(url.indexOf(",") + 1) };
    }
  }
}

function callOf({ id, function: called }: NonNullable<AssistantMessage["tool_calls"]>[number]): CallPart {
  const call = { type: "call" as const, id, tool: called.name };
  if (called.arguments.trim() === "") return { ...call, input: {} };
  try {
    return { ...call, input: JSON.parse(called.arguments) as Json };
  } catch {
    return { ...call, input: {}, invalid: called.arguments };
  }
}

type AssistantMessage = Extract<ChatMessage, { role: "assistant" }>;

function textOfContent(content: Instruction["content"]): string {
  return typeof content === "string" ? content : content.map(({ text }) => text).join("");
}

/** What a schema cannot say: the user has the last word, and each call is followed by its results. */
function orderProblem(messages: readonly ChatMessage[]): ApiError | undefined {
  let open = new Set<string>();
  for (const [index, message] of messages.entries()) {
    if (message.role === "tool") {
      if (open.delete(message.tool_call_id)) continue;
      const problem = `there is no call ${JSON.stringify(message.tool_call_id)} before it that wants a result`;
      return invalidRequest(problem, `messages.${index}.tool_call_id`);
    }
    if (open.size > 0) return unanswered(open, index);
    if (message.role === "assistant") open = new Set(message.tool_calls?.map(({ id }) => id));
  }
  if (open.size > 0) return unanswered(open, messages.length);
  const last = messages.findLastIndex((message) => !isInstruction(message));
  if (messages[last]?.role !== "user") return invalidRequest("the last message must be the user's", "messages");
  const said = partsOf(messages[last]);
  return said.length > 0 ? undefined : invalidRequest("the user's message is empty", `messages.${last}.content`);
}

function unanswered(open: ReadonlySet<string>, index: number): ApiError {
  const calls = [...open].map((id) => JSON.stringify(id)).join(", ");
  return invalidRequest(`tool calls without a result: ${calls}`, `messages.${index - 1}.tool_calls`);
}

/** The deepest of what a union refused is what the sender got wrong. */
function problemOf(issue: v.BaseIssue<unknown>): ApiError {
  const path: string[] = [];
  let deepest = issue;
  for (;;) {
    path.push(...(deepest.path ?? []).map(({ key }) => String(key)));
    const inner = deepest.issues?.toSorted((a, b) => (b.path?.length ?? 0) - (a.path?.length ?? 0))[0];
    if (!inner?.path) break;
    deepest = inner;
  }
  const param = path.length > 0 ? path.join(".") : undefined;
  const message = deepest.message.length > 300 ? `${deepest.message.slice(0, 300)}…` : deepest.message;
  return invalidRequest(param === undefined ? message : `${param}: ${message}`, param);
}
