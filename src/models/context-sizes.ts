/** What is known of a model before it is asked. */
export interface ModelFacts {
  readonly contextTokens: number;
  /** The most it may be asked to write in one answer. */
  readonly maxOutputTokens?: number;
  /** False: it refuses pictures. */
  readonly images?: boolean;
  /** False: it refuses tools. */
  readonly tools?: boolean;
}

const unknown: ModelFacts = { contextTokens: 128_000 };

/** Self-hosted servers start with little; what they have they tell (`probe.ts`), or the configuration does. */
export const unknownSelfHosted: ModelFacts = { contextTokens: 8192 };

/**
 * September 2026, from the vendors' model pages. The first match in the name wins; a size too small only compacts
 * sooner, so families get their smallest member's.
 */
const table: readonly (readonly [name: RegExp, facts: ModelFacts])[] = [
  [/claude-(opus|sonnet|haiku|fable)-([5-9]|\d\d)\b/, { contextTokens: 1_000_000, maxOutputTokens: 128_000 }],
  [/claude-3-(haiku|opus|sonnet)/, { contextTokens: 200_000, maxOutputTokens: 4096 }],
  [/claude-3[.-]5/, { contextTokens: 200_000, maxOutputTokens: 8192 }],
  [/claude-opus-4([-.][01])?(-\d{8})?$/, { contextTokens: 200_000, maxOutputTokens: 32_000 }],
  [/claude/, { contextTokens: 200_000, maxOutputTokens: 64_000 }],
  [/gpt-oss/, { contextTokens: 131_072, maxOutputTokens: 32_768, images: false }],
  [/gpt-5.*chat/, { contextTokens: 128_000, maxOutputTokens: 16_384 }],
  [/gpt-[5-9]/, { contextTokens: 400_000, maxOutputTokens: 128_000 }],
  [/gpt-4\.1/, { contextTokens: 1_047_576, maxOutputTokens: 32_768 }],
  [/gpt-4o/, { contextTokens: 128_000, maxOutputTokens: 16_384 }],
  [/gpt-4-turbo/, { contextTokens: 128_000, maxOutputTokens: 4096 }],
  [/gpt-4/, { contextTokens: 8192, maxOutputTokens: 4096, images: false }],
  [/gpt-3\.5/, { contextTokens: 16_385, maxOutputTokens: 4096, images: false }],
  [/\bo[134](-|$)/, { contextTokens: 200_000, maxOutputTokens: 100_000 }],
  [/gemini-(2\.5|[3-9])/, { contextTokens: 1_048_576, maxOutputTokens: 65_536 }],
  [/gemini/, { contextTokens: 1_048_576, maxOutputTokens: 8192 }],
  [/deepseek-v4\.1/, { contextTokens: 1_000_000, maxOutputTokens: 384_000 }],
  [/deepseek-v4/, { contextTokens: 1_000_000, maxOutputTokens: 384_000, images: false }],
  [/deepseek-chat/, { contextTokens: 128_000, maxOutputTokens: 8192, images: false }],
  [/deepseek/, { contextTokens: 128_000, images: false }],
  [/grok-(4\.[2-9]|[5-9])/, { contextTokens: 1_000_000 }],
  [/grok-4/, { contextTokens: 256_000 }],
  [/grok-[23]/, { contextTokens: 131_072 }],
  [/kimi-k2\.[5-9]/, { contextTokens: 262_144 }],
  [/kimi-k2/, { contextTokens: 131_072, images: false }],
  [/minimax-m2/, { contextTokens: 196_608, images: false }],
  [/glm-\d+(\.\d+)?v/, { contextTokens: 64_000 }],
  [/glm-(4\.[6-9]|[5-9])/, { contextTokens: 200_000 }],
  [/qwen.*(max|plus|turbo|flash)/, { contextTokens: 131_072 }],
];

/** By the model's name on the wire, with or without its maker before a slash. */
export function factsByName(name: string): ModelFacts {
  const plain = name.toLowerCase();
  return table.find(([pattern]) => pattern.test(plain))?.[1] ?? unknown;
}
