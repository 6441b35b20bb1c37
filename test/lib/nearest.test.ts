import { expect, test } from "vitest";
import { nearest } from "../../src/lib/nearest.ts";

const vendors = ["anthropic", "openai", "openrouter", "groq", "gemini", "xai"];

test.each([
  ["antropic", "anthropic"],
  ["Anthropic", "anthropic"],
  ["opnai", "openai"],
  ["openrouterr", "openrouter"],
  ["grok", "groq"],
])("%s is taken for %s", (word, meant) => {
  expect(nearest(word, vendors)).toBe(meant);
});

test.each(["", "claude", "gpt", "zzzzzzzz"])("nothing is near enough to %j", (word) => {
  expect(nearest(word, vendors)).toBeUndefined();
});
