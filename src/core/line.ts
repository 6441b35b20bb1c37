import type { Inbound, TurnEvent } from "./channel.ts";

/** The straight line every message takes: journal, lane, turn, journal, deliver. Nobody goes around it. */
export interface Line {
  /**
   * Resolves when the message is safe on the disk. Throws `limit` when a queue is full or messages come too fast, `full` when the disk is,
   * `unavailable` while shutting down; then nothing was accepted.
   */
  receive(inbound: Inbound): Promise<Receipt>;
  /** Ends the running turn of a session and the sub-agents that its turns began; false when there are none. */
  stop(session: string): boolean;
  /** The sessions with a turn running or waiting. */
  busy(): { readonly running: number; readonly waiting: number };
}

export interface Receipt {
  /** Our id of the turn. */
  readonly turn: string;
  /** The message was seen before: `events` is the same turn, running or finished. */
  readonly duplicate: boolean;
  /** Ends with exactly one `reply`; for one reader. Not reading does not hold up the turn. */
  readonly events: AsyncIterable<TurnEvent>;
  /** The sender has gone: ends the turn unless it is durable. */
  abandon(): void;
}
