import type { Inbound, Reply } from "../core/channel.ts";
import type { JournalTurn, OutboxItem } from "../core/journal.ts";
import { isJsonObject } from "../core/json.ts";
import type { Entry } from "../core/session.ts";

/** One line of the journal. */
export type JournalRecord =
  | { readonly t: "accepted"; readonly turn: string; readonly inbound: Inbound }
  | { readonly t: "step"; readonly turn: string; readonly session: string; readonly entries: readonly Entry[] }
  | {
      readonly t: "reply";
      readonly turn: string;
      readonly session: string;
      readonly entries: readonly Entry[];
      readonly reply: Reply;
      readonly settled: boolean;
      readonly at: number;
    }
  | { readonly t: "done"; readonly turn: string; readonly at: number }
  /** A settled turn, carried over into a new file so that its duplicates are known. */
  | Settled
  | { readonly t: "post"; readonly item: OutboxItem }
  | { readonly t: "posted"; readonly id: string }
  | { readonly t: "forget"; readonly session: string }
  /** Everything before this line is in the session files, on the disk. */
  | { readonly t: "synced" };

export interface Settled {
  readonly t: "settled";
  readonly key: string;
  readonly turn: string;
  readonly reply: Reply;
  readonly at: number;
}

export interface OpenTurn {
  readonly turn: string;
  readonly inbound: Inbound;
  entries: Entry[];
  reply?: Reply;
}

/** What the records up to now amount to. */
export interface JournalState {
  readonly open: Map<string, OpenTurn>;
  /** By `channel id`, oldest first. */
  readonly settled: Map<string, Settled>;
  /** Turns by `channel id`, while they are open. */
  readonly keys: Map<string, string>;
  readonly outbox: Map<string, OutboxItem>;
  /** Entries that the session files may lack after a crash, by session. */
  readonly unsynced: Map<string, Entry[]>;
}

export function emptyState(): JournalState {
  return { open: new Map(), settled: new Map(), keys: new Map(), outbox: new Map(), unsynced: new Map() };
}

export function keyOf(inbound: Pick<Inbound, "id" | "from">): string {
  return `${inbound.from.channel} ${inbound.id}`;
}

/** Duplicates are known for a day, and of the newest 4,096 messages. */
const settledKept = { count: 4096, ms: 24 * 60 * 60 * 1000 };

export function applyRecord(state: JournalState, record: JournalRecord): void {
  switch (record.t) {
    case "accepted":
      state.open.set(record.turn, { turn: record.turn, inbound: record.inbound, entries: [] });
      state.keys.set(keyOf(record.inbound), record.turn);
      return;
    case "step":
      state.open.get(record.turn)?.entries.push(...record.entries);
      remember(state, record);
      return;
    case "reply": {
      remember(state, record);
      const open = state.open.get(record.turn);
      if (!open) return;
      open.entries.push(...record.entries);
      open.reply = record.reply;
      if (record.settled) settle(state, open, record.at);
      return;
    }
    case "done": {
      const open = state.open.get(record.turn);
      if (open) settle(state, open, record.at);
      return;
    }
    case "settled":
      state.settled.set(record.key, record);
      return;
    case "post":
      state.outbox.set(record.item.id, record.item);
      return;
    case "posted":
      state.outbox.delete(record.id);
      return;
    case "forget":
      state.unsynced.delete(record.session);
      return;
    case "synced":
      state.unsynced.clear();
      return;
  }
}

function remember(state: JournalState, record: { session: string; turn: string; entries: readonly Entry[] }): void {
  const open = state.open.get(record.turn);
  if (open?.inbound.history || record.entries.length === 0) return;
  const entries = state.unsynced.get(record.session) ?? [];
  entries.push(...record.entries);
  state.unsynced.set(record.session, entries);
}

function settle(state: JournalState, open: OpenTurn, at: number): void {
  const key = keyOf(open.inbound);
  state.open.delete(open.turn);
  state.keys.delete(key);
  if (!open.inbound.durable || !open.reply) return;
  state.settled.set(key, { t: "settled", key, turn: open.turn, reply: open.reply, at });
  for (const [oldest, { at: settledAt }] of state.settled) {
    if (state.settled.size <= settledKept.count && at - settledAt <= settledKept.ms) break;
    state.settled.delete(oldest);
  }
}

/** The records that say the same as the whole journal so far. */
export function snapshot(state: JournalState, at: number): JournalRecord[] {
  const records: JournalRecord[] = [...state.settled.values()];
  for (const { turn, inbound, entries, reply } of state.open.values()) {
    records.push({ t: "accepted", turn, inbound });
    const { session } = inbound;
    if (reply) records.push({ t: "reply", turn, session, entries, reply, settled: false, at });
    else if (entries.length > 0) records.push({ t: "step", turn, session, entries });
  }
  for (const item of state.outbox.values()) records.push({ t: "post", item });
  records.push({ t: "synced" });
  return records;
}

/** Undefined when the line is torn or no record of ours. */
export function parseRecord(line: string): JournalRecord | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isJsonObject(value) && typeof value["t"] === "string" ? (value as unknown as JournalRecord) : undefined;
  } catch {
    return undefined;
  }
}

export function openTurns(state: JournalState): JournalTurn[] {
  return [...state.open.values()].map((open) => ({ ...open, entries: open.entries.slice() }));
}
