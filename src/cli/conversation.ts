import type { TurnEvent } from "../core/channel.ts";

/** Somebody to talk to: our own agent, or the gateway that owns the workspace. */
export interface Conversation {
  /** Where it is, for people. */
  readonly about: string;
  /** Ends with exactly one `reply`. Aborting the signal ends the turn. */
  send(question: Question, signal: AbortSignal): AsyncIterable<TurnEvent>;
  close(): Promise<void>;
}

export interface Question {
  readonly text: string;
  readonly session: string;
  readonly model?: string | undefined;
}
