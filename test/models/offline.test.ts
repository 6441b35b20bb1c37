import { expect, test } from "vitest";
import type { Message } from "../../src/core/message.ts";
import { textOf } from "../../src/core/message.ts";
import type { ModelDone, ModelEvent, Prompt } from "../../src/core/model.ts";
import { offlineModel } from "../../src/models/offline.ts";

const tools = [
  {
    name: "read_file",
    description: "Reads a file. With ranges.",
    input: {
      type: "object",
      properties: { path: { type: "string" }, offset: { type: "integer" } },
      required: ["path"],
    },
  },
  { name: "now", description: "The time.", input: { type: "object" } },
];

async function events(messages: readonly Message[], more: Partial<Prompt> = {}, signal = AbortSignal.any([])) {
  const prompt: Prompt = { system: "", messages, tools, maxOutputTokens: 100, session: "cli:s", ...more };
  const list: ModelEvent[] = [];
  for await (const event of offlineModel(() => 5).stream(prompt, signal)) list.push(event);
  return list;
}

const user = (text: string): Message => ({ role: "user", parts: [{ type: "text", text }], at: 1 });
const doneOf = (list: ModelEvent[]) => list.at(-1) as ModelDone;
const say = async (text: string, more: Partial<Prompt> = {}) =>
  textOf(doneOf(await events([user(text)], more)).message);

test("a message is answered with what this is, what arrived and how to add a key", async () => {
  const answer = await say("Hello  there\nyou");
  expect(answer).toMatch(/built-in offline model/);
  expect(answer).toContain("“Hello there you”");
  for (const way of ["ANTHROPIC_API_KEY", "weft config set providers.anthropic.api_key", "ollama/llama3.2", "/help"]) {
    expect(answer).toContain(way);
  }
});

test("a long message is echoed in short, without half characters", async () => {
  expect(await say("😀".repeat(5000))).toContain(`“${"😀".repeat(120)}…”`.slice(0, 100));
  expect((await say("x".repeat(100_000))).length).toBeLessThan(1000);
});

test.each(["ping", "Ping!", " ping "])("%j gets a pong of one line", async (text) => {
  const answer = await say(text);
  expect(answer).toMatch(/^pong\b.*ANTHROPIC_API_KEY/);
  expect(answer).not.toContain("\n");
});

test("deltas joined are the text, in several pieces, and no tokens are used", async () => {
  const list = await events([user("hi")]);
  const deltas = list.flatMap((event) => (event.type === "text" ? event.delta : []));
  expect(deltas.join("")).toBe(textOf(doneOf(list).message));
  expect(deltas.length).toBeGreaterThan(2);
  expect(list.filter(({ type }) => type === "done")).toHaveLength(1);
  expect(doneOf(list)).toMatchObject({ stop: "end", model: "offline", usage: { inputTokens: 0, outputTokens: 0 } });
});

test.each(["/help", "/tools"])("%s lists the tools with their parameters", async (text) => {
  const answer = await say(text);
  expect(answer).toContain("/read_file path=… [offset=…]\n    Reads a file.\n/now\n    The time.");
});

test("/help without tools says so", async () => {
  expect(await say("/help", { tools: [] })).toMatch(/^No tools are available/);
});

test("a slash command becomes a call of the tool", async () => {
  const done = doneOf(await events([user("/read_file path=notes.txt offset=2")]));
  expect(done.stop).toBe("calls");
  expect(done.message.parts).toEqual([
    { type: "call", id: "offline-5", tool: "read_file", input: { path: "notes.txt", offset: 2 } },
  ]);
});

test("an unknown tool is answered with the nearest name", async () => {
  expect(await say("/read_fil path=x")).toBe(
    "There is no tool /read_fil. Did you mean /read_file? /help lists the tools.",
  );
});

test("arguments that cannot be read are answered with the usage", async () => {
  expect(await say("/read_file path=x colour=red")).toMatch(
    /no parameter colour.*\nUsage: \/read_file path=… \[offset=…\]$/s,
  );
});

test("a path at the beginning of a sentence is no command", async () => {
  expect(await say("/etc/hosts is what?")).toMatch(/built-in offline model/);
});

test("the results since the call are the answer", async () => {
  const result = (id: string, text: string, failed?: true): Message => ({
    role: "tool",
    parts: [{ type: "result", id, text, ...(failed && { failed }) }],
    at: 1,
  });
  const before = [user("/now"), result("0", "old"), { role: "assistant" as const, parts: [], at: 1 }];
  const done = doneOf(
    await events([...before, result("1", "twelve"), result("2", "no clock", true), result("3", " ")]),
  );
  expect(textOf(done.message)).toBe("twelve\n\nThe tool failed: no clock\n\n(no output)");
});

test("pictures in a result are counted, not shown", async () => {
  const parts = [{ type: "result" as const, id: "1", text: "a.png", images: [{ mime: "image/png", base64: "AA==" }] }];
  expect(textOf(doneOf(await events([{ role: "tool", parts, at: 1 }])).message)).toMatch(/^a.png\n\(1 picture/);
});

test("it refuses to sum up a conversation, so that code does it", async () => {
  await expect(events([user("…")], { session: "cli:s#summary" })).rejects.toMatchObject({ code: "refused" });
});

test("a stopped turn gets no answer", async () => {
  await expect(events([user("hi")], {}, AbortSignal.abort())).rejects.toMatchObject({ code: "aborted" });
  await expect(events([user("/now")], {}, AbortSignal.abort())).rejects.toMatchObject({ code: "aborted" });
});
