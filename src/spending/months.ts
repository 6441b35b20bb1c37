import type { Files } from "../core/platform.ts";
import { addCounts, chargeKey, noCounts, parseHead, parseRow, type Row } from "./records.ts";

/** A month's file: a head, then a row for all calls of a day that a report need not tell apart. */
export interface Month {
  /** The newest ledger file whose rows are in it. */
  readonly through: number;
  readonly rows: readonly Row[];
}

/** Adds rows to what the file has, as a whole. */
export async function writeMonth(files: Files, path: string, { through, rows }: Month): Promise<void> {
  const all = new Map<string, Row>();
  for (const row of [...(await readMonth(files, path)).rows, ...rows]) {
    const key = chargeKey(row);
    all.set(key, { ...row, ...addCounts(all.get(key) ?? noCounts, row) });
  }
  const lines = [{ through }, ...all.values()].map((each) => `${JSON.stringify(each)}\n`);
  await files.write(path, new TextEncoder().encode(lines.join("")));
}

export async function readMonth(files: Files, path: string): Promise<Month> {
  if (!(await files.stat(path))) return { through: 0, rows: [] };
  const [head = "", ...lines] = new TextDecoder().decode(await files.read(path)).split("\n");
  return { through: parseHead(head)?.through ?? 0, rows: lines.flatMap((line) => parseRow(line) ?? []) };
}

export async function monthsIn(files: Files, folder: string): Promise<string[]> {
  return (await files.list(folder)).flatMap(({ name }) => /^(\d{4}-\d\d)\.jsonl$/.exec(name)?.[1] ?? []);
}

export function monthPath(folder: string, month: string): string {
  return `${folder}/${month}.jsonl`;
}
