import { expect, test } from "vitest";
import type { Channel, Outgoing } from "../../src/core/channel.ts";
import { WeftError } from "../../src/core/error.ts";
import { memoryPlatform } from "../../src/platform/memory.ts";
import { rig, transcript } from "./rig.ts";
import { calls, done, inbound, replyOf, says, scriptedModel, tool } from "./scripted.ts";

const never = () => new Promise<never>(() => {});
/** A model that says it was asked, and then waits until the turn is aborted. */
function hanging() {
  let asked = () => {};
  const wasAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const model = scriptedModel(async function* (_, signal) {
    asked();
    await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    yield* done(says("never"));
  });
  return { model, wasAsked };
}

test("a message sent twice is one turn with one answer, while it runs and afterwards", async () => {
  const model = scriptedModel(() => says("once"));
  const r = await rig({ model });
  const message = inbound("hi");
  const [a, b] = await Promise.all([r.line.receive(message), r.line.receive(message)]);
  const c = await r.line.receive(message);
  expect([a.duplicate, b.duplicate, c.duplicate]).toEqual([false, true, true]);
  for (const { events } of [a, b, c]) expect((await replyOf(events)).text).toBe("once");
  expect((await replyOf((await r.line.receive(message)).events)).text).toBe("once");
  expect(model.prompts).toHaveLength(1);
  expect(await transcript(r)).toEqual(["user: hi", "assistant: once"]);
});

test("after a crash a durable turn goes on from its last finished step", async () => {
  const { files } = memoryPlatform();
  const ran: string[] = [];
  const look = tool("look", () => {
    ran.push("look");
    return "seen";
  });
  const first = scriptedModel((prompt) => (prompt.messages.length === 1 ? calls(["look"]) : never()));
  const before = await rig({ files, model: first, tools: [look] });
  const message = inbound("hi");
  await before.line.receive(message);
  await expect.poll(() => first.prompts.length).toBe(2);
  const after = await rig({ files, model: scriptedModel(() => says("done")), tools: [look] });
  after.line.resume();
  const again = await after.line.receive(message);
  expect(again.duplicate).toBe(true);
  expect((await replyOf(again.events)).text).toBe("done");
  expect(ran).toEqual(["look"]);
  expect(await transcript(after)).toEqual(["user: hi", "assistant: call look", "tool: seen", "assistant: done"]);
});

test("a write that a crash cut is not repeated: the model hears that its outcome is unknown", async () => {
  const { files } = memoryPlatform();
  let begun = 0;
  const change = tool(
    "change",
    () => {
      begun++;
      return never();
    },
    "write",
  );
  const look = tool("look", () => "seen");
  const first = scriptedModel(() => calls(["look"], ["change"], ["look"]));
  const before = await rig({ files, model: first, tools: [change, look] });
  await before.line.receive(inbound("hi"));
  await expect.poll(() => begun).toBe(1);
  const after = await rig({ files, model: scriptedModel(() => says("I see")), tools: [change, look] });
  after.line.resume();
  await expect.poll(() => transcript(after)).toContain("assistant: I see");
  expect(begun).toBe(1);
  const results = (await transcript(after)).filter((line) => line.startsWith("tool: "));
  expect(results).toEqual([
    "tool: seen",
    "tool: interrupted, outcome unknown: weft was restarted",
    "tool: not run: weft was restarted while an earlier call was running",
  ]);
});

test("a turn that was not durable is closed after a crash, not run again", async () => {
  const { files } = memoryPlatform();
  const { model, wasAsked } = hanging();
  const before = await rig({ files, model });
  await before.line.receive(inbound("hi", { durable: false }));
  await wasAsked;
  const next = scriptedModel(() => says("never"));
  const after = await rig({ files, model: next });
  after.line.resume();
  await expect.poll(() => after.journal.open()).toEqual([]);
  expect(next.prompts).toEqual([]);
  expect((await transcript(after)).at(-1)).toMatch(/^assistant: \[This turn ended early: weft was restarted/);
});

test("stop ends the running turn of that session only, and the user is told", async () => {
  const { model, wasAsked } = hanging();
  const r = await rig({ model });
  const { events } = await r.line.receive(inbound("hi"));
  await wasAsked;
  expect(r.line.stop("http:other")).toBe(false);
  const stopped = await r.line.receive(inbound("/stop"));
  expect((await replyOf(stopped.events)).text).toBe("Stopped.");
  expect((await replyOf(events)).error).toEqual({ code: "aborted", message: "stopped by the user" });
});

test("a sender that goes away ends its turn, unless the turn is durable", async () => {
  for (const durable of [false, true]) {
    const { model, wasAsked } = hanging();
    const r = await rig({ model });
    const receipt = await r.line.receive(inbound("hi", { durable }));
    await wasAsked;
    receipt.abandon();
    if (!durable) expect((await replyOf(receipt.events)).error?.code).toBe("aborted");
    else expect(r.line.busy().running).toBe(1);
  }
});

test("shutting down lets a running turn finish, refuses new ones and parks what does not finish in time", async () => {
  const { files } = memoryPlatform();
  let finish = (_text: string) => {};
  const quick = scriptedModel(async () => says(await new Promise<string>((resolve) => (finish = resolve))));
  const r = await rig({ files, model: quick });
  const running = await r.line.receive(inbound("one", { session: "http:a" }));
  await expect.poll(() => quick.prompts.length).toBe(1);
  const queued = await r.line.receive(inbound("two", { session: "http:a" }));
  const closing = r.line.close(5000);
  await expect(r.line.receive(inbound("three"))).rejects.toMatchObject({ code: "unavailable" });
  finish("finished");
  expect((await replyOf(running.events)).text).toBe("finished");
  expect((await replyOf(queued.events)).error?.code).toBe("unavailable");
  await closing;
  const after = await rig({ files, model: scriptedModel(() => says("later")) });
  after.line.resume();
  await expect
    .poll(() => transcript(after, "http:a"))
    .toEqual(["user: one", "assistant: finished", "user: two", "assistant: later"]);
});

test("a full disk accepts nothing and loses nothing", async () => {
  const platform = memoryPlatform();
  const r = await rig({ files: platform.files });
  await replyOf((await r.line.receive(inbound("one"))).events);
  platform.faults.diskFull = true;
  await expect(r.line.receive(inbound("two"))).rejects.toMatchObject({ code: "full" });
  platform.faults.diskFull = false;
  await replyOf((await r.line.receive(inbound("three"))).events);
  expect(await transcript(r)).toEqual(["user: one", "assistant: hello", "user: three", "assistant: hello"]);
});

test("a disk that fills up while a turn runs ends the turn with that reason", async () => {
  const platform = memoryPlatform();
  const fill = tool("fill", () => {
    platform.faults.diskFull = true;
    return "full";
  });
  const model = scriptedModel((prompt) => (prompt.messages.length === 1 ? calls(["fill"]) : says("ok")));
  const r = await rig({ files: platform.files, model, tools: [fill] });
  const reply = await replyOf((await r.line.receive(inbound("go"))).events);
  expect(reply.error?.code).toBe("full");
});

test("/clear begins anew, /cost counts, /model changes the model of this conversation only", async () => {
  const model = scriptedModel(() => says("hello"));
  const r = await rig({ model });
  const ask = async (text: string) => (await replyOf((await r.line.receive(inbound(text))).events)).text;
  await ask("remember me");
  expect(await ask("/cost")).toContain("test/scripted: 1 call(s), 10 tokens in, 5 out");
  expect(await ask("/clear")).toContain("A new conversation begins");
  await ask("who am I?");
  expect(model.prompts.at(-1)?.messages).toHaveLength(1);
  expect(await ask("/model test/other")).toContain("now uses test/other");
  expect(await ask("/model")).toContain("Model: test/other");
  expect(await ask("/help")).toContain("/sessions");
});

test("a channel gets each reply once, in order, and again after a crash before it was taken", async () => {
  const { files } = memoryPlatform();
  const delivered: string[] = [];
  let down = true;
  const irc: Channel = {
    name: "irc",
    listen: never,
    async deliver({ id, events }: Outgoing) {
      if (down) await never();
      delivered.push(`${id.slice(0, 1)} ${(await replyOf(events)).text}`);
    },
  };
  const message = inbound("hi", { from: { channel: "irc", chat: "#a" }, session: "irc:#a" });
  const before = await rig({ files, channels: [irc] });
  await before.line.receive(message);
  await expect.poll(() => before.journal.open()[0]?.reply?.text).toBe("hello");
  down = false;
  const model = scriptedModel(() => says("computed again"));
  const after = await rig({ files, channels: [irc], model });
  after.line.resume();
  await expect.poll(() => after.journal.open()).toEqual([]);
  expect(delivered).toEqual(["t hello"]);
  expect(model.prompts).toEqual([]);
});

test("a message of the agent's own is tried again until the chat takes it; an unknown channel is refused", async () => {
  let attempts = 0;
  const irc: Channel = {
    name: "irc",
    listen: never,
    deliver: async () => {
      if (++attempts < 3) throw new WeftError("unavailable", "netsplit");
    },
  };
  const send = tool(
    "send",
    async (input, context) => {
      await context.send({ channel: (input as { to: string }).to, chat: "#a" }, "psst");
      return "sent";
    },
    "write",
  );
  const model = scriptedModel((prompt) =>
    prompt.messages.length === 1 ? calls(["send", { to: "irc" }], ["send", { to: "smoke" }]) : says("ok"),
  );
  const r = await rig({ channels: [irc], model, tools: [send] });
  await replyOf((await r.line.receive(inbound("tell them"))).events);
  await expect.poll(() => r.journal.outbox()).toEqual([]);
  expect(attempts).toBe(3);
  expect((await transcript(r))[3]).toContain("channel smoke is not connected here (connected: irc)");
});
