import type { Json } from "./json.ts";

export interface Image {
  /** For example `image/png`. */
  readonly mime: string;
  readonly base64: string;
}

/** Plain JSON, so that a session is a file of lines. */
export type Part = TextPart | ThinkingPart | ImagePart | CallPart | ResultPart;

export interface TextPart {
  readonly type: "text";
  readonly text: string;
  /** It holds words of strangers. */
  readonly untrusted?: true;
}

/** Reasoning, sent back unchanged to the provider that made it. */
export interface ThinkingPart {
  readonly type: "thinking";
  readonly text: string;
  /** The provider's proof or encrypted form; without it the part is not sent back. */
  readonly signature?: string;
  /** The provider's own id of the part (OpenAI Responses). */
  readonly id?: string;
  /** Which wire protocol made it; another one must not get it. */
  readonly protocol?: string;
  /** Anthropic's `redacted_thinking`: `signature` holds its data. */
  readonly redacted?: true;
}

export interface ImagePart extends Image {
  readonly type: "image";
}

export interface CallPart {
  readonly type: "call";
  readonly id: string;
  readonly tool: string;
  readonly input: Json;
  /** What the model wrote, when it could not be read as JSON; such a call is answered, not run. */
  readonly invalid?: string;
  /** Gemini's `thoughtSignature`, sent back unchanged. */
  readonly signature?: string;
}

export interface ResultPart {
  readonly type: "result";
  /** The id of the call it answers. */
  readonly id: string;
  readonly text: string;
  readonly images?: readonly Image[];
  readonly failed?: true;
  /** It holds words of strangers. */
  readonly untrusted?: true;
}

export interface Message {
  readonly role: "user" | "assistant" | "tool";
  readonly parts: readonly Part[];
  /** Unix milliseconds. */
  readonly at: number;
}

export function textOf(message: Message): string {
  let text = "";
  for (const part of message.parts) if (part.type === "text") text += part.text;
  return text;
}

export function callsOf(message: Message): CallPart[] {
  return message.parts.filter((part) => part.type === "call");
}
