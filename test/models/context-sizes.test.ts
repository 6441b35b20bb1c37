import { expect, test } from "vitest";
import { factsByName } from "../../src/models/context-sizes.ts";
import { vendors } from "../../src/models/vendors.ts";

test.each([
  ["claude-opus-5-5", 1_000_000, 128_000],
  ["claude-sonnet-5", 1_000_000, 128_000],
  ["claude-opus-4-5", 200_000, 64_000],
  ["claude-opus-4-5-20251101", 200_000, 64_000],
  ["claude-opus-4-1-20250805", 200_000, 32_000],
  ["anthropic/claude-opus-4.1", 200_000, 32_000],
  ["claude-opus-4-20250514", 200_000, 32_000],
  ["claude-haiku-4-5", 200_000, 64_000],
  ["claude-3-haiku-20240307", 200_000, 4096],
  ["claude-3-5-sonnet-latest", 200_000, 8192],
  ["gpt-5.4", 400_000, 128_000],
  ["gpt-4o-mini", 128_000, 16_384],
  ["gpt-4", 8192, 4096],
  ["openai/gpt-oss-120b", 131_072, 32_768],
  ["openai/o3-mini", 200_000, 100_000],
  ["gemini-3.5-flash", 1_048_576, 65_536],
  ["DeepSeek-V4-Flash", 1_000_000, 384_000],
  ["grok-4.3", 1_000_000, undefined],
  ["kimi-k2.6", 262_144, undefined],
  ["something-new", 128_000, undefined],
])("%s has room for %i tokens", (name, contextTokens, maxOutputTokens) => {
  const facts = factsByName(name);
  expect([facts.contextTokens, facts.maxOutputTokens]).toEqual([contextTokens, maxOutputTokens]);
});

test.each(Object.entries(vendors))("the row of %s is complete", (_, vendor) => {
  if (vendor.url) expect(new URL(vendor.url).href.replace(/\/$/, "")).toBe(vendor.url);
  expect(vendor.keyOptional === true || (vendor.keyEnv.length > 0 && vendor.url && vendor.defaultModel)).toBeTruthy();
  for (const name of vendor.keyEnv) expect(name).toMatch(/^[A-Z][A-Z_]*_(API_KEY|TOKEN)$/);
});
