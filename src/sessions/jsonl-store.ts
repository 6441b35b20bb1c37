import { WeftError } from "../core/error.ts";
import type { Appender, Files } from "../core/platform.ts";
import type { Entry, SessionInfo, SessionStore } from "../core/session.ts";
import { serial } from "../lib/serial.ts";
import { sessionFileName, sessionOfFileName } from "./session-key.ts";
import { metadataLine, parseEntry, printEntry } from "./session-line.ts";
import { readTail } from "./tail.ts";

export interface JsonlStoreOptions {
  readonly files: Files;
  /** Absolute path of the folder of session files. */
  readonly folder: string;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Says what was passed over while reading. */
  readonly warn: (message: string) => void;
  /** How many sessions may keep their newest entries in RAM and their file open. */
  readonly keepOpen?: number;
}

/** One file a session; see session-line.ts for its lines. Idle sessions leave RAM, the least recent first. */
export function jsonlStore(options: JsonlStoreOptions): SessionStore {
  const state: State = { ...options, keepOpen: options.keepOpen ?? 64, live: new Map() };
  return {
    append: (session, entries) => within(state, session, (live) => append(state, live, entries)),
    read: (session, limit) => within(state, session, (live) => read(state, live, limit)),
    list: () => list(state),
    remove: (session) => within(state, session, (live) => remove(state, live)),
    sync: async (sessions) => {
      for (const session of sessions) await within(state, session, (live) => sync(state, live));
    },
  };
}

interface State extends JsonlStoreOptions {
  readonly keepOpen: number;
  /** Most recently used last. */
  readonly live: Map<string, Live>;
}

interface Live {
  readonly session: string;
  readonly path: string;
  readonly inOrder: ReturnType<typeof serial>;
  users: number;
  appender?: Appender;
  /** The newest entries; `complete` when these are all. */
  recent?: { entries: Entry[]; complete: boolean };
}

async function within<T>(state: State, session: string, task: (live: Live) => Promise<T>): Promise<T> {
  const path = `${state.folder}/${sessionFileName(session)}`;
  const live = state.live.get(session) ?? { session, path, inOrder: serial(), users: 0 };
  state.live.delete(session);
  state.live.set(session, live);
  live.users++;
  try {
    return await live.inOrder(() => task(live));
  } finally {
    live.users--;
    await evict(state);
  }
}

async function evict(state: State): Promise<void> {
  for (const [session, live] of state.live) {
    if (state.live.size <= state.keepOpen) return;
    if (live.users > 0) continue;
    state.live.delete(session);
    await live.appender?.close();
  }
}

async function append(state: State, live: Live, entries: readonly Entry[]): Promise<void> {
  if (entries.length === 0) return;
  const appender = live.appender ?? (await open(state, live));
  live.appender = appender;
  await appender.write(new TextEncoder().encode(entries.map(printEntry).join("")));
  if (!live.recent) return;
  live.recent.entries.push(...entries);
  const excess = live.recent.entries.length - mostRecentKept;
  if (excess > mostRecentKept / 2) live.recent = { entries: live.recent.entries.slice(excess), complete: false };
}

const mostRecentKept = 512;

/** Begins a new file with its metadata, and ends a line that a crash has torn so that the next one is whole. */
async function open(state: State, live: Live): Promise<Appender> {
  await state.files.makeDirectory(state.folder);
  const stat = await state.files.stat(live.path);
  const appender = await state.files.append(live.path);
  if (!stat || stat.bytes === 0) {
    await appender.write(new TextEncoder().encode(metadataLine(state.now())));
    return appender;
  }
  const [last] = await state.files.read(live.path, { offset: stat.bytes - 1, length: 1 });
  if (last !== newline) await appender.write(new Uint8Array([newline]));
  return appender;
}

const newline = 10;

async function read(state: State, live: Live, limit = Number.POSITIVE_INFINITY): Promise<Entry[]> {
  const { recent } = live;
  if (recent && (recent.complete || recent.entries.length >= limit)) return recent.entries.slice(-limit);
  const stat = await state.files.stat(live.path);
  if (!stat) return [];
  const wanted = Math.min(limit, Number.MAX_SAFE_INTEGER);
  const entries: Entry[] = [];
  let skipped = 0;
  const complete = await readTail({ files: state.files, path: live.path, bytes: stat.bytes }, (line, offset) => {
    const entry = parseEntry(line, `at-${offset}`);
    if (entry) entries.push(entry);
    else if (line !== "" && !line.includes('"_type":"metadata"') && !line.includes('"_type": "metadata"')) skipped++;
    return entries.length < wanted;
  });
  entries.reverse();
  if (skipped > 0) state.warn(`${live.path}: ${skipped} line(s) cannot be read and were passed over`);
  if (entries.length <= mostRecentKept) live.recent = { entries: entries.slice(), complete };
  return entries;
}

async function list(state: State): Promise<SessionInfo[]> {
  const infos: SessionInfo[] = [];
  if (!(await state.files.stat(state.folder))) return infos;
  for (const { name } of await state.files.list(state.folder)) {
    const session = sessionOfFileName(name);
    const stat = session === undefined ? undefined : await state.files.stat(`${state.folder}/${name}`);
    if (session !== undefined && stat) infos.push({ session, bytes: stat.bytes, updatedAt: stat.modifiedAt });
  }
  return infos.sort((a, b) => b.updatedAt - a.updatedAt || (a.session < b.session ? -1 : 1));
}

async function remove(state: State, live: Live): Promise<boolean> {
  const { appender } = live;
  delete live.appender;
  delete live.recent;
  await appender?.close();
  return await state.files.remove(live.path);
}

async function sync(state: State, live: Live): Promise<void> {
  if (live.appender) return await live.appender.sync();
  // Its file was closed since; data written through another handle is forced out by any handle of the file.
  const stat = await state.files.stat(live.path);
  if (!stat) return;
  if (stat.kind !== "file") throw new WeftError("invalid", `${live.path} is no file`);
  const appender = await state.files.append(live.path);
  await appender.sync();
  await appender.close();
}
