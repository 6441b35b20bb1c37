import { expect, test } from "vitest";
import { lanes } from "../../src/agent/lanes.ts";

const limits = { concurrent: 3, perUser: 2, queuedPerSession: 3 };

test("a session runs one turn at a time, in order; sessions run side by side", async () => {
  const { enter } = lanes(limits);
  const log: string[] = [];
  const gates = new Map<string, () => void>();
  const task = (name: string) => async () => {
    log.push(`+${name}`);
    await new Promise<void>((resolve) => gates.set(name, resolve));
    log.push(`-${name}`);
  };
  const all = [
    enter({ session: "a", user: "u" }, task("a1")),
    enter({ session: "a", user: "u" }, task("a2")),
    enter({ session: "b", user: "v" }, task("b1")),
  ];
  expect(log).toEqual(["+a1", "+b1"]);
  gates.get("a1")?.();
  await all[0];
  await expect.poll(() => log).toContain("+a2");
  gates.get("b1")?.();
  gates.get("a2")?.();
  await Promise.all(all);
  expect(log.indexOf("+a2")).toBeGreaterThan(log.indexOf("-a1"));
});

test("one user's turns and all turns together are limited, and others go past a waiting user", async () => {
  const { enter, counts } = lanes(limits);
  const ends: (() => void)[] = [];
  const task = () => new Promise<void>((resolve) => ends.push(resolve));
  const user = (name: string, session: string) => enter({ session, user: name }, task);
  const all = [user("u", "1"), user("u", "2"), user("u", "3"), user("v", "4"), user("w", "5")];
  expect(counts()).toEqual({ running: 3, waiting: 2 });
  expect(ends).toHaveLength(3);
  for (let i = 0; i < 5; i++) {
    await expect.poll(() => ends.length).toBeGreaterThan(i);
    ends[i]?.();
    await Promise.resolve();
  }
  await Promise.all(all);
  expect(counts()).toEqual({ running: 0, waiting: 0 });
});

test("a turn within another's place always has one, and the background leaves half of the places to people", async () => {
  const { enter, counts } = lanes({ ...limits, concurrent: 4, perUser: 4 });
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const enterAs = (session: string, kind?: "nested" | "background") => {
    const task = () => new Promise<void>((resolve) => ends.set(session, resolve)).then(() => {});
    const lane = { session, user: kind ? "b" : "u", ...(kind && { kind }) };
    return enter(lane, () => {
      begun.push(session);
      return task();
    });
  };
  const all = [
    ...["b1", "b2", "b3"].map((name) => enterAs(name, "background")),
    ...["p1", "p2", "p3"].map((name) => enterAs(name)),
    enterAs("n1", "nested"),
  ];
  expect(begun).toEqual(["b1", "b2", "p1", "p2", "n1"]);
  ends.get("n1")?.();
  ends.get("b1")?.();
  await expect.poll(() => begun.slice(5)).toEqual(["b3"]);
  for (const name of ["b2", "b3", "p1", "p2"]) ends.get(name)?.();
  await expect.poll(() => begun.at(-1)).toBe("p3");
  ends.get("p3")?.();
  await Promise.all(all);
  expect(counts()).toEqual({ running: 0, waiting: 0 });
});

test("a full session refuses at once and says so", () => {
  const { enter } = lanes(limits);
  const never = () => new Promise<void>(() => {});
  for (let i = 0; i < 4; i++) void enter({ session: "a", user: "u" }, never);
  expect(() => enter({ session: "a", user: "u" }, never)).toThrow(/3 messages wait in session a/);
});

test("a failing task fails only its own caller, and idle resolves when all have ended", async () => {
  const { enter, idle } = lanes(limits);
  const failing = enter({ session: "a", user: "u" }, () => Promise.reject(new Error("no")));
  const next = enter({ session: "a", user: "u" }, async () => 7);
  await expect(failing).rejects.toThrow("no");
  expect(await next).toBe(7);
  await idle();
});
