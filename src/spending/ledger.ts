import { WeftError } from "../core/error.ts";
import type { Appender, Files } from "../core/platform.ts";
import { type GroupCommit, groupCommit } from "../lib/group-commit.ts";
import { monthPath, monthsIn, readMonth, writeMonth } from "./months.ts";
import { monthOf } from "./periods.ts";
import { type LedgerRecord, noCounts, parseRecord, type Row, type SettleRecord } from "./records.ts";
import { addRow, applyRecord, emptySpend, type SpendState, snapshot } from "./state.ts";

export interface LedgerOptions {
  readonly files: Files;
  /** Absolute path; the workspace's lock is ours. */
  readonly folder: string;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly warn: (message: string) => void;
  /** A file larger than this is folded into its month, and a new one goes on. */
  readonly rotateBytes?: number;
}

export interface Ledger {
  /** What all records come to, read from the files when first asked for; it follows every `write` from then on. */
  state(): Promise<SpendState>;
  /**
   * Applies a record to the state at once, if that was not done already, and writes it: resolves when no end of this
   * process can lose it. Rejects when it cannot be written; it counts all the same.
   */
  write(record: LedgerRecord): Promise<void>;
  /** Resolves when all that was written before is on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the ledger: files `00000001.jsonl` and so on, of which only the newest counts, each beginning with what still
 * counts of those before. Calls that a crash has cut count as what was held for them. Where nothing is limited nobody
 * asks for sums, and records are written without reading the others.
 */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const { files, folder } = options;
  await files.makeDirectory(folder);
  const number = (await ledgerNumbers(files, folder)).at(-1) ?? 0;
  const { bytes, isWhole } =
    number === 0 ? { bytes: 0, isWhole: true } : await endOf(files, ledgerPath(folder, number));
  const ledger: State = {
    options: { rotateBytes: 1024 * 1024, ...options },
    number,
    bytes,
    base: bytes,
    lines: groupCommit((batch) => commit(ledger, batch)),
    queued: new Set(),
    running: new Set(),
    behind: [],
  };
  if (!isWhole || bytes > Math.min(long, ledger.options.rotateBytes)) await stateOf(ledger);
  return {
    state: () => stateOf(ledger),
    write: (record) => write(ledger, record),
    async sync() {
      if (isRead(ledger)) await ledger.loading?.catch(() => {});
      await ledger.lines.put(undefined);
    },
    async close() {
      await ledger.lines.idle();
      await ledger.appender?.close();
      delete ledger.appender;
    },
  };
}

/** Bytes: the next single question should not read more than it needs. */
const long = 16 * 1024;

async function endOf(files: Files, path: string): Promise<{ bytes: number; isWhole: boolean }> {
  const bytes = (await files.stat(path))?.bytes ?? 0;
  if (bytes === 0) return { bytes, isWhole: true };
  const [last] = await files.read(path, { offset: bytes - 1, length: 1 });
  return { bytes, isWhole: last === lineEnd };
}

const lineEnd = 10;

async function write(ledger: State, record: LedgerRecord): Promise<void> {
  if (isRead(ledger)) await ledger.loading?.catch(() => {});
  // At once where nothing is waited for, and both in one step: a fold between the two would count the record twice, or
  // not at all.
  if (ledger.state) applyRecord(ledger.state, record);
  if (record.t === "reserve") ledger.running.add(record.id);
  if (record.t === "settle") ledger.running.delete(record.id);
  try {
    await put(ledger, record);
  } catch (error) {
    if (record.t === "reserve") ledger.running.delete(record.id);
    throw error;
  }
  // Reading rotates.
  if (!ledger.state && isTooLarge(ledger)) await stateOf(ledger).catch(() => {});
}

/** Just now; the file may become another one. */
function isRead({ loading, state }: State): boolean {
  return loading !== undefined && state === undefined;
}

function stateOf(ledger: State): Promise<SpendState> {
  ledger.loading ??= read(ledger).catch((error: unknown) => {
    // The next one tries again.
    ledger.loading = undefined;
    throw error;
  });
  return ledger.loading;
}

async function read(ledger: State): Promise<SpendState> {
  await ledger.lines.idle();
  const { state, damaged } = await load(ledger.options, ledger.number);
  for (const record of ledger.behind) applyRecord(state, record);
  const cut = [...state.open.values()].filter(({ id }) => !ledger.running.has(id));
  const lost = cut.map((reserved) => lostCall(reserved, ledger.options.now()));
  for (const record of lost) applyRecord(state, record);
  ledger.state = state;
  if (damaged || isLongToRead(ledger, state)) await rotateOrWarn(ledger, state);
  // What cannot be written now goes before the next line.
  else await Promise.all(lost.map((record) => put(ledger, record))).catch(() => {});
  return state;
}

function isLongToRead({ bytes, options }: State, state: SpendState): boolean {
  return bytes > Math.min(long, options.rotateBytes) && printed(snapshot(state)).length < bytes / 2;
}

interface Line {
  readonly record: LedgerRecord;
  /** The new file's beginning holds it already. */
  isCovered: boolean;
}

function put(ledger: State, record: LedgerRecord): Promise<void> {
  const line: Line = { record, isCovered: false };
  ledger.queued.add(line);
  return ledger.lines.put(line);
}

interface State {
  readonly options: Required<LedgerOptions>;
  /** Once it was read. */
  state?: SpendState;
  loading?: Promise<SpendState> | undefined;
  /** Of the file being written; 0 before there is one. */
  number: number;
  bytes: number;
  /** What the file held when it was begun. */
  base: number;
  /** Undefined: what came before shall be on the disk. */
  readonly lines: GroupCommit<Line | undefined>;
  /** Applied, and waiting to be written. */
  readonly queued: Set<Line>;
  /** Ids of our own calls that have not ended: no crash has cut them. */
  readonly running: Set<string>;
  appender?: Appender;
  /** Settled and not written, for the disk was full: it goes before the next batch. */
  behind: LedgerRecord[];
}

async function commit(ledger: State, batch: readonly (Line | undefined)[]): Promise<void> {
  const lines = batch.filter((line) => line !== undefined);
  for (const line of lines) ledger.queued.delete(line);
  const records = [...ledger.behind, ...lines.filter(({ isCovered }) => !isCovered).map(({ record }) => record)];
  const bytes = new TextEncoder().encode(records.map(printed).join(""));
  try {
    ledger.number ||= 1;
    ledger.appender ??= await ledger.options.files.append(ledgerPath(ledger.options.folder, ledger.number));
    if (bytes.length > 0) await ledger.appender.write(bytes);
  } catch (error) {
    // A reservation that failed is nobody's; everything else has happened.
    ledger.behind = records.filter(({ t }) => t !== "reserve").slice(-mostBehind);
    throw error;
  }
  ledger.behind = [];
  ledger.bytes += bytes.length;
  if (lines.length < batch.length) await ledger.appender.sync();
  if (ledger.state && isTooLarge(ledger)) await rotateOrWarn(ledger, ledger.state);
}

function isTooLarge({ bytes, base, options }: State): boolean {
  return bytes > base * 2 + options.rotateBytes;
}

const mostBehind = 10_000;

function printed(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

async function rotateOrWarn(ledger: State, state: SpendState): Promise<void> {
  try {
    await rotate(ledger, state);
  } catch (error) {
    ledger.base = ledger.bytes;
    ledger.options.warn(`the ledger of what was spent cannot be compacted now: ${WeftError.from(error).message}`);
  }
}

/**
 * Rows go into their months, then a new file begins with the sums. Safe to stop between any two lines. What is applied
 * while this goes on belongs to the new file.
 */
async function rotate(ledger: State, state: SpendState): Promise<void> {
  const { files, folder } = ledger.options;
  const { queued } = ledger;
  const covered = [...queued];
  const first = new TextEncoder().encode(printed(snapshot(state)));
  const rows = new Map(state.rows);
  state.rows.clear();
  try {
    const before = (await ledgerNumbers(files, folder)).filter((number) => number <= ledger.number);
    await fold(ledger, rows);
    await files.write(ledgerPath(folder, ledger.number + 1), first);
    for (const line of covered) line.isCovered = true;
    await ledger.appender?.close();
    delete ledger.appender;
    ledger.number++;
    ledger.bytes = first.length;
    ledger.base = first.length;
    for (const number of before) await files.remove(ledgerPath(folder, number));
  } catch (error) {
    for (const row of rows.values()) addRow(state, row);
    throw error;
  }
}

/** Takes out of `rows` what is in its month. */
async function fold({ options, number }: State, rows: Map<string, Row>): Promise<void> {
  const { files, folder } = options;
  for (const month of new Set([...rows.values()].map(({ day }) => monthOf(day)))) {
    const of = [...rows].filter(([, { day }]) => monthOf(day) === month);
    await writeMonth(files, monthPath(folder, month), { through: number, rows: of.map(([, row]) => row) });
    for (const [key] of of) rows.delete(key);
  }
}

function lostCall(reserved: Extract<LedgerRecord, { t: "reserve" }>, at: number): SettleRecord {
  const { t: _t, turn: _turn, ...charge } = reserved;
  return { ...charge, ...noCounts, t: "settle", at, nano: reserved.nano, calls: 1, lost: 1 };
}

interface Found {
  readonly state: SpendState;
  readonly damaged: boolean;
}

async function load({ files, folder, warn }: LedgerOptions, number: number): Promise<Found> {
  const state = emptySpend();
  if (number === 0) return { state, damaged: false };
  const path = ledgerPath(folder, number);
  const content = await files.read(path);
  const { unreadable, torn } = applyLines(state, content);
  // The fold was done, and a crash came before its new file: what was folded is not to count twice.
  for (const month of await monthsIn(files, folder)) {
    if (![...state.rows.values()].some(({ day }) => monthOf(day) === month)) continue;
    if ((await readMonth(files, monthPath(folder, month))).through < number) continue;
    for (const [key, row] of state.rows) if (monthOf(row.day) === month) state.rows.delete(key);
  }
  if (unreadable > 0) {
    const kept = `${folder}/damaged-${fileName(number)}`;
    await files.write(kept, content);
    warn(`${path}: ${unreadable} line(s) cannot be read, so what was spent may be more; a copy is kept as ${kept}`);
  }
  return { state, damaged: torn || unreadable > 0 };
}

/** The whole lines of a ledger file, in order. A line without an end was cut by a crash, and nobody had its word yet. */
export function applyLines(state: SpendState, content: Uint8Array): { unreadable: number; torn: boolean } {
  const lines = new TextDecoder().decode(content).split("\n");
  const torn = lines.pop() !== "";
  let unreadable = 0;
  for (const line of lines) {
    const record = parseRecord(line);
    if (record) applyRecord(state, record);
    else unreadable++;
  }
  return { unreadable, torn };
}

export async function ledgerNumbers(files: Files, folder: string): Promise<number[]> {
  const names = (await files.list(folder)).map(({ name }) => /^(\d{8})\.jsonl$/.exec(name)?.[1]);
  return names
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

export function ledgerPath(folder: string, number: number): string {
  return `${folder}/${fileName(number)}`;
}

function fileName(number: number): string {
  return `${String(number).padStart(8, "0")}.jsonl`;
}
