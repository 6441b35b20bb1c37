import type { Model } from "./model.ts";

/** Whole billionths of a US dollar: sums of them are exact. */
export type Nano = number;

/** What tokens cost, in US dollars for a million of them. */
export interface Rates {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

export interface Price extends Rates {
  /** For the whole call once its prompt is longer than so many tokens. */
  readonly long?: Rates & { readonly above: number };
}

/** Who a call of a model is for; each of these may have a budget. */
export interface Payer {
  /** The sender, on whatever channel. */
  readonly user: string;
  readonly channel: string;
  /** `main`, `sub-agent`, or the name of an agent. */
  readonly agent: string;
  readonly job?: string | undefined;
  readonly turn: string;
  /** The user's own limits in US dollars; infinite = none. */
  readonly dailyUsd: number;
  readonly monthlyUsd: number;
  /** Tells the user something beside the answer. */
  readonly notice: (text: string) => void;
}

export interface Bill {
  readonly payer: Payer;
  /** Undefined where nobody knows. */
  readonly price: Price | undefined;
}

/** Money: nothing is asked of a model before its worst case fits into every budget that applies. */
export interface Spending {
  /**
   * The same model; each call of it is reserved, and settled by what the provider counted. Throws `budget` instead of
   * asking when there is no room, and asks for a shorter answer when that fits.
   */
  paid(model: Model, bill: Bill): Model;
  /** Every budget, those without a limit left out; for one payer only those that apply to him. */
  standing(payer?: Payer): Promise<BudgetStanding[]>;
  /** More for what is left of these periods. Throws `usage` for a scope that cannot be. */
  extend(extension: Extension): Promise<BudgetStanding[]>;
}

export interface Extension {
  /** `global`, `user:NAME`, `agent:NAME`, `job:NAME` or `channel:NAME`. */
  readonly scope: string;
  readonly nano: Nano;
  readonly periods: readonly Period[];
  /** The user who does it. */
  readonly by: string;
}

export type Period = "day" | "month";

export interface BudgetStanding {
  readonly scope: string;
  readonly period: Period;
  readonly spent: Nano;
  /** Held for calls that run. */
  readonly reserved: Nano;
  /** What was added for this period included. */
  readonly limit: Nano;
  readonly extended: Nano;
  /** Unix milliseconds. */
  readonly resetsAt: number;
  /** The key of the configuration that sets it. */
  readonly setting: string;
}
