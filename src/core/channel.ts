import type { Address } from "./address.ts";
import type { Delegated } from "./delegation.ts";
import type { ErrorCode } from "./error.ts";
import type { Message, Part } from "./message.ts";
import type { Effort, ModelEvent, Usage } from "./model.ts";

/** One message from outside, already checked by the channel it came through. */
export interface Inbound {
  /** The platform's id of the message; a second one with the same channel and id is a duplicate. */
  readonly id: string;
  readonly from: Address;
  readonly sender: string;
  /** The room or group it was said in; absent in a conversation of two. */
  readonly group?: string;
  /** `channel:chat` unless the sender picked another. */
  readonly session: string;
  readonly parts: readonly Part[];
  /** Unix milliseconds. */
  readonly at: number;
  /** True: the turn is finished and its answer kept even if the sender goes or we crash. */
  readonly durable: boolean;
  /** The conversation so far, when the sender keeps it himself; then no session file is kept. */
  readonly history?: readonly Message[];
  readonly settings?: TurnSettings;
  /** Set when an agent wrote it. */
  readonly delegated?: Delegated;
}

/** What a sender may choose for one turn. */
export interface TurnSettings {
  readonly model?: string;
  /** Added to the system prompt. */
  readonly system?: string;
  readonly maxOutputTokens?: number;
  readonly temperature?: number;
  readonly thinking?: Effort;
}

/** What the user gets in the end; there is always one. */
export interface Reply {
  readonly text: string;
  readonly usage: Usage;
  readonly model: string;
  /** `length` cut by the model's limit · `limit` iterations used up · `loop` the loop breaker · `failed` see `error`. */
  readonly stop: "end" | "length" | "filtered" | "limit" | "loop" | "failed";
  /** Words of strangers were read for it. */
  readonly untrusted?: true;
  readonly error?: { readonly code: ErrorCode; readonly message: string; readonly retryAfterMs?: number };
}

export type TurnEvent =
  | Exclude<ModelEvent, { type: "done" }>
  | {
      readonly type: "tool";
      readonly id: string;
      readonly name: string;
      readonly state: "started" | "finished" | "failed";
      /** One short line: the arguments when started, the beginning of the result afterwards. */
      readonly summary: string;
    }
  | { readonly type: "notice"; readonly text: string }
  | { readonly type: "reply"; readonly reply: Reply };

/** A reply on its way out. `id` is the idempotency key: a channel that saw it delivers nothing. */
export interface Outgoing {
  readonly id: string;
  readonly to: Address;
  /** Ends with exactly one `reply`. */
  readonly events: AsyncIterable<TurnEvent>;
}

export interface Deliverer {
  readonly name: string;
  /** Resolves when the platform has taken the whole reply. */
  deliver(outgoing: Outgoing): Promise<void>;
}

export interface Channel extends Deliverer {
  /** Runs until the signal aborts (then resolves) or the connection is lost (then rejects). */
  listen(receive: (inbound: Inbound) => Promise<void>, signal: AbortSignal): Promise<void>;
}
