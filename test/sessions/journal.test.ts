import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Reply } from "../../src/core/channel.ts";
import type { Platform } from "../../src/core/platform.ts";
import { memoryPlatform } from "../../src/platform/memory.ts";
import { openJournal } from "../../src/sessions/journal.ts";
import { jsonlStore } from "../../src/sessions/jsonl-store.ts";
import { inbound } from "../agent/scripted.ts";
import { says } from "../contracts/session-store.ts";

type Files = Platform["files"];
const reply = (text: string): Reply => ({ text, usage: { inputTokens: 0, outputTokens: 0 }, model: "m", stop: "end" });

async function open(files: Files, warnings: string[] = [], rotateBytes?: number) {
  const warn = (text: string) => void warnings.push(text);
  const store = jsonlStore({ files, folder: "/w/sessions", now: () => 1, warn });
  const journal = await openJournal({
    files,
    folder: "/w/journal",
    store,
    now: () => 1,
    warn,
    ...(rotateBytes !== undefined && { rotateBytes }),
  });
  return { store, journal };
}

async function newest(files: Files): Promise<string> {
  const names = (await files.list("/w/journal")).map(({ name }) => name).filter((name) => /^\d/.test(name));
  return `/w/journal/${names.at(-1)}`;
}

test("an accepted message is open after a restart, with the steps it had done", async () => {
  const { files } = memoryPlatform();
  const { journal } = await open(files);
  const message = inbound("hi");
  await journal.accept("t1", message);
  await journal.step("t1", [says("t1-0", "hi")]);
  const after = (await open(files)).journal;
  expect(after.open()).toEqual([{ turn: "t1", inbound: message, entries: [says("t1-0", "hi")] }]);
  expect(after.seen(message)).toEqual({ state: "open", turn: "t1" });
});

test("a settled durable message is known as a duplicate, with its answer, also after restarts", async () => {
  const { files } = memoryPlatform();
  const { journal } = await open(files);
  const message = inbound("hi");
  await journal.accept("t1", message);
  await journal.reply("t1", { entries: [], reply: reply("hello"), settled: true });
  for (let i = 0; i < 3; i++) {
    const { journal: again } = await open(files);
    expect(again.seen(message)).toEqual({ state: "settled", turn: "t1", reply: reply("hello") });
    expect(again.open()).toEqual([]);
    await again.close();
  }
});

test("a reply that was ready is open with its text until it is done", async () => {
  const { files } = memoryPlatform();
  const first = await open(files);
  await first.journal.accept("t1", inbound("hi"));
  await first.journal.reply("t1", { entries: [], reply: reply("hello"), settled: false });
  const second = await open(files);
  expect(second.journal.open()[0]?.reply).toEqual(reply("hello"));
  await second.journal.done("t1");
  expect((await open(files)).journal.open()).toEqual([]);
});

test("what a session file lost in a crash comes back from the journal, once and in order", async () => {
  const { files } = memoryPlatform();
  const { journal } = await open(files);
  const message = inbound("a");
  await journal.accept("t1", message);
  await journal.step("t1", [says("t1-0", "a")]);
  await journal.reply("t1", { entries: [says("t1-1", "b", "assistant")], reply: reply("b"), settled: true });
  await files.truncate("/w/sessions/http%3As.jsonl", 150);
  const { store } = await open(files);
  expect((await store.read("http:s")).map(({ id }) => id)).toEqual(["t1-0", "t1-1"]);
});

test("wherever the journal is cut, every message before the cut is kept and nothing is made up", async () => {
  await fc.assert(
    fc.asyncProperty(fc.double({ min: 0, max: 1, noNaN: true }), async (where) => {
      const { files } = memoryPlatform();
      const { journal } = await open(files);
      const messages = Array.from({ length: 6 }, (_, i) => inbound(`message ${i} ü`));
      const ends: number[] = [];
      const path = "/w/journal/00000001.jsonl";
      for (const [i, message] of messages.entries()) {
        await journal.accept(`t${i}`, message);
        ends.push((await files.read(path)).length);
      }
      const cut = Math.floor(where * (ends.at(-1) ?? 0));
      await files.truncate(path, cut);
      const { journal: after } = await open(files);
      const whole = ends.filter((end) => end <= cut).length;
      expect(after.open().map(({ inbound: kept }) => kept)).toEqual(messages.slice(0, whole));
      await after.accept("next", inbound("and on"));
      expect((await open(files)).journal.open()).toHaveLength(whole + 1);
    }),
    { numRuns: 60 },
  );
});

test("a garbage line in the middle costs only itself, is told, and a copy of the file stays", async () => {
  const { files } = memoryPlatform();
  const { journal } = await open(files);
  await journal.accept("t1", inbound("one"));
  const path = await newest(files);
  const before = new TextDecoder().decode(await files.read(path));
  await files.write(path, new TextEncoder().encode(`${before}\u0000garbage\n`));
  const warnings: string[] = [];
  const { journal: after } = await open(files, warnings);
  expect(after.open().map(({ turn }) => turn)).toEqual(["t1"]);
  expect(warnings.join()).toMatch(/1 line\(s\) cannot be read; a copy is kept as \/w\/journal\/damaged-/);
  expect(new TextDecoder().decode(await files.read("/w/journal/damaged-00000001.jsonl"))).toContain("garbage");
});

test("what a single question left behind is not read by the next one", async () => {
  const { files } = memoryPlatform();
  for (let i = 0; i < 40; i++) {
    const { journal } = await open(files);
    await journal.accept(`t${i}`, { ...inbound("x".repeat(2000)), durable: false });
    await journal.reply(`t${i}`, { entries: [says(`t${i}-0`, "a")], reply: reply("hello"), settled: true });
    await journal.close();
  }
  const { journal, store } = await open(files);
  expect(journal.health().bytes).toBeLessThan(40_000);
  expect(await store.read("http:s")).toHaveLength(40);
});

test("many records share few syncs", async () => {
  const { files } = memoryPlatform();
  let syncs = 0;
  const counting: Files = {
    ...files,
    append: async (path) => {
      const appender = await files.append(path);
      return {
        ...appender,
        sync: async () => {
          syncs++;
          await appender.sync();
        },
      };
    },
  };
  const { journal } = await open(counting);
  await Promise.all(Array.from({ length: 100 }, (_, i) => journal.accept(`t${i}`, inbound("x"))));
  expect(syncs).toBeLessThanOrEqual(3);
  expect(journal.open()).toHaveLength(100);
});

test("a long journal is replaced by what is still needed", async () => {
  const { files } = memoryPlatform();
  const { journal } = await open(files, [], 4000);
  const kept = inbound("still open");
  await journal.accept("open", kept);
  for (let i = 0; i < 200; i++) {
    await journal.accept(`t${i}`, inbound("x", { durable: false }));
    await journal.reply(`t${i}`, { entries: [says(`t${i}-0`)], reply: reply("y"), settled: true });
  }
  expect((await files.read(await newest(files))).length).toBeLessThan(20_000);
  expect((await files.list("/w/journal")).length).toBe(1);
  const { journal: after, store } = await open(files);
  expect(after.open().map(({ inbound: message }) => message)).toEqual([kept]);
  expect(await store.read("http:s")).toHaveLength(200);
});

test("a full disk refuses the record, and the journal goes on when there is room", async () => {
  const platform = memoryPlatform();
  const { journal } = await open(platform.files);
  await journal.accept("t1", inbound("one"));
  platform.faults.diskFull = true;
  await expect(journal.accept("t2", inbound("two"))).rejects.toMatchObject({ code: "full" });
  platform.faults.diskFull = false;
  await journal.accept("t3", inbound("three"));
  expect((await open(platform.files)).journal.open().map(({ turn }) => turn)).toEqual(["t1", "t3"]);
});

test("a deleted session does not come back", async () => {
  const { files } = memoryPlatform();
  const { journal, store } = await open(files);
  await journal.accept("t1", inbound("x"));
  await journal.reply("t1", { entries: [says("t1-0")], reply: reply("y"), settled: true });
  await journal.forget("http:s");
  await store.remove("http:s");
  expect(await (await open(files)).store.read("http:s")).toEqual([]);
});

test("what waits in the outbox is there after a restart until it was posted", async () => {
  const { files } = memoryPlatform();
  const item = { id: "o1", to: { channel: "irc", chat: "#a" }, text: "hello" };
  await (await open(files)).journal.post(item);
  const { journal } = await open(files);
  expect(journal.outbox()).toEqual([item]);
  await journal.posted("o1");
  expect((await open(files)).journal.outbox()).toEqual([]);
});
