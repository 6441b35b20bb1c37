import type { ProviderDoor } from "../core/door.ts";
import type { Model, ModelEvent, Prompt } from "../core/model.ts";

/** How long to wait for what, milliseconds. */
export interface Timeouts {
  readonly connectMs: number;
  /** From the request to the first event of the answer. */
  readonly firstTokenMs: number;
  /** Between two events of the answer. */
  readonly idleMs: number;
  readonly totalMs: number;
}

/** Everything one wire protocol needs to speak to one model with one key. */
export interface WireOptions {
  /** `vendor/model`, what `Model.id` shall be. */
  readonly id: string;
  /** The model's name on the wire. */
  readonly name: string;
  /** Base URL without a trailing slash, for example `https://api.openai.com/v1`. */
  readonly url: string;
  readonly contextTokens: number;
  readonly timeouts: Timeouts;
  readonly door: ProviderDoor;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** One per file of this room; no retries in here: those are `steady.ts`'s. */
export type Wire = (options: WireOptions) => Model;

/** A protocol is how it streams one answer. */
export function wireOf(
  stream: (options: WireOptions, prompt: Prompt, signal: AbortSignal) => AsyncIterable<ModelEvent>,
  extraOutputTokens: (options: WireOptions, prompt: Prompt) => number = () => 0,
): Wire {
  return (options) => ({
    id: options.id,
    contextTokens: options.contextTokens,
    extraOutputTokens: (prompt) => extraOutputTokens(options, prompt),
    stream: (prompt, signal) => stream(options, prompt, signal),
  });
}
