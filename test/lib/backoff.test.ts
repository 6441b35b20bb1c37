import * as fc from "fast-check";
import { expect, test } from "vitest";
import { backoffMs } from "../../src/lib/backoff.ts";

const limits = { baseMs: 1000, capMs: 30_000 };

test("the wait doubles up to the cap", () => {
  expect([0, 1, 2, 3, 4, 5, 60].map((attempt) => backoffMs(attempt, limits, 0))).toEqual([
    1000, 2000, 4000, 8000, 16_000, 30_000, 30_000,
  ]);
});

test("what the other side asked for is never undercut, jitter adds at most a quarter", async () => {
  const anyBackoff = fc.record({ baseMs: fc.nat(5000), capMs: fc.nat(60_000), floorMs: fc.option(fc.nat(100_000)) });
  await fc.assert(
    fc.property(fc.nat(50), anyBackoff, fc.double({ min: 0, max: 1, noNaN: true }), (attempt, backoff, random) => {
      const floorMs = backoff.floorMs ?? undefined;
      const ms = backoffMs(attempt, { ...backoff, floorMs }, random);
      const step = Math.min(backoff.capMs, backoff.baseMs * 2 ** attempt);
      expect(ms).toBeGreaterThanOrEqual(Math.max(step, floorMs ?? 0));
      expect(ms).toBeLessThanOrEqual(Math.ceil(Math.max(step, floorMs ?? 0) + step * 0.25));
    }),
  );
});
