import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import type { Nano } from "../core/spending.ts";

/** Who paid for what, as it is kept. */
export interface Charge {
  /** The day of the budget it counts for. */
  readonly day: string;
  readonly user: string;
  readonly channel: string;
  readonly agent: string;
  readonly job?: string;
  /** `vendor/model` */
  readonly model: string;
}

/** Money held for a call, on the disk before it goes out. */
export interface ReserveRecord extends Charge {
  readonly t: "reserve";
  readonly id: string;
  readonly turn: string;
  /** Unix milliseconds. */
  readonly at: number;
  readonly nano: Nano;
}

/** What it has cost in the end. */
export interface SettleRecord extends Charge, Counts {
  readonly t: "settle";
  /** That of its reservation, if there was one. */
  readonly id: string;
  readonly at: number;
}

export interface Counts {
  readonly nano: Nano;
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  /** Calls whose end is not known: they count as what was held for them. */
  readonly lost: number;
  /** Calls whose price nobody knew: they count as nothing. */
  readonly unpriced: number;
}

export interface ExtendRecord {
  readonly t: "extend";
  readonly at: number;
  readonly by: string;
  readonly scope: string;
  /** Keys of periods. */
  readonly periods: readonly string[];
  readonly nano: Nano;
}

/** The user was told that a budget is nearly used up. */
export interface WarnRecord {
  readonly t: "warn";
  readonly scope: string;
  readonly period: string;
}

/** What a ledger file begins with: all that still counts of the files before it. */
export interface SnapshotRecord {
  readonly t: "snapshot";
  readonly sums: Amounts;
  readonly extended: Amounts;
  readonly warned: readonly string[];
  readonly open: readonly ReserveRecord[];
}

/** By period and scope. */
export type Amounts = Readonly<Record<string, Readonly<Record<string, Nano>>>>;

export type LedgerRecord = ReserveRecord | SettleRecord | ExtendRecord | WarnRecord | SnapshotRecord;

/** All calls of a day that agree in everything a report can ask for. */
export type Row = Charge & Counts;

export const noCounts: Counts = {
  nano: 0,
  calls: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  lost: 0,
  unpriced: 0,
};

export const countNames = Object.keys(noCounts) as readonly (keyof Counts)[];

export function addCounts(a: Counts, b: Counts): Counts {
  return Object.fromEntries(countNames.map((name) => [name, a[name] + b[name]])) as unknown as Counts;
}

export function chargeKey({ day, user, channel, agent, job, model }: Charge): string {
  return JSON.stringify([day, user, channel, agent, job ?? null, model]);
}

/** Undefined for a line that is none. */
export function parseRecord(line: string): LedgerRecord | undefined {
  const value = objectOf(line);
  if (!value) return undefined;
  switch (value["t"]) {
    case "reserve":
      return isCharge(value) && isNano(value["nano"]) && typeof value["id"] === "string" ? as(value) : undefined;
    case "settle":
      return isCharge(value) && isCounts(value) ? as(value) : undefined;
    case "extend":
      return isNano(value["nano"]) && Array.isArray(value["periods"]) ? as(value) : undefined;
    case "warn":
      return typeof value["scope"] === "string" && typeof value["period"] === "string" ? as(value) : undefined;
    case "snapshot":
      return isAmounts(value["sums"]) && isAmounts(value["extended"]) && Array.isArray(value["open"])
        ? as(value)
        : undefined;
    default:
      return undefined;
  }
}

/** A row of a month's file. */
export function parseRow(line: string): Row | undefined {
  const value = objectOf(line);
  return value && isCharge(value) && isCounts(value) ? (value as unknown as Row) : undefined;
}

/** The first line of a month's file: up to which ledger file everything is in it. */
export function parseHead(line: string): { readonly through: number } | undefined {
  const through = objectOf(line)?.["through"];
  return Number.isSafeInteger(through) ? { through: Number(through) } : undefined;
}

function objectOf(line: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function as(value: JsonObject): LedgerRecord {
  return value as unknown as LedgerRecord;
}

function isCharge(value: JsonObject): boolean {
  const texts = ["user", "channel", "agent", "model"].every((name) => typeof value[name] === "string");
  return texts && typeof value["day"] === "string" && /^\d{4}-\d\d-\d\d$/.test(value["day"]);
}

function isCounts(value: JsonObject): boolean {
  return countNames.every((name) => isNano(value[name]));
}

function isNano(value: Json | undefined): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isAmounts(value: Json | undefined): boolean {
  if (!isJsonObject(value)) return false;
  return Object.values(value).every((scopes) => isJsonObject(scopes) && Object.values(scopes).every(isNano));
}
