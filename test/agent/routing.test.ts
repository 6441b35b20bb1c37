import { describe, expect, test } from "vitest";
import type { AuditEntry } from "../../src/core/audit.ts";
import { policyWith } from "../security/rules.ts";
import { type RigOptions, rig } from "./rig.ts";
import { all, inbound, replyOf, says, scriptedModel, tool } from "./scripted.ts";

const route = {
  tier: "premium",
  score: 0.72,
  model: "test/scripted",
  why: "tier premium, for complexity 0.72: so it is",
};

async function routed(options: Partial<RigOptions> = {}) {
  const model = scriptedModel(() => says("a long answer"));
  const uses: NonNullable<RigOptions["uses"]> = [];
  const r = await rig({ model, uses, ...options });
  const events = async (text: string, more: Parameters<typeof inbound>[1] = {}) =>
    await all((await r.line.receive(inbound(text, more))).events);
  return { r, model, uses, events };
}

describe("a model that the router chose", () => {
  test("is told to the user, the bus and the audit, with its tier and why", async () => {
    const audited: AuditEntry[] = [];
    const audit = { record: async () => {}, note: async (entry: AuditEntry) => void audited.push(entry) };
    const { r, events } = await routed({ route: { route, contextTokens: 50_000 }, audit });
    expect(await events("hello")).toContainEqual({ type: "notice", text: `test/scripted: ${route.why}` });
    expect(r.events).toContainEqual({ type: "route", turn: expect.any(String), ...route });
    expect(audited).toContainEqual(expect.objectContaining({ kind: "model", outcome: "ok", detail: route }));
  });

  test("was chosen by what was asked, what was asked before, and the size of the conversation", async () => {
    const { uses, events } = await routed();
    await events("prove it");
    await events("go on", { settings: { model: "a/b" } });
    expect(uses[0]).toMatchObject({
      question: { text: "prove it", before: "", conversationTokens: 0 },
      named: undefined,
    });
    expect(uses[1]).toMatchObject({ question: { text: "go on", before: "prove it" }, named: "a/b" });
    expect(uses[1]?.question.conversationTokens).toBeGreaterThan(5);
  });

  test("of a sub-agent is a wish, not a word of its user", async () => {
    const { uses, events } = await routed({
      delegation: {},
      model: scriptedModel(({ messages, system }) =>
        system.includes("You are a sub-agent") || messages.at(-1)?.role === "tool"
          ? says("done")
          : {
              ...says(""),
              parts: [{ type: "call", id: "c", tool: "delegate_task", input: { task: "t", model: "x/y" } }],
            },
      ),
    });
    await events("delegate");
    expect(uses[1]).toMatchObject({ named: undefined, wished: "x/y", payer: { agent: "sub-agent", user: "ann" } });
  });
});

describe("permissions", () => {
  test("bound what the model is given to read and may write", async () => {
    const big = tool("big", () => "x");
    const few = { maxOutputTokens: 100, maxContextTokens: 4096 };
    const { r, model, events } = await routed({ permissions: few, tools: [big], route: { contextTokens: 3000 } });
    for (let i = 0; i < 8; i++) await events(`question ${i} ${"and more of it ".repeat(120)}`);
    const asked = model.prompts.filter(({ session }) => !session.endsWith("#summary"));
    expect(Math.max(...asked.map(({ maxOutputTokens }) => maxOutputTokens))).toBe(100);
    const longest = Math.max(...asked.map(({ messages }) => JSON.stringify(messages).length / 4));
    expect(longest).toBeLessThan(3000);
    expect((await r.store.read("http:s")).some(({ type }) => type === "summary")).toBe(true);
  });

  test("who may not stream gets the answer whole", async () => {
    const { events } = await routed({ permissions: { mayStream: false } });
    const seen = await events("hello");
    expect(seen.map(({ type }) => type)).toEqual(["reply"]);
    expect(seen.at(-1)).toMatchObject({ reply: { text: "a long answer" } });
  });

  test("a model is refused to who may not choose, by /model and for one message; nothing is asked, nothing is chosen", async () => {
    const policy = policyWith({ permissions: { user: { channels: { http: { modelOverride: false } } } } });
    const { r, uses, events } = await routed({ policy });
    const reply = await replyOf((await r.line.receive(inbound("/model elite/a"))).events);
    expect(reply.error).toMatchObject({ code: "refused", message: expect.stringContaining("may not choose a model") });
    expect(reply.error?.message).toContain("model_override");
    const named = await replyOf((await r.line.receive(inbound("hello", { settings: { model: "elite/a" } }))).events);
    expect(named.error?.code).toBe("refused");
    expect(uses).toEqual([]);
    await events("hello");
    expect(uses).toMatchObject([{ named: undefined, wished: undefined }]);
    // The standard model may be named by anybody.
    await events("hello", { settings: { model: "test/scripted" } });
    expect(uses.at(-1)?.named).toBe("test/scripted");
  });
});
