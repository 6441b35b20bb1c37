import { expect, test } from "vitest";
import type { Channel } from "../../src/core/channel.ts";
import type { Json } from "../../src/core/json.ts";
import { textOf } from "../../src/core/message.ts";
import type { Prompt } from "../../src/core/model.ts";
import { memoryPlatform } from "../../src/platform/memory.ts";
import { type Rig, rig, transcript } from "../agent/rig.ts";
import { calls, inbound, replyOf, type Script, says, scriptedModel } from "../agent/scripted.ts";

const isSub = ({ system }: Prompt) => system.includes("You are a sub-agent");
const lastOf = ({ messages }: Prompt) => messages.at(-1);
const taskOf = ({ messages }: Prompt) => textOf(messages[0] ?? says(""));

/** The background agents' answers, given when the test says so. */
function gates() {
  const open = new Map<string, (text: string) => void>();
  const sub: Script = (prompt, signal) =>
    new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      open.set(taskOf(prompt), (text) => resolve(says(text)));
    });
  return { open, sub };
}

/** "spawn a, b" begins agents for a and b; an agent's answer is told on; anything else is echoed. */
function spawning(sub: Script): Script {
  return (prompt, signal) => {
    if (isSub(prompt)) return sub(prompt, signal);
    const message = lastOf(prompt);
    const asked = prompt.messages.findLastIndex(({ role }) => role === "user");
    const results = prompt.messages
      .slice(asked)
      .flatMap(({ parts }) => parts.flatMap((part) => (part.type === "result" ? part.text : [])));
    if (results.length > 0) return says(`tools: ${results.join(" | ")}`);
    const text = textOf(message ?? says(""));
    if (text.startsWith("[weft: the background agent")) return says(`told: ${text.split("\n").at(-1)}`);
    const wanted = /^spawn (.*)$/.exec(text)?.[1]?.split(", ");
    if (wanted) return calls(...wanted.map((task): [string, Json] => ["spawn", { task }]));
    const use = /^spawned (\w+) ?(\w*)$/.exec(text);
    return use ? calls(["spawned", { action: use[1] ?? "", id: use[2] ?? "" }]) : says(`echo ${text}`);
  };
}

async function say(r: Rig, text: string, more: Parameters<typeof inbound>[1] = {}) {
  return (await replyOf((await r.line.receive(inbound(text, more))).events)).text;
}

function chat() {
  const sent: string[] = [];
  const channel: Channel = {
    name: "chat",
    listen: () => Promise.resolve(),
    deliver: async ({ events }) => {
      for await (const event of events) if (event.type === "reply") sent.push(event.reply.text);
    },
  };
  return { channel, sent };
}

test("spawn returns at once, and the answer comes later as a message in the same chat", async () => {
  const { open, sub } = gates();
  const { channel, sent } = chat();
  const model = scriptedModel(spawning(sub));
  const r = await rig({ model, delegation: {}, channels: [channel] });
  const from = { channel: "chat", chat: "1" };
  await r.line.receive(inbound("spawn dig", { from, session: "chat:1" }));
  await expect.poll(() => sent).toEqual([expect.stringContaining("Background agent t")]);
  await r.line.receive(inbound("meanwhile", { from, session: "chat:1" }));
  await expect.poll(() => sent.length).toBe(2);
  await expect.poll(() => open.has("dig")).toBe(true);
  open.get("dig")?.("gold");
  await expect.poll(() => sent.slice(1)).toEqual(["echo meanwhile", "told: gold"]);
  await expect.poll(() => r.journal.open()).toEqual([]);
  const sessions = (await r.store.list()).map(({ session }) => session).sort();
  expect(sessions).toEqual(["chat:1", expect.stringMatching(/^chat:1:sub-t\d+$/)]);
  expect(await transcript(r, sessions[1])).toEqual(["user: dig", "assistant: gold"]);
  expect(model.prompts.filter(isSub)[0]?.messages.map(textOf)).toEqual(["dig"]);
});

test("an agent that fails says so in the chat", async () => {
  const model = scriptedModel(spawning(() => Promise.reject(new Error("no luck"))));
  const r = await rig({ model, delegation: {} });
  await say(r, "spawn dig");
  await expect.poll(() => transcript(r)).toContainEqual(expect.stringMatching(/^user: \[weft: .* has failed: no luck/));
});

test("a conversation has five agents at once, another one has its own five", async () => {
  const { open, sub } = gates();
  const r = await rig({ model: scriptedModel(spawning(sub)), delegation: {}, concurrent: 100 });
  const six = await say(r, "spawn a, b, c, d, e");
  expect(six).not.toContain("limit");
  expect(await say(r, "spawn f")).toContain("concurrency limit reached: 5 active spawns (max 5)");
  expect(await say(r, "spawn g", { session: "http:other" })).toContain("has begun");
  await expect.poll(() => open.has("a")).toBe(true);
  open.get("a")?.("done");
  await expect.poll(() => transcript(r)).toContain("assistant: told: done");
  expect(await say(r, "spawn f")).toContain("has begun");
});

test("background agents are listed and stopped by the model and by the user, and then send nothing", async () => {
  const { open, sub } = gates();
  const r = await rig({ model: scriptedModel(spawning(sub)), delegation: {} });
  expect(await say(r, "/agents")).toBe("Nothing runs in the background.");
  const ids = [...(await say(r, "spawn dig, sift, wash")).matchAll(/agent (t\d+)/g)].map((match) => match[1] ?? "");
  await expect.poll(() => open.size).toBe(3);
  expect(await say(r, "spawned list")).toMatch(/dig \(test\/scripted, 0 steps, for 0 s\)\n.*sift/);
  expect(await say(r, `spawned stop ${ids[0]}`)).toContain(`Stopped ${ids[0]}`);
  await expect.poll(() => say(r, "/agents")).not.toContain("dig");
  expect(await say(r, `/agents stop ${ids[0]}`)).toContain("No agent");
  expect(await say(r, `/agents stop ${ids[1]}`, { session: "http:other" })).toContain("No agent");
  expect(await say(r, `/agents stop ${ids[1]}`)).toBe(`Stopped ${ids[1]}.`);
  await expect.poll(() => say(r, "/agents")).toMatch(/^t\d+ {2}0 s, begun {2}wash$/);
  expect(await say(r, "/stop")).toBe("Stopped.");
  await expect.poll(() => r.journal.open()).toEqual([]);
  expect((await transcript(r)).filter((line) => line.includes("[weft:"))).toEqual([]);
});

test("a turn that is cancelled takes what it has begun with it", async () => {
  const { open, sub } = gates();
  let asked = 0;
  const model = scriptedModel((prompt, signal) => {
    if (isSub(prompt)) return sub(prompt, signal);
    asked++;
    if (prompt.messages.length === 1) return calls(["spawn", { task: "dig" }]);
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  });
  const r = await rig({ model, delegation: {} });
  const receipt = await r.line.receive(inbound("go", { durable: false }));
  await expect.poll(() => [asked, open.size]).toEqual([2, 1]);
  receipt.abandon();
  await expect.poll(() => r.journal.open()).toEqual([]);
  expect((await transcript(r)).at(-1)).toContain("ended early");
});

test("agents begun by agents' answers do not go on for ever", async () => {
  const model = scriptedModel((prompt) => {
    if (isSub(prompt)) return says("more");
    const results = lastOf(prompt)?.parts.flatMap((part) => (part.type === "result" ? part.text : [])) ?? [];
    return results.length > 0 ? says(results.join()) : calls(["spawn", { task: "again" }]);
  });
  const r = await rig({ model, delegation: {} });
  await say(r, "go");
  await expect.poll(() => transcript(r)).toContainEqual(expect.stringMatching(/^assistant: depth limit reached/));
  await expect.poll(() => r.journal.open()).toEqual([]);
  expect(model.prompts.filter(isSub)).toHaveLength(2);
});

test("where no answer could arrive nothing is begun", async () => {
  const model = scriptedModel(spawning(() => says("x")));
  const own = await rig({ model, delegation: {} });
  expect(await say(own, "spawn dig", { history: [] })).toContain("not kept by weft");
  const leaving = await rig({ model, delegation: { stays: false } });
  expect(await say(leaving, "spawn dig")).toContain("start `weft gateway`");
  expect(model.prompts.filter(isSub)).toEqual([]);
});

test("wherever a crash cuts it, the answer arrives exactly once", async () => {
  const platform = memoryPlatform();
  const { files } = platform;
  const stuck = gates();
  const first = await rig({ files, model: scriptedModel(spawning(stuck.sub)), delegation: {} });
  await say(first, "spawn dig");
  await expect.poll(() => stuck.open.size).toBe(1);
  // The second process ends between the agent's reply and the parent's message.
  let lost = 0;
  const line = () => ({
    receive: () => {
      lost++;
      return new Promise<never>(() => {});
    },
    stop: () => false,
  });
  const second = await rig({ files, model: scriptedModel(spawning(() => says("gold"))), delegation: { line } });
  second.line.resume();
  await expect.poll(() => lost).toBe(1);
  // The third one ends when the message has arrived, before the agent's turn is done with.
  const third = await rig({
    files: { ...files },
    model: scriptedModel(spawning(() => says("never"))),
    delegation: {},
  });
  (third.journal as { done: unknown }).done = () => new Promise<void>(() => {});
  third.line.resume();
  await expect.poll(() => transcript(third)).toContain("assistant: told: gold");
  const fourth = await rig({ files, model: scriptedModel(spawning(() => says("never"))), delegation: {} });
  fourth.line.resume();
  await expect.poll(() => fourth.journal.open()).toEqual([]);
  expect((await transcript(fourth)).filter((text) => text.includes("gold"))).toHaveLength(2);
});
