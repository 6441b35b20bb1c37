import type { Files } from "../core/platform.ts";
import { applyLines, ledgerNumbers, ledgerPath } from "./ledger.ts";
import { monthPath, monthsIn, readMonth } from "./months.ts";
import { monthOf } from "./periods.ts";
import { addCounts, type Counts, noCounts, type Row } from "./records.ts";
import { emptySpend } from "./state.ts";

/** What calls are put together by. */
export const groupings = ["user", "agent", "job", "model", "day", "channel"] as const;
export type Grouping = (typeof groupings)[number];

export interface Spent extends Counts {
  readonly name: string;
}

export interface ReportOptions {
  readonly files: Files;
  readonly folder: string;
  readonly by: Grouping;
  /** The first day of it, `2026-11-24`; absent: all. */
  readonly since?: string | undefined;
}

export interface Report {
  /** The most expensive first; days in order. */
  readonly rows: readonly Spent[];
  readonly total: Counts;
}

/** Reads files only, also beside the process that writes them. Calls that run are not in it. */
export async function spendingReport(options: ReportOptions): Promise<Report> {
  const { files, folder, by, since } = options;
  if (!(await files.stat(folder))) return { rows: [], total: noCounts };
  const sums = new Map<string, Counts>();
  let total = noCounts;
  for (const row of await allRows(files, folder, since)) {
    const name = row[by] ?? "none";
    sums.set(name, addCounts(sums.get(name) ?? noCounts, row));
    total = addCounts(total, row);
  }
  const rows = [...sums].map(([name, counts]) => ({ name, ...counts }));
  const byName = (a: Spent, b: Spent) => (a.name < b.name ? -1 : 1);
  return { rows: rows.sort((a, b) => (by === "day" ? 0 : b.nano - a.nano) || byName(a, b)), total };
}

const mostLooks = 20;

/** Looks again when a new ledger file was begun meanwhile: rows have moved into their month then. */
async function allRows(files: Files, folder: string, since = ""): Promise<Row[]> {
  for (let look = 1; ; look++) {
    const newest = (await ledgerNumbers(files, folder)).at(-1) ?? 0;
    const rows = await rowsNow(files, { folder, newest, since }).catch((error: unknown) => {
      if (look >= mostLooks) throw error;
      return undefined;
    });
    if (rows && newest === ((await ledgerNumbers(files, folder)).at(-1) ?? 0)) return rows;
    if (look >= mostLooks) return rows ?? [];
  }
}

async function rowsNow(
  files: Files,
  { folder, newest, since }: { readonly folder: string; readonly newest: number; readonly since: string },
): Promise<Row[]> {
  const state = emptySpend();
  if (newest > 0) applyLines(state, await files.read(ledgerPath(folder, newest)));
  const folded = new Set<string>();
  const rows: Row[] = [];
  for (const month of await monthsIn(files, folder)) {
    if (month < since.slice(0, 7)) continue;
    const { through, rows: kept } = await readMonth(files, monthPath(folder, month));
    if (through >= newest) folded.add(month);
    for (const row of kept) if (row.day >= since) rows.push(row);
  }
  for (const row of state.rows.values()) if (row.day >= since && !folded.has(monthOf(row.day))) rows.push(row);
  return rows;
}
