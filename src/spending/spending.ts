import type { Audit } from "../core/audit.ts";
import type { Bus } from "../core/bus.ts";
import { WeftError } from "../core/error.ts";
import type { Files } from "../core/platform.ts";
import type { Bill, BudgetStanding, Extension, Payer, Price, Spending } from "../core/spending.ts";
import { isFree, usdText } from "../lib/money.ts";
import { amountsOf, holdFor, nameOf, type Waiting, wake } from "./hold.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import { allLimits, type BudgetRules, type Limit, limitsFor } from "./limits.ts";
import { type Asked, type Begun, paidModel } from "./paid-model.ts";
import { dayOf, keyOf, resetOf } from "./periods.ts";
import { type CountRatios, countRatios } from "./ratios.ts";
import type { Charge, Counts } from "./records.ts";
import { emptySpend, release, type SpendState } from "./state.ts";

export interface SpendingOptions {
  readonly files: Files;
  /** Absolute path of the ledger's folder; nothing is opened before the first call of a model. */
  readonly folder: string;
  /** As the configuration is now. */
  readonly rules: () => BudgetRules;
  readonly bus: Bus;
  readonly audit: Pick<Audit, "record">;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly newId: () => string;
}

export interface OpenSpending extends Spending {
  close(): Promise<void>;
}

/** The money of a workspace whose lock we hold. */
export function openSpending(options: SpendingOptions): OpenSpending {
  const refused = ({ scope, period }: Limit) =>
    options.bus.publish({ type: "budget", state: "refused", scope, period });
  const state: State = { options, waiting: new Set(), ratios: countRatios(), refused };
  const { learn } = state.ratios;
  return {
    paid: (model, bill) =>
      paidModel(model, { learn, open: (asked, signal) => begin(state, { ...bill, ...asked }, signal) }),
    async standing(payer) {
      const { rules } = options;
      const ledger = await ledgerOf(state);
      return standingOf(state, await ledger.state(), payer ? limitsFor(rules(), payer) : allLimits(rules()));
    },
    extend: (extension) => extend(state, extension),
    async close() {
      await (await state.ledger?.catch(() => undefined))?.close();
    },
  };
}

interface State {
  readonly options: SpendingOptions;
  ledger?: Promise<Ledger> | undefined;
  readonly waiting: Waiting;
  readonly ratios: CountRatios;
  readonly refused: (limit: Limit) => void;
}

function ledgerOf(state: State): Promise<Ledger> {
  const { files, folder, now, bus } = state.options;
  const warn = (message: string) => bus.publish({ type: "log", level: "warn", message });
  state.ledger ??= openLedger({ files, folder, now, warn }).catch((error: unknown) => {
    // The next call tries again.
    state.ledger = undefined;
    throw error;
  });
  return state.ledger;
}

/** A call on its way out. */
type Call = Bill & Asked;

const longestName = 200;

async function begin(state: State, call: Call, signal: AbortSignal): Promise<Begun> {
  const { rules, now, newId } = state.options;
  const payer = { ...call.payer, user: call.payer.user.slice(0, longestName) };
  const limits = limitsFor(rules(), payer);
  const price = priceOf(call, rules(), limits);
  const { user, channel, agent, job, turn } = payer;
  const { model } = call;
  const at = now();
  const day = dayOf(at, rules().resetHourUtc);
  const charge: Charge = { day, user, channel, agent, ...(job !== undefined && { job }), model };
  const id = newId();
  const settle = (counts: Counts) => settled(state, { id, charge, payer, counts });
  if (!price || isFree(price)) {
    const settleOne = async (counts: Counts) => (counts.calls === 0 ? undefined : await settle(counts));
    return { maxOutputTokens: call.maxOutputTokens, price, settle: settleOne };
  }
  const ledger = await ledgerOf(state).catch((error: unknown) => {
    if (limits.length > 0) throw error;
    return undefined;
  });
  if (!ledger) return { maxOutputTokens: call.maxOutputTokens, price, settle };
  const hold = { t: "reserve" as const, id, turn, at, ...charge };
  const { refused, ratios, waiting, options } = state;
  const { resetHourUtc } = options.rules();
  const inputTokens = ratios.most(model, call.inputTokens);
  const waits = () => payer.notice("waiting: calls that run hold what is left of a budget until they end");
  const wish = { ...call, inputTokens, price, limits, hold, resetHourUtc, refused, waits };
  // Where nothing is limited nobody looks at what was spent.
  const spend = limits.length > 0 ? await ledger.state() : emptySpend();
  const held = await holdFor(spend, wish, { waiting, signal });
  try {
    await ledger.write(held.reserved);
  } catch (error) {
    if (limits.length > 0) {
      release(spend, id);
      wake(waiting);
      throw error;
    }
  }
  const kept = limits.length > 0 ? ledger.sync() : undefined;
  return { maxOutputTokens: held.maxOutputTokens, price, settle, kept };
}

function priceOf({ price, model }: Call, { unknownPrice }: BudgetRules, limits: readonly Limit[]): Price | undefined {
  if (price) return price;
  if (typeof unknownPrice === "number") {
    return { input: unknownPrice, output: unknownPrice, cacheRead: unknownPrice, cacheWrite: unknownPrice };
  }
  const [limit] = limits;
  if (!limit || unknownPrice === "allow") return undefined;
  const what = `nobody knows what ${model} costs, and ${nameOf(limit)} has a limit (${limit.setting})`;
  const how = `Write its price into models.prices, or say in routing.cost_budgets.unknown_price what to assume ("allow", or US dollars for a million tokens)`;
  throw new WeftError("budget", `${what}. ${how}`);
}

interface Settling {
  readonly id: string;
  readonly charge: Charge;
  readonly payer: Payer;
  readonly counts: Counts;
}

async function settled(state: State, { id, charge, payer, counts }: Settling): Promise<void> {
  const { bus, now } = state.options;
  bus.publish({ type: "spent", turn: payer.turn, model: charge.model, channel: charge.channel, nano: counts.nano });
  try {
    const ledger = await ledgerOf(state);
    const written = ledger.write({ t: "settle", id, at: now(), ...charge, ...counts });
    wake(state.waiting);
    await written;
    await warnIfNear(state, ledger, { charge, payer });
  } catch (thrown) {
    // It counts, and is written later when that can be.
    const { message } = WeftError.from(thrown);
    bus.publish({ type: "log", level: "warn", message: `what was spent cannot be written: ${message}` });
  }
}

/** Once for each budget and period. */
async function warnIfNear(state: State, ledger: Ledger, { charge, payer }: Pick<Settling, "charge" | "payer">) {
  const { rules, bus } = state.options;
  const limits = limitsFor(rules(), payer);
  if (limits.length === 0) return;
  const spend = await ledger.state();
  for (const limit of limits) {
    const { spent, most } = amountsOf(spend, limit, charge.day);
    const period = keyOf(limit.period, charge.day);
    if (most === 0 || spent < most * rules().warnAt || spend.warned.has(`${period} ${limit.scope}`)) continue;
    const written = ledger.write({ t: "warn", scope: limit.scope, period });
    const share = Math.floor((spent / most) * 100);
    const text = `${share} % of the ${limit.period === "day" ? "daily" : "monthly"} budget of ${nameOf(limit)} is spent: ${usdText(spent)} of ${usdText(most)} (${limit.setting})`;
    payer.notice(text);
    bus.publish({ type: "log", level: "warn", message: text });
    bus.publish({ type: "budget", state: "warned", scope: limit.scope, period: limit.period });
    await written;
  }
}

async function extend(state: State, { scope, nano, periods, by }: Extension): Promise<BudgetStanding[]> {
  const { rules, now, audit } = state.options;
  if (scope !== "global" && !/^(user|agent|job|channel):./.test(scope)) {
    throw new WeftError(
      "usage",
      `${scope} is no budget: write global, user:NAME, agent:NAME, job:NAME or channel:NAME`,
    );
  }
  if (!(nano > 0)) throw new WeftError("usage", "an extension is more than 0 US dollars");
  const ledger = await ledgerOf(state);
  const at = now();
  const day = dayOf(at, rules().resetHourUtc);
  const detail = `${usdText(nano)} more for this ${periods.join(" and this ")}`;
  await audit.record({
    kind: "budget",
    subject: scope,
    outcome: "ok",
    detail,
    reason: `extended by ${by}`,
    figures: { nanoUsd: nano },
  });
  await ledger.write({ t: "extend", at, by, scope, periods: periods.map((period) => keyOf(period, day)), nano });
  await ledger.sync();
  wake(state.waiting);
  return standingOf(
    state,
    await ledger.state(),
    allLimits(rules()).filter((limit) => limit.scope === scope),
  );
}

function standingOf({ options }: State, spend: SpendState, limits: readonly Limit[]): BudgetStanding[] {
  const { resetHourUtc } = options.rules();
  const day = dayOf(options.now(), resetHourUtc);
  return limits.map((limit) => {
    const { scope, period, setting } = limit;
    const { spent, reserved, most, extended } = amountsOf(spend, limit, day);
    return {
      scope,
      period,
      spent,
      reserved,
      limit: most,
      extended,
      resetsAt: resetOf(period, day, resetHourUtc),
      setting,
    };
  });
}
