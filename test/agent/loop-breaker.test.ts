import { expect, test } from "vitest";
import { loopBreaker } from "../../src/agent/loop-breaker.ts";
import type { CallPart, ResultPart } from "../../src/core/message.ts";

const call = (tool: string, input = {}): CallPart => ({ type: "call", id: "1", tool, input });
const result = (text: string, failed = false): ResultPart => ({
  type: "result",
  id: "1",
  text,
  ...(failed && { failed: true }),
});

function firstWord(steps: readonly (readonly [CallPart, ResultPart])[]): number | undefined {
  const breaker = loopBreaker();
  const index = steps.findIndex(([c, r]) => breaker.record(c, r) !== undefined);
  return index < 0 ? undefined : index;
}

test("the same call with the same result breaks at the third time, also with others between", () => {
  const same = [call("clock"), result("12:00")] as const;
  expect(firstWord([same, [call("other"), result("x")], same, same])).toBe(3);
});

test("the same call with new results goes on", () => {
  expect(firstWord(Array.from({ length: 20 }, (_, i) => [call("clock"), result(`${i}`)] as const))).toBeUndefined();
});

test("doing and undoing breaks, whatever the results say", () => {
  const steps = Array.from({ length: 12 }, (_, i) => [call("edit", { to: i % 2 }), result(`at ${i}`)] as const);
  expect(firstWord(steps)).toBe(7);
});

test("the same failure with different arguments breaks at the fourth time; a success in between starts anew", () => {
  const fails = (i: number) => [call("fetch", { i }), result("no route", true)] as const;
  expect(firstWord([fails(1), fails(2), fails(3), fails(4)])).toBe(3);
  expect(
    firstWord([fails(1), fails(2), fails(3), [call("fetch", { i: 9 }), result("ok")], fails(4), fails(5)]),
  ).toBeUndefined();
});
