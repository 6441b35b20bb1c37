import { describe, expect, test } from "vitest";
import { isLocalServer } from "../../src/models/local-server.ts";
import { listPrice, pricesAsOf } from "../../src/models/prices.ts";
import { vendors } from "../../src/models/vendors.ts";

describe("the list of prices", () => {
  test("says when it was true", () => {
    expect(pricesAsOf).toMatch(/^20\d\d-\d\d-\d\d$/);
  });

  // A router over many models, and a reseller whose prices we could not read.
  const unknown = ["openrouter", "aihubmix"];
  test.each(
    Object.entries(vendors).flatMap(([vendor, { defaultModel, probe }]) =>
      defaultModel && !probe && !unknown.includes(vendor) ? [[vendor, defaultModel] as const] : [],
    ),
  )("has %s/%s", (vendor, name) => {
    const price = listPrice(vendor, name);
    expect(price?.input).toBeGreaterThan(0);
    expect(price?.output).toBeGreaterThanOrEqual(price?.input ?? 0);
    expect(price?.cacheRead).toBeLessThanOrEqual(price?.input ?? 0);
  });

  test.each([
    ["anthropic", "claude-opus-5-5", 4, 20, 0.2, 5],
    ["anthropic", "claude-opus-4-5-20251101", 5, 25, 0.5, 6.25],
    ["anthropic", "claude-opus-4-1", 15, 75, 1.5, 18.75],
    ["anthropic", "claude-sonnet-4-20250514", 3, 15, 0.3, 3.75],
    ["anthropic", "claude-haiku-5-5", 0.1, 0.5, 0.01, 0.125],
    ["openai", "gpt-5.4", 2.5, 15, 0.25, 2.5],
    ["openai", "gpt-5.4-mini", 0.75, 4.5, 0.075, 0.75],
    ["openai", "gpt-5-2025-08-07", 1.25, 10, 0.125, 1.25],
    ["openai", "gpt-5-nano", 0.05, 0.4, 0.005, 0.05],
    ["openai", "gpt-4o-mini", 0.15, 0.6, 0.075, 0.15],
    ["openai", "o3", 2, 8, 0.5, 2],
    ["openai_codex", "gpt-5.3-codex", 1.75, 14, 0.175, 1.75],
    ["gemini", "gemini-3.5-flash", 1.5, 9, 0.15, 1.5],
    ["gemini", "gemini-3.5-flash-lite", 0.3, 2.5, 0.03, 0.3],
    ["deepseek", "deepseek-v4-flash", 0.3, 1.2, 0.006, 0.3],
    ["openrouter", "anthropic/claude-opus-4.5", 5, 25, 0.5, 6.25],
    ["openrouter", "google/gemini-2.5-pro", 1.25, 10, 0.125, 1.25],
    ["openrouter", "qwen/qwen3:free", 0, 0, 0, 0],
    ["offline", "", 0, 0, 0, 0],
  ])("%s/%s costs %d in and %d out", (vendor, name, input, output, cacheRead, cacheWrite) => {
    expect(listPrice(vendor, name)).toMatchObject({ input, output, cacheRead, cacheWrite });
  });

  test.each([
    ["openai", "gpt-9"],
    ["openai", "gpt-6-rosalind"],
    ["openrouter", "openrouter/auto"],
    ["openrouter", "anthropic/claude-opus-4.5:online"],
    ["constructor", "x"],
    ["custom", "x"],
  ])("does not guess what %s/%s costs", (vendor, name) => {
    expect(listPrice(vendor, name)).toBeUndefined();
  });

  test("knows where long prompts cost more", () => {
    expect(listPrice("openai", "gpt-5.4")?.long).toEqual({
      above: 272_000,
      input: 5,
      output: 22.5,
      cacheRead: 0.5,
      cacheWrite: 5,
    });
    expect(listPrice("anthropic", "claude-opus-5-5")?.long).toBeUndefined();
  });
});

test.each([
  ["http://127.0.0.1:11434", true],
  ["http://localhost:8000/v1", true],
  ["http://[::1]:8000", true],
  ["http://[fd00::1]/v1", true],
  ["http://192.168.1.5/v1", true],
  ["http://172.20.0.3", true],
  ["http://100.101.2.3", true],
  ["http://ollama:11434", true],
  ["http://host.docker.internal:1234/v1", true],
  ["http://box.lan", true],
  ["https://api.example.com/v1", false],
  ["https://8.8.8.8/v1", false],
  ["https://172.32.0.1", false],
  ["https://[2001:db8::1]/", false],
  ["https://localhost.example.com", false],
  ["https://10.example.com", false],
  ["nonsense", false],
])("%s is a server of one's own: %s", (url, isLocal) => {
  expect(isLocalServer(url)).toBe(isLocal);
});
