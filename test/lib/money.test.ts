import * as fc from "fast-check";
import { expect, test } from "vitest";
import { costOf, mostForInput, nanoOf, outputPico, usdText } from "../../src/lib/money.ts";

const rate = fc.double({ min: 0, max: 200, noNaN: true });
const rates = { input: rate, output: rate, cacheRead: rate, cacheWrite: rate };
const price = fc.record(
  { ...rates, long: fc.record({ above: fc.nat(300_000), ...rates }) },
  { requiredKeys: ["input", "output", "cacheRead", "cacheWrite"] },
);
const tokens = fc.oneof(fc.nat(2_000_000), fc.constantFrom(-5, 1.5, 1e300, Number.MAX_SAFE_INTEGER));
const usage = fc.record({
  inputTokens: tokens,
  outputTokens: tokens,
  cacheReadTokens: tokens,
  cacheWriteTokens: tokens,
});

test("a cost is a whole, safe number, never negative, whatever a provider says", async () => {
  await fc.assert(
    fc.property(usage, price, (figures, at) => {
      const nano = costOf(figures, at);
      expect(Number.isSafeInteger(nano)).toBe(true);
      expect(nano).toBeGreaterThanOrEqual(0);
    }),
  );
});

test("what is held for a prompt and an answer is enough for any mix of cached tokens of the same number", async () => {
  const count = fc.nat(1_000_000);
  await fc.assert(
    fc.property(count, count, fc.nat(), fc.nat(), price, (inputTokens, outputTokens, read, write, at) => {
      const figures = { inputTokens, outputTokens, cacheReadTokens: read, cacheWriteTokens: write };
      const most = mostForInput(inputTokens, at) + Math.ceil((outputTokens * outputPico(inputTokens, at)) / 1000);
      expect(costOf(figures, at)).toBeLessThanOrEqual(most);
    }),
  );
});

test.each([
  [0, "$0.00"],
  [nanoOf(5), "$5.00"],
  [nanoOf(1.005), "$1.00"],
  [nanoOf(0.25), "$0.2500"],
  [nanoOf(0.00042), "$0.000420"],
])("%d is %s", (nano, text) => {
  expect(usdText(nano)).toBe(text);
});
