import type { Price, Rates } from "../core/spending.ts";

/** When the prices below were true; list prices without discounts, in US dollars for a million tokens. */
export const pricesAsOf = "2026-11-24";

/**
 * Input, output, cache read, cache write; then what holds for the whole call above so many tokens of prompt. Without a
 * discount for the cache its price is that of the input.
 */
type Row = readonly [name: RegExp, input: number, output: number, cache?: CachePrice | undefined, long?: Long];
type CachePrice = readonly [read: number, write?: number];
type Long = readonly [above: number, input: number, output: number, cache?: CachePrice];

/**
 * By vendor, the first name that fits. The figures are those of LiteLLM 1.110, which takes them from the pages named here;
 * Anthropic's, DeepSeek's and OpenRouter's pages were read beside it.
 */
const tables: Readonly<Record<string, readonly Row[]>> = {
  // https://platform.claude.com/docs/en/about-claude/pricing; writes of the cache for five minutes.
  anthropic: [
    [/^claude-haiku-5-5/, 0.1, 0.5, [0.01, 0.125], [100_000, 0.5, 2.5, [0.05, 0.625]]],
    [/^claude-opus-5-5/, 4, 20, [0.2, 5]],
    [/^claude-sonnet-5-5/, 2, 10, [0.1, 2.5]],
    [/^claude-(fable|mythos)-5-1/, 10, 50, [0.25, 12.5]],
    [/^claude-(fable|mythos)-(5|preview)/, 10, 50, [1, 12.5]],
    [/^claude-opus-(5|4-[5-9])/, 5, 25, [0.5, 6.25]],
    [/^claude-sonnet-5/, 2, 10, [0.2, 2.5]],
    [/^claude-(opus-4|3-opus)/, 15, 75, [1.5, 18.75]],
    [/^claude-(sonnet-4|3-[57]-sonnet|3-sonnet)/, 3, 15, [0.3, 3.75]],
    [/^claude-haiku-4-5/, 1, 5, [0.1, 1.25]],
    [/^claude-3-5-haiku/, 0.8, 4, [0.08, 1]],
    [/^claude-3-haiku/, 0.25, 1.25, [0.03, 0.3]],
  ],
  // https://developers.openai.com/api/docs/pricing, standard processing.
  openai: [
    [/^gpt-6\.1-sol/, 2, 10, [0.1, 2.5], [272_000, 4, 15, [0.2, 5]]],
    [/^gpt-6\.1-terra/, 1, 5, [0.05, 1.25], [272_000, 2, 7.5, [0.1, 2.5]]],
    [/^gpt-6-astra/, 10, 50, [1, 12.5], [272_000, 20, 75, [2, 25]]],
    [/^gpt-6-sol/, 2, 10, [0.2, 2.5], [272_000, 4, 15, [0.4, 5]]],
    [/^gpt-6-luna/, 0.1, 0.5, [0.01, 0.125], [272_000, 0.2, 0.75, [0.02, 0.25]]],
    [/^gpt-5\.6-luna/, 0.2, 1.2, [0.02, 0.25], [272_000, 0.4, 1.8, [0.04, 0.5]]],
    [/^gpt-5\.6-terra/, 2, 12, [0.2, 2.5], [272_000, 4, 18, [0.4, 5]]],
    [/^gpt-5\.6(-sol)?$/, 4, 20, [0.4, 5], [272_000, 8, 30, [0.8, 10]]],
    [/^gpt-5\.[45]-pro/, 30, 180, undefined, [272_000, 60, 270]],
    [/^gpt-5\.5(-\d|$)/, 5, 30, [0.5], [272_000, 10, 45, [1]]],
    [/^gpt-5\.4-mini/, 0.75, 4.5, [0.075]],
    [/^gpt-5\.4-nano/, 0.2, 1.25, [0.02]],
    [/^gpt-5\.4(-\d|$)/, 2.5, 15, [0.25], [272_000, 5, 22.5, [0.5]]],
    [/^gpt-5\.2-pro/, 21, 168],
    [/^gpt-5\.[23](-codex|-chat-latest|-\d|$)/, 1.75, 14, [0.175]],
    [/^gpt-5-pro/, 15, 120],
    [/^gpt-5(\.1)?(-codex)?-mini/, 0.25, 2, [0.025]],
    [/^gpt-5-nano/, 0.05, 0.4, [0.005]],
    [/^gpt-5(\.1)?(-codex|-codex-max|-chat|-chat-latest|-\d[\d-]*)?$/, 1.25, 10, [0.125]],
    [/^gpt-4\.1-mini/, 0.4, 1.6, [0.1]],
    [/^gpt-4\.1-nano/, 0.1, 0.4, [0.025]],
    [/^gpt-4\.1/, 2, 8, [0.5]],
    [/^gpt-4o-mini/, 0.15, 0.6, [0.075]],
    [/^gpt-4o/, 2.5, 10, [1.25]],
    [/^gpt-4-(turbo|\d{4}-preview)/, 10, 30],
    [/^gpt-4(-0613)?$/, 30, 60],
    [/^gpt-3\.5-turbo(-0125)?$/, 0.5, 1.5],
    [/^o1-pro/, 150, 600],
    [/^o3-pro/, 20, 80],
    [/^o3-mini/, 1.1, 4.4, [0.55]],
    [/^o4-mini/, 1.1, 4.4, [0.275]],
    [/^o3(-\d|$)/, 2, 8, [0.5]],
    [/^o1(-\d|$)/, 15, 60, [7.5]],
  ],
  // https://ai.google.dev/gemini-api/docs/pricing, paid tier.
  gemini: [
    [/^gemini-3\.1-pro|^gemini-pro-latest/, 2, 12, [0.2], [200_000, 4, 18, [0.4]]],
    [/^gemini-3\.5-flash-lite|^gemini-flash-lite-latest/, 0.3, 2.5, [0.03]],
    [/^gemini-3\.1-flash-lite/, 0.25, 1.5, [0.025]],
    [/^gemini-3\.5-flash/, 1.5, 9, [0.15]],
    [/^gemini-3\.[678]-flash|^gemini-flash-latest/, 0.75, 3.75, [0.075]],
    [/^gemini-3-flash/, 0.5, 3, [0.05]],
    [/^gemini-2\.5-flash-lite/, 0.1, 0.4, [0.01]],
    [/^gemini-2\.5-flash/, 0.3, 2.5, [0.03]],
    [/^gemini-2\.5-pro/, 1.25, 10, [0.125], [200_000, 2.5, 15, [0.25]]],
  ],
  // https://groq.com/pricing
  groq: [
    [/^openai\/gpt-oss-120b/, 0.15, 0.6, [0.075]],
    [/^openai\/gpt-oss-(safeguard-)?20b/, 0.075, 0.3, [0.0375]],
    [/^qwen\/qwen3\.8-27b/, 0.8, 4],
  ],
  // https://api-docs.deepseek.com/quick_start/pricing; the hours of the peak, which cost twice the others.
  deepseek: [
    [/^deepseek-(flash|v4-flash)/, 0.3, 1.2, [0.006]],
    [/^deepseek-v4-pro/, 1.32, 3.96, [0.044]],
    [/^deepseek-(chat|reasoner)/, 0.3, 1.2, [0.03]],
  ],
  // https://mistral.ai/pricing
  mistral: [
    [/^mistral-large-4/, 0.7, 2.1, [0.07]],
    [/^mistral-large/, 0.5, 1.5, [0.05]],
    [/^(mistral-medium|magistral-medium)/, 1.5, 7.5, [0.15]],
    [/^(mistral-small|magistral-small)/, 0.15, 0.6, [0.015]],
    [/^codestral/, 0.3, 0.9, [0.03]],
    [/^devstral-small/, 0.1, 0.3, [0.01]],
    [/^devstral/, 0.4, 2, [0.04]],
    [/^ministral-(3-)?14b/, 0.2, 0.2, [0.02]],
    [/^ministral-(3-)?8b/, 0.15, 0.15, [0.015]],
    [/^ministral-(3-)?3b/, 0.1, 0.1, [0.01]],
  ],
  // https://docs.x.ai/docs/models
  xai: [
    [/^grok-4\.[67]/, 2, 6, [0.5], [200_000, 4, 12, [1]]],
    [/^grok-4\.5/, 2, 6, [0.3], [200_000, 4, 12, [0.6]]],
    [/^grok-4\.(3|20)/, 1.25, 2.5, [0.2], [200_000, 2.5, 5, [0.4]]],
  ],
  // https://www.together.ai/pricing
  together: [
    [/^meta-llama\/Llama-3\.3-70B/, 1.04, 1.04],
    [/^openai\/gpt-oss-120b/, 0.15, 0.6],
    [/^openai\/gpt-oss-20b/, 0.05, 0.2],
    [/^deepseek-ai\/DeepSeek-V4\.1-Flash/, 0.3, 1.2, [0.006]],
    [/^deepseek-ai\/DeepSeek-V4-Flash/, 0.14, 0.28, [0.03]],
    [/^deepseek-ai\/DeepSeek-V4-Pro/, 1.32, 3.96, [0.13]],
    [/^moonshotai\/Kimi-K3\.1/, 2, 10, [0.2]],
    [/^moonshotai\/Kimi-K3/, 3, 15, [0.3]],
    [/^moonshotai\/Kimi-K2\.6/, 1.2, 4.5, [0.2]],
    [/^zai-org\/GLM-5\.3-Flash/, 0.15, 0.5, [0.03]],
    [/^zai-org\/GLM-5\.[123]/, 1.4, 4.4, [0.26]],
    [/^Qwen\/Qwen3\.7-Max/, 2.5, 7.5, [0.5]],
    [/^MiniMaxAI\/MiniMax-M(3|2\.7)$/, 0.3, 1.2, [0.06]],
  ],
  // https://platform.kimi.ai/docs/pricing/chat
  moonshot: [
    [/^kimi-k3\.1-pro-highspeed/, 4, 20, [0.2, 4]],
    [/^kimi-k3\.1-pro/, 2, 10, [0.2, 2]],
    [/^kimi-k3(-|$)/, 3, 15, [0.3, 3]],
    [/^kimi-k2\.7-code/, 0.95, 4, [0.19]],
    [/^kimi-k2\.6/, 0.95, 4, [0.16]],
    [/^kimi-k2\.5/, 0.6, 3, [0.1]],
    [/^moonshot-v1-(auto|128k)/, 2, 5],
    [/^moonshot-v1-32k/, 1, 3],
    [/^moonshot-v1-8k/, 0.2, 2],
  ],
  // https://docs.z.ai/guides/overview/pricing
  zhipu: [
    [/^glm-5\.3-flash/, 0.15, 0.5, [0.03]],
    [/^glm-5\.[123]$/, 1.4, 4.4, [0.26]],
    [/^glm-5-code/, 1.2, 5, [0.3]],
    [/^glm-5v-turbo/, 1.2, 4, [0.24]],
    [/^glm-5$/, 1, 3.2, [0.2]],
    [/^glm-4\.[57]-flash/, 0, 0],
    [/^glm-4\.[67]$/, 0.6, 2.2, [0.11]],
    [/^glm-4\.5-airx/, 1.1, 4.5],
    [/^glm-4\.5-air/, 0.2, 1.1],
    [/^glm-4\.5-x/, 2.2, 8.9],
    [/^glm-4\.5(v|$)/, 0.6, 2.2],
  ],
  // https://platform.minimax.io/docs/guides/pricing
  minimax: [
    [/^MiniMax-M3/i, 0.3, 1.2, [0.06], [512_000, 0.6, 2.4, [0.12]]],
    [/^MiniMax-M2(\.\d)?-lightning/i, 0.3, 2.4, [0.03, 0.375]],
    [/^MiniMax-M2/i, 0.3, 1.2, [0.03, 0.375]],
  ],
  // https://www.alibabacloud.com/help/en/model-studio/models, Singapore; without thinking, which weft does not ask for.
  dashscope: [
    [/^qwen3\.8-max/, 2, 6, [0.25]],
    [/^qwen3\.8-(omni-)?flash/, 0.15, 0.47, [0.016, 0.2]],
    [/^qwen3\.7-max/, 2.5, 7.5, [0.5, 3.125]],
    [/^qwen3\.7-plus/, 0.4, 1.6, undefined, [256_000, 1.2, 4.8]],
    [/^qwen3\.5-plus/, 0.4, 2.4, undefined, [256_000, 0.5, 3]],
    [/^qwen-max/, 1.6, 6.4],
    [/^qwen-plus/, 0.4, 1.2, undefined, [256_000, 1.2, 3.6]],
    [/^qwen-flash/, 0.05, 0.4, undefined, [256_000, 0.25, 2]],
    [/^qwen-turbo/, 0.05, 0.2],
  ],
};

/** OpenRouter passes on what the makers ask (https://openrouter.ai/docs/faq); its own names for them. */
const makers: Readonly<Record<string, string>> = {
  anthropic: "anthropic",
  openai: "openai",
  google: "gemini",
  deepseek: "deepseek",
  mistralai: "mistral",
  "x-ai": "xai",
  moonshotai: "moonshot",
  "z-ai": "zhipu",
  minimax: "minimax",
};

const free: Price = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

/** By vendor and the model's name on the wire. Undefined: nobody wrote it down. */
export function listPrice(vendor: string, name: string): Price | undefined {
  if (vendor === "offline") return free;
  if (vendor === "openai_codex") return listPrice("openai", name);
  if (vendor === "openrouter") return routedPrice(name);
  if (!Object.hasOwn(tables, vendor)) return undefined;
  const row = tables[vendor]?.find(([pattern]) => pattern.test(name));
  return row && priceOf(row);
}

/** A price from the configuration: what is not said of the cache costs as much as what is not cached. */
export function pricedAs(input: number, output: number, cache: readonly (number | undefined)[]): Price {
  const [cacheRead = input, cacheWrite = input] = cache;
  return { input, output, cacheRead, cacheWrite };
}

function routedPrice(name: string): Price | undefined {
  if (name.endsWith(":free")) return free;
  const [maker = "", model = ""] = name.split("/");
  const vendor = Object.hasOwn(makers, maker) ? makers[maker] : undefined;
  // Anthropic's own names have no dots.
  const known = vendor === "anthropic" ? model.replaceAll(".", "-") : model;
  return vendor && !known.includes(":") ? listPrice(vendor, known) : undefined;
}

function priceOf([, input, output, cache, long]: Row): Price {
  return { ...rates(input, output, cache), ...(long && { long: longPrice(long) }) };
}

function longPrice([above, input, output, cache]: Long): Rates & { readonly above: number } {
  return { above, ...rates(input, output, cache) };
}

function rates(
  input: number,
  output: number,
  [cacheRead = input, cacheWrite = input]: Partial<CachePrice> = [],
): Rates {
  return { input, output, cacheRead, cacheWrite };
}
