import type { Audit, AuditEntry } from "../core/audit.ts";
import { WeftError } from "../core/error.ts";
import type { Appender, Files } from "../core/platform.ts";
import type { Sha256 } from "../lib/hash-chain.ts";
import { hexOf } from "../lib/hex.ts";
import { serial } from "../lib/serial.ts";
import { auditPaths, chainFiles, type Head, noEntries, sealed } from "./audit-chain.ts";
import { inboxEntries } from "./audit-inbox.ts";
import { type Last, lastOf } from "./audit-tail.ts";
import { keptEntry } from "./audit-text.ts";

export interface AuditOptions {
  readonly files: Files;
  readonly sha256: Sha256;
  /** The workspace, whose lock we hold. */
  readonly root: string;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly redact: (text: string) => string;
  readonly warn: (message: string) => void;
  /** Calls back after `ms`; returns what cancels it. */
  readonly timer: (ms: number, elapsed: () => void) => () => void;
  /** Takes in, while it runs, what other commands put aside for the chain. */
  readonly stays: boolean;
  /** A file larger than this is put aside as it is, and a new one goes on. */
  readonly rotateBytes?: number;
}

export interface AuditLog extends Audit {
  /** `problem`: why entries wait, or where the chain is broken; undefined when all is well. */
  status(): { readonly entries: number; readonly problem: string | undefined };
  /** Everything is on the disk, or a warning was given. */
  close(): Promise<void>;
}

/** So long what nobody waits for may be lost by a loss of power (never by a kill). */
const syncAfterMs = 1000;
/** What is kept for a disk that is full. */
const mostWaiting = 1000;

/**
 * The one writer of a workspace's chain. Nothing is opened before the first entry. Group commit: what gathers while
 * one batch is written and synced is the next one.
 */
export function openAudit(options: AuditOptions): AuditLog {
  const log: State = {
    options,
    waiting: [],
    head: noEntries,
    bytes: 0,
    first: [],
    lost: 0,
    dirty: false,
    closed: false,
    inOrder: serial(),
  };
  return {
    record: (entry) =>
      new Promise((resolve, reject) => {
        if (log.closed) reject(new WeftError("unavailable", "the audit is closed"));
        else add(log, { entry: stamped(log, entry), resolve, reject });
      }),
    note: (entry) =>
      new Promise((resolve) => {
        if (log.closed) resolve();
        else add(log, { entry: stamped(log, entry), resolve });
      }),
    status: () => ({ entries: log.head.entries, problem: log.problem }),
    close: () => close(log),
  };
}

type Stamped = AuditEntry & { readonly at: number };

interface Waiting {
  readonly entry: Stamped;
  readonly resolve: () => void;
  /** There when somebody waits until it is on the disk. */
  readonly reject?: (error: unknown) => void;
}

interface State {
  readonly options: AuditOptions;
  waiting: Waiting[];
  flushing?: Promise<void> | undefined;
  appender?: Appender | undefined;
  head: Head;
  /** Of the file that is written. */
  bytes: number;
  /** What goes before everything else, for the file was just opened. */
  first: Stamped[];
  /** Entries that there was no room for. */
  lost: number;
  /** Written and not synced. */
  dirty: boolean;
  closed: boolean;
  cancelSync?: (() => void) | undefined;
  unwatch?: () => void;
  problem?: string | undefined;
  /** What is taken in from the inbox is taken in once. */
  readonly inOrder: ReturnType<typeof serial>;
}

function stamped({ options }: State, entry: AuditEntry): Stamped {
  return { at: options.now(), ...entry };
}

function add(log: State, waiting: Waiting): void {
  log.waiting.push(waiting);
  log.flushing ??= flush(log);
}

async function flush(log: State): Promise<void> {
  let isWell = true;
  // After a failure what was only noted waits; who waits for an answer came meanwhile, and gets it.
  while (isWell ? log.waiting.length > 0 : log.waiting.some(({ reject }) => reject)) {
    const batch = log.waiting;
    log.waiting = [];
    isWell = await commit(log, batch);
  }
  letGo(log.waiting);
  log.flushing = undefined;
}

/** False when it could not be written. */
async function commit(log: State, batch: readonly Waiting[]): Promise<boolean> {
  try {
    await opened(log);
    await write(log, [...log.first, ...lostEntries(log), ...batch.map(({ entry }) => entry)]);
    log.first = [];
    log.lost = 0;
  } catch (thrown) {
    await putBack(log, batch, WeftError.from(thrown));
    return false;
  }
  const records = batch.filter(({ reject }) => reject);
  for (const { resolve, reject } of batch) if (!reject) resolve();
  try {
    if (records.length > 0) await sync(log);
    else log.cancelSync ??= log.options.timer(syncAfterMs, () => syncSoon(log));
    if (log.bytes > (log.options.rotateBytes ?? 64 * 1024 * 1024)) await rotate(log);
    log.problem = undefined;
  } catch (thrown) {
    const error = WeftError.from(thrown);
    for (const { reject } of records) reject?.(error);
    await trouble(log, error);
    return false;
  }
  for (const { resolve } of records) resolve();
  return true;
}

async function write(log: State, entries: readonly Stamped[]): Promise<void> {
  const { sha256, redact } = log.options;
  let { head } = log;
  let text = "";
  for (const entry of entries) {
    const next = sealed(sha256, keptEntry(entry, redact), head);
    head = next.head;
    text += next.line;
  }
  const bytes = new TextEncoder().encode(text);
  await log.appender?.write(bytes);
  log.head = head;
  log.bytes += bytes.length;
  log.dirty = true;
}

function lostEntries(log: State): Stamped[] {
  if (log.lost === 0) return [];
  const reason = "the file could not be written, and there was no room to keep them";
  return [chainEntry(log, { subject: "lost", reason, figures: { entries: log.lost } })];
}

function chainEntry(log: State, about: Pick<AuditEntry, "subject" | "detail" | "reason" | "figures">): Stamped {
  return stamped(log, { kind: "chain", outcome: "failed", ...about });
}

async function sync(log: State): Promise<void> {
  log.cancelSync?.();
  log.cancelSync = undefined;
  if (!log.dirty) return;
  await log.appender?.sync();
  log.dirty = false;
}

function syncSoon(log: State): void {
  log.cancelSync = undefined;
  void (log.flushing ?? Promise.resolve()).then(() => sync(log)).catch((thrown: unknown) => trouble(log, thrown));
}

function letGo(notes: readonly Waiting[]): void {
  for (const { resolve } of notes) resolve();
}

/** What only was noted waits for better times and holds up nobody; what somebody waits for has failed. */
async function putBack(log: State, batch: readonly Waiting[], error: WeftError): Promise<void> {
  await trouble(log, error);
  const all = [...batch, ...log.waiting];
  for (const { reject } of all) reject?.(error);
  const notes = all.filter(({ reject }) => !reject);
  letGo(notes);
  const tooMany = Math.max(0, notes.length - mostWaiting);
  log.lost += tooMany;
  log.waiting = notes.slice(tooMany);
}

/** The file is opened anew for what comes next: its end is as it is then. */
async function trouble(log: State, thrown: unknown): Promise<void> {
  const { message } = WeftError.from(thrown);
  if (log.problem === undefined) log.options.warn(`the audit cannot be written: ${message}`);
  log.problem = message;
  const { appender } = log;
  log.appender = undefined;
  await appender?.close().catch(() => {});
}

async function opened(log: State): Promise<void> {
  if (log.appender) return;
  const { files, root, stays, warn } = log.options;
  const { current, inbox } = auditPaths(root);
  const last = await lastOf(files, root);
  log.head = last.head;
  log.bytes = last.bytes;
  if (last.torn) await files.truncate(current, last.bytes);
  log.appender = await files.append(current);
  if (last.unreadable !== undefined) warn(`${last.unreadable} ends with a line that is no entry: weft audit verify`);
  // That something was cut off is still to be said when it could not be said the last time.
  log.first = [...firstEntries(log, last), ...log.first.filter(({ subject }) => subject === "cut")];
  if (stays && !log.unwatch) {
    await files.makeDirectory(inbox);
    log.unwatch = await files.watch(inbox, () => void adopt(log));
  }
  void adopt(log);
}

/** What is to be said of how the chain was found. */
function firstEntries(log: State, { bytes, head, torn, unreadable }: Last): Stamped[] {
  const cut = "the last line had no end: a crash, if nobody changed the file. What there was of it was cut off";
  return [
    ...(bytes === 0 && head.entries > 0
      ? [stamped(log, { kind: "chain", subject: "continued", outcome: "ok", detail: hexOf(head.hash) })]
      : []),
    ...(torn
      ? [chainEntry(log, { subject: "cut", reason: cut, detail: torn.text, figures: { bytes: torn.bytes } })]
      : []),
    ...(unreadable === undefined
      ? []
      : [chainEntry(log, { subject: "unreadable", reason: "the line before this one is no entry" })]),
  ];
}

/** What commands put aside while we held the workspace goes into the chain, and then out of the inbox. */
function adopt(log: State): Promise<void> {
  const { files, root, warn } = log.options;
  return log.inOrder(async () => {
    try {
      for (const { path, entry } of await inboxEntries(files, auditPaths(root).inbox)) {
        const about = entry ?? chainEntry(log, { subject: "inbox", reason: `${path} was no entry` });
        await new Promise<void>((resolve, reject) => add(log, { entry: about, resolve, reject }));
        await files.remove(path);
      }
    } catch (thrown) {
      warn(`entries for the audit could not be taken in: ${WeftError.from(thrown).message}`);
    }
  });
}

/** Safe to stop between any two lines: a chain without a current file is gone on with in a new one. */
async function rotate(log: State): Promise<void> {
  const { files, root } = log.options;
  const { current, older } = auditPaths(root);
  await sync(log);
  await log.appender?.close();
  log.appender = undefined;
  await files.makeDirectory(older);
  const before = (await chainFiles(files, root)).filter((path) => path !== current).at(-1);
  const number = Number(/(\d{8})\.jsonl$/.exec(before ?? "")?.[1] ?? 0) + 1;
  await files.rename(current, `${older}/${String(number).padStart(8, "0")}.jsonl`);
}

async function close(log: State): Promise<void> {
  if (log.closed) return;
  log.unwatch?.();
  if (log.appender) await adopt(log);
  log.closed = true;
  if (log.waiting.length > 0) log.flushing ??= flush(log);
  await log.flushing;
  try {
    await sync(log);
  } catch (thrown) {
    await trouble(log, thrown);
  }
  await log.appender?.close();
}
