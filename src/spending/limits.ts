import type { Nano, Payer, Period } from "../core/spending.ts";
import { nanoOf } from "../lib/money.ts";

/** What the configuration says of budgets; amounts in US dollars, absent = no limit. */
export interface BudgetRules {
  readonly global: UsdLimits;
  readonly users: Readonly<Record<string, UsdLimits>>;
  readonly agents: Readonly<Record<string, UsdLimits>>;
  readonly jobs: Readonly<Record<string, UsdLimits>>;
  readonly channels: Readonly<Record<string, UsdLimits>>;
  /** 0..1: the part of a limit from which on the user is warned. */
  readonly warnAt: number;
  readonly resetHourUtc: number;
  /** For a model whose price nobody knows; a number is assumed, in US dollars for a million tokens. */
  readonly unknownPrice: "refuse" | "allow" | number;
}

export interface UsdLimits {
  readonly dailyUsd?: number | undefined;
  readonly monthlyUsd?: number | undefined;
}

/** One limit that holds for a payer. */
export interface Limit {
  readonly scope: string;
  readonly period: Period;
  readonly nano: Nano;
  /** The key of the configuration. */
  readonly setting: string;
}

/** All limits that hold for a payer, those of his own permissions among them. */
export function limitsFor(rules: BudgetRules, payer: Payer): Limit[] {
  const { user, agent, job, channel, dailyUsd, monthlyUsd } = payer;
  return [
    ...globalLimits(rules),
    ...limitsOf("users", user, rules.users),
    ...named(`user:${user}`, ownSettings, { dailyUsd, monthlyUsd }),
    ...limitsOf("agents", agent, rules.agents),
    ...(job === undefined ? [] : limitsOf("jobs", job, rules.jobs)),
    ...limitsOf("channels", channel, rules.channels),
  ];
}

/** All limits of the configuration. */
export function allLimits(rules: BudgetRules): Limit[] {
  const ofMap = (map: keyof typeof kinds) => Object.keys(rules[map]).flatMap((name) => limitsOf(map, name, rules[map]));
  return [...globalLimits(rules), ...ofMap("users"), ...ofMap("agents"), ...ofMap("jobs"), ...ofMap("channels")];
}

const section = "routing.cost_budgets";
const ownSettings = (period: Period) =>
  `cost_budget_${period === "day" ? "daily" : "monthly"}_usd in routing.permissions`;

export const kinds = { users: "user", agents: "agent", jobs: "job", channels: "channel" } as const;

function globalLimits({ global }: BudgetRules): Limit[] {
  const setting = (period: Period) => `${section}.global_${period === "day" ? "daily" : "monthly"}_limit_usd`;
  return named("global", setting, global);
}

function limitsOf(map: keyof typeof kinds, name: string, limits: Readonly<Record<string, UsdLimits>>): Limit[] {
  const own = Object.hasOwn(limits, name) ? limits[name] : undefined;
  const setting = (period: Period) => `${section}.${map}.${name}.${period === "day" ? "daily" : "monthly"}_usd`;
  return own ? named(`${kinds[map]}:${name}`, setting, own) : [];
}

function named(
  scope: string,
  settingOf: (period: Period) => string,
  { dailyUsd = Number.POSITIVE_INFINITY, monthlyUsd = Number.POSITIVE_INFINITY }: UsdLimits,
): Limit[] {
  const all: readonly (readonly [Period, number])[] = [
    ["day", dailyUsd],
    ["month", monthlyUsd],
  ];
  return all
    .filter(([, usd]) => Number.isFinite(usd))
    .map(([period, usd]) => ({ scope, period, nano: nanoOf(usd), setting: settingOf(period) }));
}
