import type { Message } from "./message.ts";
import type { ToolSpec } from "./tool.ts";

export interface Usage {
  /** All tokens of the prompt, those read from or written to a cache included. */
  readonly inputTokens: number;
  /** All tokens of the answer, reasoning included. */
  readonly outputTokens: number;
  readonly cacheReadTokens?: number;
  readonly cacheWriteTokens?: number;
  readonly reasoningTokens?: number;
  /** What it cost, in billionths of a US dollar; absent where nobody knows its price. */
  readonly costNano?: number;
  /** True when the provider gave no figures and these are our count. */
  readonly estimated?: true;
}

export type Effort = "low" | "medium" | "high";

export interface Prompt {
  /** Stable from turn to turn, so that providers can cache it. */
  readonly system: string;
  readonly messages: readonly Message[];
  readonly tools: readonly ToolSpec[];
  readonly maxOutputTokens: number;
  readonly temperature?: number;
  /** How much the model should think first; absent = the provider's default. */
  readonly thinking?: Effort;
  /** Names the conversation, for the provider's prompt cache. */
  readonly session: string;
  /** About how many tokens all of this is, in our own count, where somebody has counted. */
  readonly tokens?: number;
}

/**
 * Deltas, then exactly one `done`, last. A failure is thrown as WeftError, never yielded.
 * `restart` says that the text and thinking so far are void: the answer begins again.
 */
export type ModelEvent =
  | { readonly type: "text"; readonly delta: string }
  | { readonly type: "thinking"; readonly delta: string }
  | { readonly type: "restart"; readonly reason: string }
  | ModelDone;

export interface ModelDone {
  readonly type: "done";
  readonly message: Message;
  readonly usage: Usage;
  readonly stop: "end" | "calls" | "length" | "filtered";
  /** The model that answered, `vendor/model`. */
  readonly model: string;
}

export interface Model {
  /** `vendor/model`, as in the configuration. */
  readonly id: string;
  readonly contextTokens: number;
  /** What it may write beyond `maxOutputTokens`, which some count without the thinking. */
  extraOutputTokens?(prompt: Prompt): number;
  stream(prompt: Prompt, signal: AbortSignal): AsyncIterable<ModelEvent>;
}
