import type { Nano } from "../core/spending.ts";
import { monthOf } from "./periods.ts";
import {
  type Amounts,
  addCounts,
  type Charge,
  chargeKey,
  type LedgerRecord,
  noCounts,
  type ReserveRecord,
  type Row,
  type SettleRecord,
  type SnapshotRecord,
} from "./records.ts";

/** What the ledger's records come to. The same records give the same state, whoever applies them. */
export interface SpendState {
  /** By period and scope: what was spent, what is held, what was added to the limit. */
  sums: Map<string, Map<string, Nano>>;
  held: Map<string, Map<string, Nano>>;
  extended: Map<string, Map<string, Nano>>;
  /** `PERIOD SCOPE` */
  readonly warned: Set<string>;
  readonly open: Map<string, ReserveRecord>;
  /** Since the file was begun, for reports. */
  readonly rows: Map<string, Row>;
}

export function emptySpend(): SpendState {
  return {
    sums: new Map(),
    held: new Map(),
    extended: new Map(),
    warned: new Set(),
    open: new Map(),
    rows: new Map(),
  };
}

export function applyRecord(state: SpendState, record: LedgerRecord): void {
  switch (record.t) {
    case "reserve":
      if (state.open.has(record.id)) return;
      state.open.set(record.id, record);
      addToScopes(state.held, record, record.nano);
      return;
    case "settle":
      settle(state, record);
      return;
    case "extend":
      for (const period of record.periods) add(state.extended, [period, record.scope], record.nano);
      return;
    case "warn":
      state.warned.add(`${record.period} ${record.scope}`);
      return;
    case "snapshot":
      restore(state, record);
  }
}

function settle(state: SpendState, record: SettleRecord): void {
  release(state, record.id);
  addToScopes(state.sums, record, record.nano);
  const { t: _t, id: _id, at: _at, ...row } = record;
  addRow(state, row);
}

export function addRow({ rows }: SpendState, row: Row): void {
  const key = chargeKey(row);
  rows.set(key, { ...row, ...addCounts(rows.get(key) ?? noCounts, row) });
}

/** The call was never made. */
export function release(state: SpendState, id: string): void {
  const reserved = state.open.get(id);
  if (!reserved) return;
  state.open.delete(id);
  addToScopes(state.held, reserved, -reserved.nano);
}

/** Everybody whose budget a charge counts for. */
export function scopesOf({ user, channel, agent, job }: Omit<Charge, "day" | "model">): string[] {
  const scopes = ["global", `user:${user}`, `agent:${agent}`, `channel:${channel}`];
  return job === undefined ? scopes : [...scopes, `job:${job}`];
}

export function amountIn(amounts: SpendState["sums"], period: string, scope: string): Nano {
  return amounts.get(period)?.get(scope) ?? 0;
}

/** What a new file begins with. Periods before the last one are over, and in their months' files. */
export function snapshot(state: SpendState): SnapshotRecord {
  const kept = keptPeriods(state);
  const of = (amounts: SpendState["sums"]): Amounts =>
    Object.fromEntries(
      [...amounts]
        .filter(([period]) => kept.has(period))
        .map(([period, scopes]) => [period, Object.fromEntries([...scopes].filter(([, nano]) => nano > 0))]),
    );
  return {
    t: "snapshot",
    sums: of(state.sums),
    extended: of(state.extended),
    warned: [...state.warned].filter((each) => kept.has(each.split(" ", 1)[0] ?? "")),
    open: [...state.open.values()],
  };
}

/** The two newest days and months, for a clock that was set back; and those of calls that run. */
function keptPeriods({ sums, extended, open }: SpendState): ReadonlySet<string> {
  const all = [...new Set([...sums.keys(), ...extended.keys()])].sort();
  const newest = (length: number) => all.filter((period) => period.length === length).slice(-2);
  const running = [...open.values()].flatMap(({ day }) => [day, monthOf(day)]);
  return new Set([...newest("2026-11".length), ...newest("2026-11-24".length), ...running]);
}

function restore(state: SpendState, { sums, extended, warned, open }: SnapshotRecord): void {
  const of = (amounts: Amounts) =>
    new Map(Object.entries(amounts).map(([period, scopes]) => [period, new Map(Object.entries(scopes))]));
  state.sums = of(sums);
  state.extended = of(extended);
  for (const each of warned) state.warned.add(each);
  for (const each of open) applyRecord(state, each);
}

function addToScopes(amounts: SpendState["sums"], charge: Charge, nano: Nano): void {
  for (const scope of scopesOf(charge)) {
    add(amounts, [charge.day, scope], nano);
    add(amounts, [monthOf(charge.day), scope], nano);
  }
}

function add(amounts: SpendState["sums"], [period, scope]: readonly [string, string], nano: Nano): void {
  let scopes = amounts.get(period);
  if (!scopes) {
    scopes = new Map();
    amounts.set(period, scopes);
  }
  const sum = (scopes.get(scope) ?? 0) + nano;
  if (sum === 0) scopes.delete(scope);
  else scopes.set(scope, sum);
}
