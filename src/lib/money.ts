import type { Usage } from "../core/model.ts";
import type { Nano, Price, Rates } from "../core/spending.ts";

/** Money in whole nano-dollars. Prices become whole pico-dollars a token first, so that no float is added up. */

export function nanoOf(usd: number): Nano {
  return Math.round(usd * 1e9);
}

/** `$1.50`; small amounts with as many digits as they need. */
export function usdText(nano: Nano): string {
  const usd = nano / 1e9;
  if (nano === 0 || Math.abs(usd) >= 1) return `$${usd.toFixed(2)}`;
  return `$${usd.toFixed(Math.abs(usd) >= 0.01 ? 4 : 6)}`;
}

/** What a call has cost by the provider's own figures; a started nano-dollar counts as a whole one. */
export function costOf(usage: Usage, price: Price): Nano {
  const input = tokens(usage.inputTokens);
  const rates = ratesFor(price, input);
  const read = Math.min(input, tokens(usage.cacheReadTokens));
  const write = Math.min(input - read, tokens(usage.cacheWriteTokens));
  const pico =
    (input - read - write) * picoOf(rates.input) +
    read * picoOf(rates.cacheRead) +
    write * picoOf(rates.cacheWrite) +
    tokens(usage.outputTokens) * picoOf(rates.output);
  return Math.ceil(pico / 1000);
}

/** The most that a prompt of so many tokens can cost. */
export function mostForInput(inputTokens: number, price: Price): Nano {
  const { input, cacheRead, cacheWrite } = ratesFor(price, inputTokens);
  return Math.ceil((tokens(inputTokens) * picoOf(Math.max(input, cacheRead, cacheWrite))) / 1000);
}

/** What the answer of such a call costs, pico-dollars a token. */
export function outputPico(inputTokens: number, price: Price): number {
  return picoOf(ratesFor(price, inputTokens).output);
}

export function isFree(price: Price): boolean {
  const rates = [price, ...(price.long ? [price.long] : [])];
  return rates.every(({ input, output, cacheRead, cacheWrite }) => input + output + cacheRead + cacheWrite === 0);
}

function ratesFor(price: Price, inputTokens: number): Rates {
  return price.long && inputTokens > price.long.above ? price.long : price;
}

function picoOf(usdPerMillion: number): number {
  return Math.round(usdPerMillion * 1e6);
}

/** No call has more; what a provider says beyond it is no count. */
const mostTokens = 100_000_000;

function tokens(count: number | undefined): number {
  return Math.min(mostTokens, Math.max(0, Math.ceil(count ?? 0)));
}
