import type { Message } from "./message.ts";
import type { Usage } from "./model.ts";

/** An append-only log; a summary stands for everything before it. */
export type Entry = MessageEntry | SummaryEntry | AskEntry | AnswerEntry;

/** The calls of the message before it wait for the user's word. */
export interface AskEntry {
  readonly type: "ask";
  readonly id: string;
  readonly turn: string;
  /** Who may answer. */
  readonly asked: { readonly channel: string; readonly sender: string };
  /** The tools that wait. */
  readonly tools: readonly string[];
  /** Unix milliseconds; without an answer by then it is a no. */
  readonly until: number;
  /** Unix milliseconds. */
  readonly at: number;
}

export interface AnswerEntry {
  readonly type: "answer";
  readonly id: string;
  /** The turn of the answer. */
  readonly turn: string;
  /** The id of the question. */
  readonly ask: string;
  /** `late` after its time · `else` the message spoke of something else */
  readonly verdict: "once" | "session" | "always" | "no" | "late" | "else";
  readonly tools: readonly string[];
  /** Unix milliseconds. */
  readonly at: number;
}

export interface MessageEntry {
  readonly type: "message";
  /** Unique in the session. */
  readonly id: string;
  /** The turn it belongs to. */
  readonly turn: string;
  readonly message: Message;
  /** The model that wrote it, for assistant messages. */
  readonly model?: string;
  readonly usage?: Usage;
}

export interface SummaryEntry {
  readonly type: "summary";
  readonly id: string;
  /** Empty: the user cleared the conversation. */
  readonly text: string;
  /** The newest entries before the summary that it does not cover, to be kept word for word. */
  readonly keep: number;
  /** Unix milliseconds. */
  readonly at: number;
}

export interface SessionInfo {
  readonly session: string;
  readonly bytes: number;
  /** Unix milliseconds. */
  readonly updatedAt: number;
}

export interface SessionStore {
  /** In order, each entry whole or not at all; on the disk for sure only after `sync`. */
  append(session: string, entries: readonly Entry[]): Promise<void>;
  /** The newest `limit` entries, oldest first (all without a limit). An unknown session is empty. */
  read(session: string, limit?: number): Promise<Entry[]>;
  list(): Promise<SessionInfo[]>;
  /** False when there was none. */
  remove(session: string): Promise<boolean>;
  /** Forces what was appended to these sessions onto the disk. */
  sync(sessions: readonly string[]): Promise<void>;
}

/** The messages from the user's last one on; answers to questions do not count as such. */
export function sinceUser(entries: readonly Entry[]): Message[] {
  const messages = entries.flatMap((entry) => (entry.type === "message" ? entry.message : []));
  return messages.slice(
    Math.max(
      0,
      messages.findLastIndex(({ role }) => role === "user"),
    ),
  );
}
