import type { Address } from "./address.ts";
import type { Inbound, Reply } from "./channel.ts";
import type { Entry } from "./session.ts";

/** A turn as the journal knows it. */
export interface JournalTurn {
  readonly turn: string;
  readonly inbound: Inbound;
  /** What the turn has written so far, in order. */
  readonly entries: readonly Entry[];
  /** There once the reply is ready. */
  readonly reply?: Reply;
}

/** A message of the agent's own on its way to a chat. */
export interface OutboxItem {
  readonly id: string;
  readonly to: Address;
  readonly text: string;
}

/** What became of a message that was seen before. */
export type Seen =
  | { readonly state: "open"; readonly turn: string }
  | { readonly state: "settled"; readonly turn: string; readonly reply: Reply };

/**
 * The one append-only log of work. Every promise resolves when its record is on the disk; many share one fsync.
 * Rejects with `full` when the disk is: then the record is not there and the journal goes on.
 */
export interface Journal {
  /** The message of this channel and id, when it was accepted before. */
  seen(inbound: Inbound): Seen | undefined;
  accept(turn: string, inbound: Inbound): Promise<void>;
  /** A finished step: its entries are safe, and in the session (unless its sender keeps the history). */
  step(turn: string, entries: readonly Entry[]): Promise<void>;
  /** The reply is ready. `settled`: nobody needs it delivered, the turn is done with it. */
  reply(turn: string, outcome: { entries: readonly Entry[]; reply: Reply; settled: boolean }): Promise<void>;
  /** The reply was delivered. Lost in a crash, it is delivered again under the same id. */
  done(turn: string): Promise<void>;
  /** Turns accepted and not done, oldest first. */
  open(): JournalTurn[];
  post(item: OutboxItem): Promise<void>;
  posted(id: string): Promise<void>;
  outbox(): OutboxItem[];
  /** The session was deleted: nothing of it comes back after a crash. */
  forget(session: string): Promise<void>;
  /** For `status`: the size of the files and when a record was last written. */
  health(): { readonly bytes: number; readonly open: number; readonly lastWriteAt: number };
  close(): Promise<void>;
}
