import { describe, expect, test } from "vitest";
import { nanoOf } from "../../src/lib/money.ts";
import type { BudgetRules } from "../../src/spending/limits.ts";
import { spendingReport } from "../../src/spending/report.ts";
import { policyWith } from "../security/rules.ts";
import { price, purse } from "../spending/rig.ts";
import { type RigOptions, rig } from "./rig.ts";
import { all, calls, inbound, replyOf, type Script, says, scriptedModel } from "./scripted.ts";

/** A line whose models are paid for; each answer costs 10 tokens in and 5 out. */
async function paidRig(rules: Partial<BudgetRules>, script: Script, more: Partial<RigOptions> = {}) {
  const p = purse(rules);
  const model = scriptedModel(script);
  const { spending } = p;
  const r = await rig({
    model,
    spending,
    paid: (asked, payer) => spending.paid(asked, { payer, price }),
    ...more,
  });
  const ask = async (text: string, with_: Parameters<typeof inbound>[1] = {}) =>
    await replyOf((await r.line.receive(inbound(text, with_))).events);
  const report = (by: "user" | "agent") => spendingReport({ files: p.platform.files, folder: "/w/spend", by });
  return { ...p, r, ask, report, model };
}

const each = nanoOf(0.00002);

describe("every call of a model counts", () => {
  test("those of tools' rounds, for the user who asked", async () => {
    let round = 0;
    const { ask, report } = await paidRig({ global: { dailyUsd: 1 } }, () =>
      round++ < 2 ? calls(["none"]) : says("done"),
    );
    await ask("hello", { sender: "bob" });
    expect((await report("user")).rows).toMatchObject([{ name: "bob", calls: 3, nano: 3 * each }]);
  });

  test("those of a sub-agent, for whom it works, and apart by agent", async () => {
    const script: Script = ({ messages, system }) => {
      if (system.includes("You are a sub-agent")) return says("seven");
      return messages.at(-1)?.role === "tool" ? says("it says seven") : calls(["delegate_task", { task: "count" }]);
    };
    const { ask, report } = await paidRig({ global: { dailyUsd: 1 } }, script, { delegation: {} });
    expect((await ask("delegate")).text).toContain("it says seven");
    expect((await report("user")).rows).toMatchObject([{ name: "ann", calls: 3 }]);
    expect((await report("agent")).rows).toMatchObject([
      { name: "main", calls: 2 },
      { name: "sub-agent", calls: 1 },
    ]);
    const shown = (await ask("/cost")).text;
    expect(shown).toContain("test/scripted: 3 call(s), 30 tokens in, 15 out");
    expect(shown).toContain("with 1 sub-agent(s)");
  });

  test("those that sum up an old conversation", async () => {
    const { ask, report, model } = await paidRig({ global: { dailyUsd: 1 } }, () => says("words"), { memoryWindow: 2 });
    for (const text of ["one", "two", "three"]) await ask(text);
    expect(model.prompts.some(({ session }) => session.endsWith("#summary"))).toBe(true);
    expect((await report("user")).total.calls).toBe(model.prompts.length);
  });
});

describe("a budget in a chat", () => {
  /** Who writes over HTTP is no admin. */
  const known = policyWith({
    permissions: { user: { channels: { http: { level: 1, costBudgetDailyUsd: 0, costBudgetMonthlyUsd: 0 } } } },
  });
  const ann = { users: { ann: { dailyUsd: 0.001 } } };

  test("refuses before the model is asked; the user hears why, and others go on", async () => {
    const { ask, model } = await paidRig({ users: { ann: { dailyUsd: 0 } } }, () => says("hi"));
    const reply = await ask("hello");
    expect(reply.error).toMatchObject({ code: "budget", message: expect.stringContaining("budget of user ann") });
    expect(model.prompts).toHaveLength(0);
    expect((await ask("hello", { sender: "bob", session: "http:b" })).text).toBe("hi");
  });

  test("stops a turn in its middle; what was said stays said", async () => {
    const script: Script = async function* () {
      const message = { ...says("step"), parts: [...says("step").parts, ...calls(["none"]).parts] };
      yield { type: "text", delta: "step" };
      yield { type: "done", message, usage: { inputTokens: 2000, outputTokens: 0 }, stop: "calls", model: "m" };
    };
    const { ask } = await paidRig({ users: { ann: { dailyUsd: 0.003 } } }, script);
    const reply = await ask("go on for ever");
    expect(reply.error?.code).toBe("budget");
    expect(reply.text).toContain("step");
  });

  test("warns once, as a notice beside the answer", async () => {
    const { r } = await paidRig({ users: { ann: { dailyUsd: 0.003 } }, warnAt: 0.005 }, () => says("hi"));
    const events = async () => await all((await r.line.receive(inbound("hello"))).events);
    const notices = async () => (await events()).filter(({ type }) => type === "notice");
    expect(await notices()).toEqual([
      { type: "notice", text: expect.stringContaining("of the daily budget of user ann is spent") },
    ]);
    expect(await notices()).toEqual([]);
  });

  test("is shown by /budget: to an admin all of it, to others what holds for them", async () => {
    const rules = { ...ann, global: { monthlyUsd: 7 }, channels: { telegram: { dailyUsd: 3 } } };
    const admin = await paidRig(rules, () => says("hi"));
    const shown = (await admin.ask("/budget")).text;
    expect(shown.split("\n")).toHaveLength(3);
    expect(shown).toContain("channel:telegram today: $0.00 of $3.00 spent");
    const user = await paidRig(rules, () => says("hi"), { policy: known });
    expect((await user.ask("/budget")).text.split("\n")).toEqual([
      expect.stringContaining("global this month: $0.00 of $7.00 spent; anew at 2026-12-01 00:00 UTC"),
      expect.stringContaining("user:ann today: $0.00 of $0.001000 spent"),
    ]);
  });

  test("is extended by an admin only; what is no extension is told how to be one", async () => {
    const user = await paidRig(ann, () => says("hi"), { policy: known });
    const refused = await user.ask("/budget extend user:ann 5");
    expect(refused.error).toMatchObject({
      code: "refused",
      message: expect.stringContaining("may only be changed by admins"),
    });
    const admin = await paidRig(ann, () => says("hi"));
    expect((await admin.ask("/budget extend user:ann 5 day")).text).toContain("$5.00 more for user:ann, for this day.");
    expect((await admin.ask("/budget")).text).toContain("of $5.00 spent, $5.00 of it added");
    for (const odd of ["extend user:ann", "extend user:ann -5", "extend user:ann 0", "more", "extend user:ann 1e9"]) {
      expect((await admin.ask(`/budget ${odd}`)).text).toContain("Usage: /budget");
    }
    expect((await admin.ask("/budget extend ann 5")).error?.code).toBe("usage");
  });
});
