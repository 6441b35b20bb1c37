import { describe, expect, test } from "vitest";
import { WeftError } from "../../src/core/error.ts";
import type { Platform } from "../../src/core/platform.ts";
import { tokensOfMessages } from "../../src/lib/tokens.ts";
import { no } from "../security/rules.ts";
import { rig, transcript } from "./rig.ts";
import { all, calls, done, inbound, replyOf, says, scriptedModel, tool } from "./scripted.ts";

test("a turn asks the model, runs its calls, and keeps all of it", async () => {
  const model = scriptedModel((prompt) => (prompt.messages.at(-1)?.role === "user" ? calls(["clock"]) : says("noon")));
  const r = await rig({ model, tools: [tool("clock", () => "12:00")] });
  const { events } = await r.line.receive(inbound("what time is it?"));
  const list = await all(events);
  expect(list.filter(({ type }) => type === "tool").map((event) => "state" in event && event.state)).toEqual([
    "started",
    "finished",
  ]);
  expect(list.at(-1)).toMatchObject({
    type: "reply",
    reply: { text: "noon", stop: "end", usage: { inputTokens: 20, outputTokens: 10 } },
  });
  expect(await transcript(r)).toEqual([
    "user: what time is it?",
    "assistant: call clock",
    "tool: 12:00",
    "assistant: noon",
  ]);
});

test("the deltas joined are the reply, also over several rounds", async () => {
  const model = scriptedModel((prompt) => {
    if (prompt.messages.at(-1)?.role !== "user") return says("Done.");
    const { parts, ...rest } = calls(["clock"]);
    return { ...rest, parts: [{ type: "text", text: "Let me look." }, ...parts] };
  });
  const r = await rig({ model, tools: [tool("clock", () => "x")] });
  const list = await all((await r.line.receive(inbound("hi"))).events);
  const text = list.map((event) => (event.type === "text" ? event.delta : "")).join("");
  expect(text).toBe("Let me look.\n\nDone.");
  expect(list.at(-1)).toMatchObject({ reply: { text } });
});

test("reads run side by side, a write waits for what is before it and holds up what is behind it", async () => {
  const log: string[] = [];
  const named = (effect: "read" | "write") => async (input: unknown) => {
    const { n } = input as { n: string };
    log.push(`+${n}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
    log.push(`-${n}`);
    return `${effect} ${n}`;
  };
  const model = scriptedModel((prompt) =>
    prompt.messages.length === 1
      ? calls(
          ["look", { n: "a" }],
          ["look", { n: "b" }],
          ["change", { n: "c" }],
          ["change", { n: "d" }],
          ["look", { n: "e" }],
        )
      : says("ok"),
  );
  const r = await rig({ model, tools: [tool("look", named("read")), tool("change", named("write"), "write")] });
  await replyOf((await r.line.receive(inbound("go"))).events);
  expect(log).toEqual(["+a", "+b", "-a", "-b", "+c", "-c", "+d", "-d", "+e", "-e"]);
});

test("a model that never stops calling is stopped, and offers to go on", async () => {
  let n = 0;
  const model = scriptedModel((prompt) =>
    prompt.tools.length > 0 ? calls(["count", { n: n++ }]) : says("I counted. Go on?"),
  );
  const r = await rig({ model, tools: [tool("count", (input) => JSON.stringify(input))], maxIterations: 5 });
  const reply = await replyOf((await r.line.receive(inbound("count for ever"))).events);
  expect(reply).toMatchObject({ stop: "limit", text: "I counted. Go on?" });
  expect(n).toBe(5);
});

test("a model that repeats itself is stopped with the reason", async () => {
  const model = scriptedModel(() => calls(["clock"]));
  const r = await rig({ model, tools: [tool("clock", () => "12:00")] });
  const reply = await replyOf((await r.line.receive(inbound("hi"))).events);
  expect(reply.stop).toBe("loop");
  expect(reply.text).toMatch(/clock 3 times with the same arguments/);
});

test("an unknown tool, broken arguments and a refusal are told to the model", async () => {
  const model = scriptedModel((prompt) => {
    if (prompt.messages.length > 1) return says("sorry");
    const message = calls(["nope"], ["clock"], ["clock"]);
    const parts = message.parts.map((part, i) =>
      i === 1 && part.type === "call" ? { ...part, invalid: "{oops" } : part,
    );
    return { ...message, parts };
  });
  const policy = { decide: () => no("not today", "set tools.allow") };
  const r = await rig({ model, tools: [tool("clock", () => "12:00")], policy });
  await replyOf((await r.line.receive(inbound("hi"))).events);
  const results = (await transcript(r)).filter((line) => line.startsWith("tool: "));
  expect(results[0]).toContain("tool not found: nope");
  expect(results[1]).toContain("not a JSON object: {oops");
  expect(results[2]).toBe("tool: permission denied for tool 'clock': not today. set tools.allow");
});

test("a long result goes to a file that the model can read on", async () => {
  const long = Array.from({ length: 20_000 }, (_, i) => `line ${i}`).join("\n");
  const model = scriptedModel((prompt) => (prompt.messages.length === 1 ? calls(["dump"]) : says("ok")));
  const r = await rig({ model, tools: [tool("dump", () => long)] });
  await replyOf((await r.line.receive(inbound("hi"))).events);
  const result = (await transcript(r))[2] ?? "";
  expect(result.length).toBeLessThan(66_000);
  const path = /the whole is in (results\/\S+): go on with read_file/.exec(result)?.[1];
  expect(new TextDecoder().decode(await r.files.read(`/w/${path}`))).toBe(long);
});

test("a tool that never ends is cut by the deadline, and the user is told", async () => {
  const model = scriptedModel(() => calls(["hang"]));
  const r = await rig({ model, tools: [tool("hang", () => new Promise(() => {}), "write")], turnTimeoutMs: 50 });
  const reply = await replyOf((await r.line.receive(inbound("hi"))).events);
  expect(reply).toMatchObject({ stop: "failed", error: { code: "timeout" } });
  expect((await transcript(r)).slice(-2)[0]).toContain("interrupted, outcome unknown");
});

test("a model that fails leaves an answer that says why, and the next message works", async () => {
  let fail = true;
  const model = scriptedModel(() => {
    if (fail) throw new WeftError("unavailable", "api.test is down");
    return says("back");
  });
  const r = await rig({ model });
  const reply = await replyOf((await r.line.receive(inbound("one"))).events);
  expect(reply.error).toEqual({ code: "unavailable", message: "api.test is down" });
  fail = false;
  expect((await replyOf((await r.line.receive(inbound("two"))).events)).text).toBe("back");
  expect(await transcript(r)).toEqual([
    "user: one",
    "assistant: [This turn ended early: api.test is down]",
    "user: two",
    "assistant: back",
  ]);
});

test("a context overflow is compacted once and the prompt repeated", async () => {
  let refused = 0;
  const model = scriptedModel((prompt) => {
    if (prompt.session.endsWith("#summary")) return says("they greeted each other");
    if (tokensOfMessages(prompt.messages) > 60) {
      refused++;
      throw new WeftError("overflow", "too long");
    }
    return says("ok");
  });
  const r = await rig({ model });
  for (let i = 0; i < 4; i++) {
    expect((await replyOf((await r.line.receive(inbound(`message ${i} ${"word ".repeat(15)}`))).events)).stop).toBe(
      "end",
    );
  }
  expect(refused).toBeGreaterThan(0);
  expect(model.prompts.at(-1)?.system).toContain("they greeted each other");
});

test("a long conversation is summed up before it fills the context; the newest messages stay word for word", async () => {
  const model = scriptedModel((prompt) => says(prompt.session.endsWith("#summary") ? "SUMMARY" : "fine"), 2000);
  const r = await rig({ model, memoryWindow: 0 });
  for (let i = 0; i < 30; i++)
    await replyOf((await r.line.receive(inbound(`number ${i} ${"word ".repeat(40)}`))).events);
  const last = model.prompts.at(-1);
  expect(last?.system).toContain("SUMMARY");
  expect(JSON.stringify(last?.messages)).toContain("number 29");
  for (const prompt of model.prompts) expect(tokensOfMessages(prompt.messages)).toBeLessThan(2000);
});

test("when the model cannot sum up, code does, and the turn goes on", async () => {
  const model = scriptedModel((prompt) => {
    if (prompt.session.endsWith("#summary")) throw new WeftError("unavailable", "no");
    return says("fine");
  });
  const r = await rig({ model, memoryWindow: 4 });
  for (let i = 0; i < 6; i++) await replyOf((await r.line.receive(inbound(`my name is number ${i}`))).events);
  expect(model.prompts.at(-1)?.system).toContain("User: my name is number 0");
});

test("one huge message is cut to fit instead of failing for ever", async () => {
  const model = scriptedModel((prompt) => says(prompt.session.endsWith("#summary") ? "S" : "ok"), 4000);
  const r = await rig({ model });
  expect((await replyOf((await r.line.receive(inbound("x y ".repeat(50_000)))).events)).text).toBe("ok");
  expect(tokensOfMessages(model.prompts.at(-1)?.messages ?? [])).toBeLessThan(4000);
});

test("a restart of the answer takes back what was said", async () => {
  const model = scriptedModel(async function* () {
    yield { type: "text", delta: "Half an ans" };
    yield { type: "restart", reason: "connection lost" };
    yield* done(says("Whole answer"));
  });
  const r = await rig({ model });
  const reply = await replyOf((await r.line.receive(inbound("hi"))).events);
  expect(reply.text).toBe("Whole answer");
});

test("history that came with the message is used, and no session is kept", async () => {
  const model = scriptedModel(() => says("yes"));
  const r = await rig({ model });
  const history = [{ role: "user" as const, parts: [{ type: "text" as const, text: "before" }], at: 0 }, says("noted")];
  await replyOf((await r.line.receive(inbound("now", { history }))).events);
  expect(model.prompts[0]?.messages).toHaveLength(3);
  expect(await r.store.list()).toEqual([]);
});

test.each([
  ["length", "agents.defaults.max_tokens"],
  ["filtered", "filter held the answer back"],
] as const)("an answer that ended by %s before its first word says so", async (stop, words) => {
  const model = scriptedModel(async function* () {
    const message = { role: "assistant" as const, parts: [], at: 0 };
    yield { type: "done", message, usage: { inputTokens: 1, outputTokens: 1 }, stop, model: "test/scripted" };
  });
  const reply = await replyOf((await (await rig({ model })).line.receive(inbound("hello"))).events);
  expect(reply).toMatchObject({ stop, text: expect.stringContaining(words) });
});

describe("the system prompt", () => {
  const write = async (files: Platform["files"], path: string, text: string) => {
    await files.makeDirectory(path.slice(0, path.lastIndexOf("/")));
    await files.write(path, new TextEncoder().encode(text));
  };

  async function systemAfter(files: Record<string, string>): Promise<string> {
    const model = scriptedModel(() => says("ok"));
    const r = await rig({ model });
    for (const [path, text] of Object.entries(files)) await write(r.files, `/w/${path}`, text);
    await replyOf((await r.line.receive(inbound("hello"))).events);
    return model.prompts[0]?.system ?? "";
  }

  test("has the files of the workspace, in their order, each kind once", async () => {
    const system = await systemAfter({
      "SOUL.md": "I am a pirate.",
      "IDENTITY.md": "unused",
      "CLAUDE.md": "Use tabs.",
      ".clawft/USER.md": "Ann.",
      "memory/MEMORY.md": "Ann likes tea.",
    });
    expect(system.match(/^# .*$/gm)).toEqual(["# SOUL.md", "# CLAUDE.md", "# .clawft/USER.md", "# memory/MEMORY.md"]);
    expect(system).toMatch(/I am a pirate\..*Use tabs\..*Ann\..*Ann likes tea\./s);
    expect(system).not.toContain("You are weft");
  });

  test("without them it is weft's own", async () => {
    expect(await systemAfter({})).toContain("You are weft");
  });

  test("follows changes from turn to turn", async () => {
    const model = scriptedModel(() => says("ok"));
    const r = await rig({ model });
    const say = async () => replyOf((await r.line.receive(inbound("hello"))).events);
    await say();
    await write(r.files, "/w/AGENTS.md", "one");
    await say();
    await write(r.files, "/w/AGENTS.md", "another");
    await say();
    const seen = model.prompts.map(({ system }) => /# AGENTS\.md\n(.*)/.exec(system)?.[1]);
    expect(seen).toEqual([undefined, "one", "another"]);
  });

  test("a file that is too long is cut, and says so", async () => {
    expect(await systemAfter({ "AGENTS.md": "word ".repeat(10_000) })).toContain("[cut: 50000 bytes in all");
  });
});
