import { WeftError } from "../core/error.ts";
import type { Nano, Price } from "../core/spending.ts";
import { mostForInput, outputPico, usdText } from "../lib/money.ts";
import type { Limit } from "./limits.ts";
import { keyOf, resetOf } from "./periods.ts";
import type { ReserveRecord } from "./records.ts";
import { amountIn, applyRecord, type SpendState } from "./state.ts";

/** Calls that wait for what others hold; each looks again when some of it comes free. */
export type Waiting = Set<() => void>;

export interface Wish {
  readonly inputTokens: number;
  readonly maxOutputTokens: number;
  /** What it may write beyond that. */
  readonly extraOutputTokens: number;
  readonly price: Price;
  readonly limits: readonly Limit[];
  readonly hold: Omit<ReserveRecord, "nano">;
  readonly refused: (limit: Limit) => void;
  /** Called once when others hold what is needed. */
  readonly waits: () => void;
  readonly resetHourUtc: number;
}

export interface Held {
  readonly reserved: ReserveRecord;
  readonly maxOutputTokens: number;
}

/** An answer shorter than this helps nobody. */
const leastOutputTokens = 256;

/**
 * Holds as much as the call may cost. What others hold may come back, so it is waited for; only what is spent makes the
 * answer shorter, or refuses it. Nobody holds money while it waits, so all of it comes back.
 */
export function holdFor(state: SpendState, wish: Wish, wait: { waiting: Waiting; signal: AbortSignal }): Promise<Held> {
  const { waiting, signal } = wait;
  return new Promise((resolve, reject) => {
    const end = () => {
      waiting.delete(look);
      signal.removeEventListener("abort", stop);
    };
    const stop = () => {
      end();
      reject(WeftError.from(signal.reason));
    };
    const look = () => {
      try {
        const held = tryToHold(state, wish);
        if (!held) return;
        end();
        resolve(held);
      } catch (error) {
        end();
        reject(error);
      }
    };
    if (signal.aborted) return stop();
    waiting.add(look);
    signal.addEventListener("abort", stop, { once: true });
    look();
    if (waiting.has(look)) wish.waits();
  });
}

/** In the order in which they came. */
export function wake(waiting: Waiting): void {
  for (const look of [...waiting]) look();
}

/** Looks and takes in one step, so that no two take the same money. Undefined: others hold what is needed. */
function tryToHold(state: SpendState, wish: Wish): Held | undefined {
  const { limits, hold, extraOutputTokens } = wish;
  const rates = ratesOf(wish);
  const maxOutputTokens = affordable(state, wish, rates);
  const nano = rates.most(maxOutputTokens + extraOutputTokens);
  const fits = limits.every((limit) => {
    const { spent, reserved, most } = amountsOf(state, limit, hold.day);
    return spent + reserved + nano <= most;
  });
  if (!fits) return undefined;
  const reserved = { ...hold, nano };
  applyRecord(state, reserved);
  return { reserved, maxOutputTokens };
}

type CallRates = ReturnType<typeof ratesOf>;

function ratesOf({ inputTokens, price }: Wish) {
  const input = mostForInput(inputTokens, price);
  const pico = outputPico(inputTokens, price);
  return { input, pico, most: (outputTokens: number): Nano => input + Math.ceil((outputTokens * pico) / 1000) };
}

/** How long the answer may be for what is not spent yet. */
function affordable(state: SpendState, wish: Wish, { input, pico, most: mostFor }: CallRates): number {
  const { limits, hold, extraOutputTokens } = wish;
  const least = Math.min(wish.maxOutputTokens, leastOutputTokens);
  let { maxOutputTokens } = wish;
  for (const limit of limits) {
    const { spent, most } = amountsOf(state, limit, hold.day);
    const left = most - spent - input;
    const tokens = pico === 0 ? maxOutputTokens : Math.floor((left * 1000) / pico) - extraOutputTokens;
    if (left < 0 || tokens < least) {
      wish.refused(limit);
      throw refusal(wish, limit, { spent, most, need: mostFor(least + extraOutputTokens) });
    }
    maxOutputTokens = Math.min(maxOutputTokens, tokens);
  }
  return maxOutputTokens;
}

export function amountsOf(state: SpendState, { scope, period, nano }: Limit, day: string) {
  const key = keyOf(period, day);
  const extended = amountIn(state.extended, key, scope);
  return {
    spent: amountIn(state.sums, key, scope),
    reserved: amountIn(state.held, key, scope),
    extended,
    most: nano + extended,
  };
}

interface Amounts {
  readonly spent: Nano;
  readonly most: Nano;
  readonly need: Nano;
}

function refusal({ hold, resetHourUtc }: Wish, limit: Limit, { spent, most, need }: Amounts): WeftError {
  const { period, scope, setting } = limit;
  const resetsAt = resetOf(period, hold.day, resetHourUtc);
  const when = new Date(resetsAt).toISOString().slice(0, 16).replace("T", " ");
  const name = `the ${period === "day" ? "daily" : "monthly"} budget of ${nameOf(limit)}`;
  const what = `no room in ${name}: ${usdText(spent)} of ${usdText(most)} spent, and the next answer may cost ${usdText(need)}`;
  const how = `It begins anew at ${when} UTC. To go on before, raise ${setting}, or let an admin say /budget extend ${scope} USD`;
  return new WeftError("budget", `${what}. ${how}`, { retryAfterMs: Math.max(1000, resetsAt - hold.at) });
}

/** For people. */
export function nameOf({ scope }: Pick<Limit, "scope">): string {
  if (scope === "global") return "everybody together";
  const colon = scope.indexOf(":");
  return `${scope.slice(0, colon)} ${scope.slice(colon + 1)}`;
}
