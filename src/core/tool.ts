import type { Address } from "./address.ts";
import type { Caller } from "./delegation.ts";
import type { Json, JsonObject } from "./json.ts";
import type { Image } from "./message.ts";

export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments, an object schema. */
  readonly input: JsonObject;
}

/** Who a turn is run for; policy decides by it. */
export interface Actor {
  readonly channel: string;
  readonly sender: string;
  /** The room or group it was said in; absent in a conversation of two. */
  readonly group?: string;
  /** The agent that acts for the sender, where it is not the standard one. */
  readonly agent?: string;
  /** The scheduled job that began it. */
  readonly job?: string;
}

export interface ToolContext {
  readonly session: string;
  readonly actor: Actor;
  readonly signal: AbortSignal;
  /** Sends a message of the agent's own to a chat; resolves when it is safely in the outbox. */
  send(to: Address, text: string): Promise<void>;
  /** Absent where a tool runs outside of a turn. */
  readonly caller?: Caller;
}

export interface ToolOutput {
  readonly text: string;
  readonly images?: readonly Image[];
  /** This one result holds words of strangers. */
  readonly untrusted?: true;
}

/** What `run` returns goes to the model, and so does a thrown error, marked as failed. */
export interface Tool extends ToolSpec {
  /** `read` may run beside others and again after a crash; `write` runs alone and at most once. */
  readonly effect: "read" | "write";
  /** Its results hold words of strangers. */
  readonly strangers?: true;
  /** Its arguments say where to send something, and what. */
  readonly egress?: true;
  run(input: Json, context: ToolContext): Promise<string | ToolOutput>;
}
