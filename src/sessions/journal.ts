import { WeftError } from "../core/error.ts";
import type { Journal } from "../core/journal.ts";
import type { Appender, Files } from "../core/platform.ts";
import type { Entry, SessionStore } from "../core/session.ts";
import { type GroupCommit, groupCommit } from "../lib/group-commit.ts";
import {
  applyRecord,
  emptyState,
  type JournalRecord,
  type JournalState,
  keyOf,
  openTurns,
  parseRecord,
  snapshot,
} from "./journal-records.ts";

export interface JournalOptions {
  readonly files: Files;
  /** Absolute path of the folder of journal files. */
  readonly folder: string;
  /** Where the entries of steps live in the long run. */
  readonly store: SessionStore;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly warn: (message: string) => void;
  /** A file larger than this is replaced by one that holds only what is still needed. */
  readonly rotateBytes?: number;
}

/**
 * Opens the journal of a workspace whose lock we hold: reads what is there, gives the session files what a crash
 * kept from them, and goes on. Files are `00000001.jsonl` and so on; only the newest is written.
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { files, folder } = options;
  await files.makeDirectory(folder);
  const state = emptyState();
  const found = await load(options, state);
  const journal: State = {
    options: { ...options, rotateBytes: options.rotateBytes ?? 2 * 1024 * 1024 },
    state,
    number: found.number,
    bytes: found.bytes,
    records: groupCommit((records) => commit(journal, records)),
    lastWriteAt: options.now(),
    behind: new Set(),
    closed: false,
    compactBytes: found.bytes,
  };
  const crashed = state.unsynced.size > 0;
  for (const session of state.unsynced.keys()) await restoreSession(options.store, session, state);
  if (found.damaged || crashed || found.count > 1 || found.bytes > journal.options.rotateBytes) await rotate(journal);
  return api(journal);
}

interface State {
  readonly options: Required<JournalOptions>;
  readonly state: JournalState;
  /** Of the file being written; 0 before there is one. */
  number: number;
  bytes: number;
  /** What the file held when it was begun: rotating again is worth it only well above. */
  compactBytes: number;
  appender?: Appender;
  readonly records: GroupCommit<JournalRecord>;
  lastWriteAt: number;
  /** Sessions whose file could not be written. */
  readonly behind: Set<string>;
  closed: boolean;
}

function api(journal: State): Journal {
  const { state, options } = journal;
  const put = (record: JournalRecord) => write(journal, record);
  const sessionOf = (turn: string) => {
    const open = state.open.get(turn);
    if (!open) throw new WeftError("internal", `turn ${turn} is not open`);
    return open.inbound.session;
  };
  return {
    seen: (inbound) => {
      const turn = state.keys.get(keyOf(inbound));
      if (turn !== undefined) return { state: "open", turn };
      const settled = state.settled.get(keyOf(inbound));
      return settled && { state: "settled", turn: settled.turn, reply: settled.reply };
    },
    accept: (turn, inbound) => put({ t: "accepted", turn, inbound }),
    step: (turn, entries) => put({ t: "step", turn, session: sessionOf(turn), entries }),
    reply: (turn, { entries, reply, settled }) =>
      put({ t: "reply", turn, session: sessionOf(turn), entries, reply, settled, at: options.now() }),
    done: (turn) => put({ t: "done", turn, at: options.now() }),
    open: () => openTurns(state),
    post: (item) => put({ t: "post", item }),
    posted: (id) => put({ t: "posted", id }),
    outbox: () => [...state.outbox.values()],
    forget: (session) => put({ t: "forget", session }),
    health: () => ({ bytes: journal.bytes, open: state.open.size, lastWriteAt: journal.lastWriteAt }),
    close: () => close(journal),
  };
}

function write(journal: State, record: JournalRecord): Promise<void> {
  if (journal.closed) return Promise.reject(new WeftError("unavailable", "the journal is closed"));
  return journal.records.put(record);
}

async function commit(journal: State, records: readonly JournalRecord[]): Promise<void> {
  const lines = new TextEncoder().encode(records.map(printRecord).join(""));
  if (!journal.appender) {
    journal.number ||= 1;
    journal.appender = await journal.options.files.append(path(journal, journal.number));
  }
  await journal.appender.write(lines);
  if (!records.every(mayBeLost)) await journal.appender.sync();
  journal.bytes += lines.length;
  journal.lastWriteAt = journal.options.now();
  for (const record of records) applyRecord(journal.state, record);
  await intoSessions(journal, records);
  if (journal.bytes > journal.compactBytes * 2 + journal.options.rotateBytes) await rotateOrWarn(journal);
}

/** With the machine's power, that is: then nobody waits for the answer any more, or what it says is found out again. */
function mayBeLost(record: JournalRecord): boolean {
  return record.t === "synced" || (record.t === "accepted" && !record.inbound.durable);
}

/**
 * What cannot be appended to a session now (a full disk) is safe in the journal: it is appended before the journal
 * is compacted, or when it is opened again. The turn goes on.
 */
async function intoSessions(journal: State, records: readonly JournalRecord[]): Promise<void> {
  const bySession = new Map<string, Entry[]>();
  for (const record of records) {
    if (record.t !== "step" && record.t !== "reply") continue;
    if (!journal.state.unsynced.has(record.session)) continue;
    const entries = bySession.get(record.session) ?? [];
    entries.push(...record.entries);
    bySession.set(record.session, entries);
  }
  const append = async (session: string, entries: readonly Entry[]) => {
    try {
      if (journal.behind.has(session)) await restoreSession(journal.options.store, session, journal.state);
      else await journal.options.store.append(session, entries);
      journal.behind.delete(session);
    } catch (error) {
      journal.behind.add(session);
      journal.options.warn(`session ${session} will be written later: ${WeftError.from(error).message}`);
    }
  };
  await Promise.all([...bySession].map(([session, entries]) => append(session, entries)));
}

/** The records of the batch are safe already: a full disk must not make them fail now. */
async function rotateOrWarn(journal: State): Promise<void> {
  try {
    await rotate(journal);
  } catch (error) {
    journal.compactBytes = journal.bytes;
    journal.options.warn(`the journal cannot be compacted now: ${WeftError.from(error).message}`);
  }
}

/** Begins a file that holds what is still needed, then removes the older ones. Safe to stop between any two lines. */
async function rotate(journal: State): Promise<void> {
  const { files, store, folder } = journal.options;
  for (const session of journal.behind) await restoreSession(store, session, journal.state);
  journal.behind.clear();
  await store.sync([...journal.state.unsynced.keys()]);
  const older = (await numbers(files, folder)).filter((number) => number <= journal.number);
  const bytes = snapshotOf(journal);
  await files.write(path(journal, journal.number + 1), bytes);
  await journal.appender?.close();
  delete journal.appender;
  journal.number++;
  journal.bytes = bytes.length;
  journal.compactBytes = bytes.length;
  journal.state.unsynced.clear();
  for (const number of older) await files.remove(path(journal, number));
}

function snapshotOf({ state, options }: State): Uint8Array {
  return new TextEncoder().encode(snapshot(state, options.now()).map(printRecord).join(""));
}

async function close(journal: State): Promise<void> {
  if (journal.closed) return;
  journal.closed = true;
  await journal.records.idle();
  const { state, options } = journal;
  if (state.unsynced.size > 0 && journal.behind.size === 0) {
    if (journal.bytes > longToRead && snapshotOf(journal).length < journal.bytes / 2) await rotateOrWarn(journal);
    else {
      await options.store.sync([...state.unsynced.keys()]);
      await commit(journal, [{ t: "synced" }]);
    }
  }
  await journal.appender?.close();
}

/** Bytes: the next start, perhaps for a single question, should not read more. */
const longToRead = 16 * 1024;

interface Found {
  readonly number: number;
  readonly count: number;
  readonly bytes: number;
  readonly damaged: boolean;
}

async function load({ files, folder, warn }: JournalOptions, state: JournalState): Promise<Found> {
  const all = await numbers(files, folder);
  const newest = all.at(-1) ?? 0;
  let damaged = false;
  let bytes = 0;
  for (const number of all) {
    const content = await files.read(`${folder}/${fileName(number)}`);
    bytes = content.length;
    const lines = new TextDecoder().decode(content).split("\n");
    const torn = lines.pop();
    if (torn !== "") damaged = true;
    const unreadable = applyLines(state, lines);
    if (unreadable === 0) continue;
    damaged = true;
    const kept = `${folder}/damaged-${fileName(number)}`;
    await files.write(kept, content);
    warn(`${folder}/${fileName(number)}: ${unreadable} line(s) cannot be read; a copy is kept as ${kept}`);
  }
  return { number: newest, count: all.length, bytes, damaged };
}

function applyLines(state: JournalState, lines: readonly string[]): number {
  let unreadable = 0;
  for (const line of lines) {
    const record = parseRecord(line);
    if (record) applyRecord(state, record);
    else unreadable++;
  }
  return unreadable;
}

/** What the journal has and the session's file lacks is appended to it, in order. */
async function restoreSession(store: SessionStore, session: string, state: JournalState): Promise<void> {
  const entries = state.unsynced.get(session) ?? [];
  const recent = await store.read(session, entries.length + 64);
  const there = new Set(recent.map(({ id }) => id));
  await store.append(
    session,
    entries.filter(({ id }) => !there.has(id)),
  );
}

async function numbers(files: Files, folder: string): Promise<number[]> {
  const entries = await files.list(folder);
  return entries
    .map(({ name }) => /^(\d{8})\.jsonl$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

function fileName(number: number): string {
  return `${String(number).padStart(8, "0")}.jsonl`;
}

function path(journal: State, number: number): string {
  return `${journal.options.folder}/${fileName(number)}`;
}

function printRecord(record: JournalRecord): string {
  return `${JSON.stringify(record)}\n`;
}
