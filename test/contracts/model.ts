import { LLMock } from "@copilotkit/aimock";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { WeftError } from "../../src/core/error.ts";
import { callsOf, type Message, textOf } from "../../src/core/message.ts";
import type { Model, ModelDone, ModelEvent, Prompt } from "../../src/core/model.ts";
import type { Fetch } from "../../src/core/platform.ts";
import { nodeFetch } from "../../src/platform/node/fetch.ts";

export interface ModelUnderTest {
  readonly name: string;
  /** The model at a mock server's address. */
  make(url: string, fetch: Fetch): Model;
  /** How a picture stands in the request. */
  readonly imageMark: RegExp;
  /** How the mock names what it sent as thinking; absent where the mock sends none. */
  readonly thinks: boolean;
}

/** What every wire protocol must hold, against a mock server that others wrote (aimock). */
export function modelContract({ name, make, imageMark, thinks }: ModelUnderTest): void {
  describe(`model: ${name}`, () => {
    const mock = new LLMock({ port: 0, chunkSize: 7 });
    const sent: string[] = [];
    let model: Model;
    beforeAll(async () => {
      await mock.start();
      const fetch = nodeFetch({});
      model = make(mock.url, (url, options = {}) => {
        sent.push(String(options.body));
        return fetch(url, options);
      });
    });
    afterAll(() => mock.stop());
    beforeEach(() => {
      mock.reset();
    });

    test("text comes as deltas that joined are the answer, then exactly one `done`, last", async () => {
      mock.onMessage("hello", { content: "Good morning, how are you today?" });
      const events = await all(model.stream(promptOf(says("hello")), new AbortController().signal));
      const done = doneOf(events);
      expect(events.filter(({ type }) => type === "done")).toHaveLength(1);
      expect(joined(events)).toBe("Good morning, how are you today?");
      expect(textOf(done.message)).toBe(joined(events));
      expect(events.length).toBeGreaterThan(2);
      expect(done).toMatchObject({ stop: "end", model: model.id });
    });

    test("tokens are the provider's own figures", async () => {
      const usage = { prompt_tokens: 31, completion_tokens: 8, input_tokens: 31, output_tokens: 8 };
      const google = { promptTokenCount: 31, candidatesTokenCount: 8, totalTokenCount: 39 };
      mock.onMessage("hello", { content: "hi", usage: { ...usage, ...google } });
      const { usage: seen } = doneOf(await ask(model, promptOf(says("hello"))));
      expect(seen).toMatchObject(name === "ollama" ? {} : { inputTokens: 31, outputTokens: 8 });
      expect(seen.estimated).toBe(undefined);
    });

    test("a tool call comes whole, with its arguments", async () => {
      mock.onMessage("weather", { toolCalls: [{ name: "get_weather", arguments: '{"city":"Köln","days":3}' }] });
      const done = doneOf(await ask(model, promptOf(says("weather"))));
      expect(done.stop).toBe("calls");
      expect(callsOf(done.message)).toMatchObject([{ tool: "get_weather", input: { city: "Köln", days: 3 } }]);
      expect(callsOf(done.message)[0]?.id).not.toBe("");
    });

    test("parallel calls keep their order and have ids of their own", async () => {
      const toolCalls = ["Rome", "Oslo", "Lima"].map((city) => ({
        name: "get_weather",
        arguments: `{"city":"${city}"}`,
      }));
      mock.onMessage("weather", { toolCalls });
      const calls = callsOf(doneOf(await ask(model, promptOf(says("weather")))).message);
      expect(calls.map(({ input }) => input)).toEqual([{ city: "Rome" }, { city: "Oslo" }, { city: "Lima" }]);
      expect(new Set(calls.map(({ id }) => id)).size).toBe(3);
    });

    test("results go back to the calls they answer", async () => {
      mock.onMessage("weather", { toolCalls: [{ name: "get_weather", arguments: '{"city":"Rome"}' }] });
      const first = doneOf(await ask(model, promptOf(says("weather")))).message;
      const [call] = callsOf(first);
      mock.clearFixtures();
      mock.addFixture({ match: { hasToolResult: true }, response: { content: "It rains." } });
      const result: Message = {
        role: "tool",
        parts: [{ type: "result", id: call?.id ?? "", text: "rain, 12 degrees" }],
        at: 0,
      };
      const done = doneOf(await ask(model, promptOf(says("weather"), first, result)));
      expect(textOf(done.message)).toBe("It rains.");
      expect(sent.at(-1)).toContain("rain, 12 degrees");
    });

    test("pictures reach the provider", async () => {
      mock.onMessage(/.*/, { content: "a cat" });
      const picture: Message = {
        role: "user",
        parts: [
          { type: "text", text: "what is it?" },
          { type: "image", mime: "image/png", base64: "iVBORw0KGgo=" },
        ],
        at: 0,
      };
      expect(joined(await ask(model, promptOf(picture)))).toBe("a cat");
      expect(sent.at(-1)).toMatch(imageMark);
    });

    test.runIf(thinks)("thinking is told apart from the answer", async () => {
      mock.onMessage("hard", { content: "42", reasoning: "six times seven" });
      const events = await ask(model, promptOf(says("hard")));
      expect(joined(events)).toBe("42");
      expect(
        events
          .filter(({ type }) => type === "thinking")
          .map((event) => "delta" in event && event.delta)
          .join(""),
      ).toBe("six times seven");
    });

    test.each([
      [429, "limit"],
      [500, "unavailable"],
      [503, "unavailable"],
      [401, "auth"],
      [404, "missing"],
      [400, "invalid"],
    ])("status %i is `%s`, with the provider's words", async (status, code) => {
      mock.onMessage("hello", { error: { message: "the words of the provider" }, status, retryAfter: 7 });
      const error = await failure(model, promptOf(says("hello")));
      expect(error.code).toBe(code);
      expect(error.message).toContain("the words of the provider");
      if (status === 429) expect(error.retryAfterMs).toBe(7000);
    });

    test("a prompt that is too long is `overflow`", async () => {
      const message = "This model's maximum context length is 8192 tokens, however you requested 9000 tokens";
      mock.onMessage("hello", { error: { message, code: "context_length_exceeded" }, status: 400 });
      expect((await failure(model, promptOf(says("hello")))).code).toBe("overflow");
    });

    test("an answer that is cut in the middle is `unavailable`, not half an answer", async () => {
      mock.onMessage("hello", { content: "a long answer that never comes to its end" }, { truncateAfterChunks: 2 });
      expect((await failure(model, promptOf(says("hello")))).code).toBe("unavailable");
    });

    test("an aborted signal ends it with `aborted`", async () => {
      mock.onMessage("hello", { content: "a very slow answer ".repeat(20) }, { latency: 50 });
      const controller = new AbortController();
      const events: ModelEvent[] = [];
      const asked = (async () => {
        for await (const event of model.stream(promptOf(says("hello")), controller.signal)) {
          events.push(event);
          controller.abort();
        }
      })();
      await expect(asked).rejects.toMatchObject({ code: "aborted" });
      expect(events.some(({ type }) => type === "done")).toBe(false);
    });
  });
}

export function says(text: string): Message {
  return { role: "user", parts: [{ type: "text", text }], at: 0 };
}

export function promptOf(...messages: Message[]): Prompt {
  const input = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
  return {
    system: "You are a test.",
    messages,
    tools: [{ name: "get_weather", description: "The weather of a city.", input }],
    maxOutputTokens: 1000,
    temperature: 0.5,
    session: "cli:test",
  };
}

export async function ask(model: Model, prompt: Prompt): Promise<ModelEvent[]> {
  return await all(model.stream(prompt, new AbortController().signal));
}

async function all(events: AsyncIterable<ModelEvent>): Promise<ModelEvent[]> {
  const list: ModelEvent[] = [];
  for await (const event of events) list.push(event);
  return list;
}

export async function failure(model: Model, prompt: Prompt): Promise<WeftError> {
  const error: unknown = await ask(model, prompt).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toHaveProperty("code");
  return error as WeftError;
}

export function doneOf(events: readonly ModelEvent[]): ModelDone {
  const last = events.at(-1);
  if (last?.type !== "done") throw new Error("the answer has no end");
  return last;
}

export function joined(events: readonly ModelEvent[]): string {
  return events.map((event) => (event.type === "text" ? event.delta : "")).join("");
}
