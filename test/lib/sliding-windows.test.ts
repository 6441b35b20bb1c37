import * as fc from "fast-check";
import { expect, test } from "vitest";
import { slidingWindows } from "../../src/lib/sliding-windows.ts";

const windowMs = 1000;

function windows(mostKnown: number) {
  const clock = { now: 0 };
  const made = slidingWindows({ windowMs: () => windowMs, monotonic: () => clock.now, mostKnown });
  /** Whether it was let in. */
  const act = (who: string, most: number) => {
    if (made.waitMs(who, most) > 0) return false;
    made.take(who);
    return true;
  };
  return { ...made, clock, act };
}

const steps = fc.array(fc.record({ afterMs: fc.nat(400), who: fc.constantFrom("a", "b", "c") }), { maxLength: 60 });

test("lets in exactly as many as any window may have, and says to the millisecond when there is a place", async () => {
  await fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 5 }), (all, most) => {
      const { clock, act, waitMs } = windows(100);
      const taken: { who: string; at: number }[] = [];
      for (const { afterMs, who } of all) {
        clock.now += afterMs;
        const used = taken.filter((each) => each.who === who && each.at > clock.now - windowMs);
        const wait = waitMs(who, most);
        expect(act(who, most)).toBe(used.length < most);
        if (used.length < most) taken.push({ who, at: clock.now });
        else {
          const free = windows(100);
          for (const { at } of taken.filter((each) => each.who === who)) {
            free.clock.now = at;
            free.take(who);
          }
          free.clock.now = clock.now + wait - 1;
          expect(free.waitMs(who, most)).toBe(1);
          free.clock.now++;
          expect(free.waitMs(who, most)).toBe(0);
        }
      }
    }),
  );
});

test("who was forgotten for others, who are too many, has no fresh allowance", async () => {
  await fc.assert(
    fc.property(fc.array(fc.nat(30), { maxLength: 200 }), fc.integer({ min: 1, max: 4 }), (all, most) => {
      const { clock, act } = windows(3);
      const taken = new Map<number, number[]>();
      for (const number of all) {
        clock.now += 7;
        if (!act(`user ${number}`, most)) continue;
        const his = [...(taken.get(number) ?? []), clock.now].filter((at) => at > clock.now - windowMs);
        taken.set(number, his);
        expect(his.length).toBeLessThanOrEqual(most);
      }
    }),
  );
});

test("a stranger is not held up by what others did long ago", () => {
  const { clock, act } = windows(2);
  for (let i = 0; i < 5000; i++) act(`user ${i}`, 1);
  expect(act("new", 1)).toBe(false);
  clock.now += windowMs;
  expect(act("new", 1)).toBe(true);
});
