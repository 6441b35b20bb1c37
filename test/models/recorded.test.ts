import { describe, expect, test } from "vitest";
import { callsOf, type Message } from "../../src/core/message.ts";
import type { Model } from "../../src/core/model.ts";
import { anthropic } from "../../src/models/anthropic.ts";
import { gemini } from "../../src/models/gemini.ts";
import { ollama } from "../../src/models/ollama.ts";
import { openaiChat } from "../../src/models/openai-chat.ts";
import { openaiResponses } from "../../src/models/openai-responses.ts";
import type { WireOptions } from "../../src/models/wire.ts";
import { ask, doneOf, failure, joined, promptOf, says } from "../contracts/model.ts";
import { type RawServer, rawServer, sse } from "./raw-server.ts";
import { wireOptions } from "./wire-options.ts";

function chatAt({ url }: RawServer, timeouts: Partial<WireOptions["timeouts"]> = {}): Model {
  return openaiChat(wireOptions({ url, name: "gpt-4o", timeouts }));
}

function bodyOf({ asked }: RawServer, index: number): Record<string, unknown> {
  const body = asked[index];
  if (!body) throw new Error(`the server was not asked ${index + 1} times`);
  return body;
}

const hello = promptOf(says("hello"));
const delta = (content: string) => ({ choices: [{ delta: { content } }] });
const finish = (finish_reason: string) => ({ choices: [{ delta: {}, finish_reason }] });
const callDelta = (args: string) => ({
  choices: [
    { delta: { tool_calls: [{ index: 0, id: "call_1", function: { name: "get_weather", arguments: args } }] } },
  ],
});

describe("a provider that misbehaves", () => {
  test("one that refuses the connection is `unavailable`, with the host", async () => {
    const error = await failure(openaiChat(wireOptions({ url: "http://127.0.0.1:9", name: "x" })), hello);
    expect(error).toMatchObject({ code: "unavailable", message: expect.stringContaining("127.0.0.1:9") });
  });

  test("one that never answers is given up after the first-token limit", async () => {
    const server = await rawServer(() => {});
    const error = await failure(chatAt(server, { firstTokenMs: 80 }), hello);
    expect(error).toMatchObject({ code: "timeout", message: expect.stringContaining("did not begin to answer") });
  });

  test("one that stops in the middle is given up after the idle limit", async () => {
    const server = await rawServer((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(`data: ${JSON.stringify(delta("half an"))}\n\n`);
    });
    const error = await failure(chatAt(server, { idleMs: 80 }), hello);
    expect(error).toMatchObject({ code: "timeout", message: expect.stringContaining("in the middle") });
  });

  test("single bytes now and then do not count as an answer", async () => {
    const server = await rawServer((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const drip = setInterval(() => response.write("x"), 20);
      response.on("close", () => clearInterval(drip));
    });
    expect((await failure(chatAt(server, { firstTokenMs: 200 }), hello)).code).toBe("timeout");
  });

  test("an answer that goes on for ever ends at the total limit", async () => {
    const server = await rawServer((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const chatter = setInterval(() => response.write(`data: ${JSON.stringify(delta("word "))}\n\n`), 10);
      response.on("close", () => clearInterval(chatter));
    });
    const error = await failure(chatAt(server, { totalMs: 300 }), hello);
    expect(error).toMatchObject({ code: "timeout", message: expect.stringContaining("did not finish") });
  });

  test("a web page instead of an answer is told, with what it says", async () => {
    const server = await rawServer((response) => {
      response.writeHead(200, { "content-type": "text/html" });
      response.end("<html><body><h1>Welcome to nginx</h1></body></html>");
    });
    const error = await failure(chatAt(server), hello);
    expect(error.code).toBe("unavailable");
    expect(error.message).toContain("Welcome to nginx");
  });

  test("more than 16 MB are not read", async () => {
    const server = await rawServer((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const event = `data: ${JSON.stringify(delta("x".repeat(1_000_000)))}\n\n`;
      const more = () => {
        while (!response.destroyed && response.write(event));
      };
      response.on("drain", more);
      more();
    });
    expect(await failure(chatAt(server), hello)).toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("more than 16 MB"),
    });
  });

  test.each([
    ["an event that is no JSON", ["not json"]],
    ["an end without a reason", [delta("half")]],
    ["nothing at all", []],
    ["an empty answer", [finish("stop")]],
    ["an error in the middle", [delta("half"), { error: { message: "overloaded", type: "server_error" } }]],
  ])("%s is `unavailable`", async (_, events) => {
    const server = await rawServer(sse(...events));
    expect((await failure(chatAt(server), hello)).code).toBe("unavailable");
  });

  test.each([
    [openaiChat, "authorization", "Bearer sk-test-key"],
    [openaiResponses, "authorization", "Bearer sk-test-key"],
    [ollama, "authorization", "Bearer sk-test-key"],
    [anthropic, "x-api-key", "sk-test-key"],
    [gemini, "x-goog-api-key", "sk-test-key"],
  ])("the door puts the key where the protocol wants it, and nowhere else: %#", async (wire, header, value) => {
    const server = await rawServer((response) => void response.writeHead(503).end());
    await failure(wire(wireOptions({ url: server.url, name: "m" })), hello);
    const carriers = Object.entries(server.headers[0] ?? {}).filter(([, text]) => String(text).includes("sk-test-key"));
    expect(carriers).toEqual([[header, value]]);
    expect(JSON.stringify(server.asked)).not.toContain("sk-test-key");
  });

  test("a model whose address is not its provider's is refused, and nothing is sent there", async () => {
    const [home, other] = [await rawServer(sse()), await rawServer(sse())];
    const model = openaiChat({ ...wireOptions({ url: home.url, name: "m" }), url: other.url });
    expect(await failure(model, hello)).toMatchObject({
      code: "refused",
      message: `what belongs to acme does not go to ${other.url}, only to ${home.url}: see providers.acme.api_base`,
    });
    expect([...home.asked, ...other.asked]).toEqual([]);
  });

  test.each(["Incorrect API key provided: ", "x".repeat(495)])(
    "its key never shows, nor a part of it, after %j",
    async (before) => {
      const server = await rawServer((response) => {
        response.writeHead(401, { "content-type": "application/json" });
        response.end(JSON.stringify({ error: { message: `${before}sk-test-key` } }));
      });
      const error = await failure(chatAt(server), hello);
      expect(error.code).toBe("auth");
      expect(error.message).not.toContain("sk-t");
    },
  );

  test("a parameter it does not know is left out and the request repeated", async () => {
    const server = await rawServer((response, _, times) => {
      if (times > 1) return sse(delta("ok"), finish("stop"))(response);
      response.writeHead(422, { "content-type": "application/json" });
      response.end(
        JSON.stringify({ detail: [{ loc: ["body", "stream_options"], msg: "Extra inputs are not permitted" }] }),
      );
    });
    expect(joined(await ask(chatAt(server), hello))).toBe("ok");
    expect(server.asked[0]).toHaveProperty("stream_options");
    expect(server.asked[1]).not.toHaveProperty("stream_options");
  });

  test.each([
    ["seconds", { "retry-after": "12" }, 12_000],
    ["milliseconds", { "retry-after-ms": "250" }, 250],
    ["a date", { "retry-after": "Mon, 01 Jan 2035 00:01:00 GMT", date: "Mon, 01 Jan 2035 00:00:00 GMT" }, 60_000],
  ])("Retry-After as %s is understood", async (_, headers, ms) => {
    const server = await rawServer((response) => {
      response.writeHead(429, headers as Record<string, string>);
      response.end("{}");
    });
    expect((await failure(chatAt(server), hello)).retryAfterMs).toBe(ms);
  });
});

describe("arguments of a call", () => {
  test("in pieces are put together", async () => {
    const server = await rawServer(
      sse(callDelta('{"ci'), callDelta('ty":"Ro'), callDelta('me"}'), finish("tool_calls")),
    );
    const { message, stop } = doneOf(await ask(chatAt(server), hello));
    expect(stop).toBe("calls");
    expect(callsOf(message)).toEqual([{ type: "call", id: "call_1", tool: "get_weather", input: { city: "Rome" } }]);
  });

  test("with small mistakes are repaired", async () => {
    const server = await rawServer(sse(callDelta("{city: 'Rome',}"), finish("tool_calls")));
    expect(callsOf(doneOf(await ask(chatAt(server), hello)).message)[0]?.input).toEqual({ city: "Rome" });
  });

  test("that are no object are kept as the model wrote them", async () => {
    const server = await rawServer(sse(callDelta("[1, 2"), finish("tool_calls")));
    expect(callsOf(doneOf(await ask(chatAt(server), hello)).message)[0]).toMatchObject({ input: {}, invalid: "[1, 2" });
  });

  test("cut by the length limit are not repaired into something else", async () => {
    const server = await rawServer(sse(callDelta('{"city":"Ro'), finish("length")));
    const { message, stop } = doneOf(await ask(chatAt(server), hello));
    expect(stop).toBe("length");
    expect(callsOf(message)[0]).toMatchObject({ invalid: '{"city":"Ro' });
  });
});

test("usage that the provider does not give is estimated, and says so", async () => {
  const server = await rawServer(sse(delta("three little words"), finish("stop")));
  const { usage } = doneOf(await ask(chatAt(server), hello));
  expect(usage).toMatchObject({ estimated: true });
  expect(usage.inputTokens).toBeGreaterThan(5);
  expect(usage.outputTokens).toBeGreaterThan(2);
});

test("an answer in one piece, though a stream was asked for, is taken", async () => {
  const server = await rawServer((response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ choices: [{ message: { content: "whole" }, finish_reason: "stop" }], usage: {} }));
  });
  expect(joined(await ask(chatAt(server), hello))).toBe("whole");
});

describe("Anthropic", () => {
  const start = { type: "message_start", message: { usage: { input_tokens: 10, cache_read_input_tokens: 90 } } };
  const end = [
    { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 5 } },
    { type: "message_stop" },
  ];

  test("thinking keeps its signature and goes back with it; cached tokens count as input", async () => {
    const server = await rawServer(
      sse(
        start,
        { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "" } },
        { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "hm" } },
        { type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: "c2ln" } },
        { type: "content_block_start", index: 1, content_block: { type: "redacted_thinking", data: "ZGF0YQ" } },
        { type: "content_block_start", index: 2, content_block: { type: "text", text: "" } },
        { type: "content_block_delta", index: 2, delta: { type: "text_delta", text: "42" } },
        ...end,
      ),
    );
    const model = anthropic(wireOptions({ url: server.url, name: "claude-sonnet-4-5" }));
    const { message, usage } = doneOf(await ask(model, { ...hello, thinking: "low" }));
    expect(usage).toEqual({ inputTokens: 100, outputTokens: 5, cacheReadTokens: 90 });
    await ask(model, promptOf(says("hello"), message, says("and?")));
    const [, assistant] = bodyOf(server, 1)["messages"] as { content: unknown[] }[];
    expect(assistant?.content).toEqual([
      { type: "thinking", thinking: "hm", signature: "c2ln" },
      { type: "redacted_thinking", data: "ZGF0YQ" },
      { type: "text", text: "42" },
    ]);
    expect(server.asked[0]).toMatchObject({ thinking: { type: "enabled", budget_tokens: 2048 }, max_tokens: 3048 });
    expect(server.asked[0]).not.toHaveProperty("temperature");
  });

  test("system and the newest message are marked for the cache", async () => {
    const server = await rawServer(
      sse(start, { type: "content_block_start", index: 0, content_block: { type: "text", text: "ok" } }, ...end),
    );
    await ask(anthropic(wireOptions({ url: server.url, name: "claude-opus-5-5" })), hello);
    const cache_control = { type: "ephemeral" };
    expect(server.asked[0]).toMatchObject({
      system: [{ text: "You are a test.", cache_control }],
      messages: [{ role: "user", content: [{ text: "hello", cache_control }] }],
    });
    expect(server.headers[0]).toMatchObject({ "x-api-key": "sk-test-key", "anthropic-version": "2023-06-01" });
  });

  test("results and the text after them are one message of the user", async () => {
    const server = await rawServer(
      sse(start, { type: "content_block_start", index: 0, content_block: { type: "text", text: "ok" } }, ...end),
    );
    const call: Message = { role: "assistant", parts: [{ type: "call", id: "a.b/1", tool: "t", input: {} }], at: 0 };
    const result: Message = { role: "tool", parts: [{ type: "result", id: "a.b/1", text: "", failed: true }], at: 0 };
    await ask(
      anthropic(wireOptions({ url: server.url, name: "x" })),
      promptOf(says("do"), call, result, says("go on")),
    );
    const messages = bodyOf(server, 0)["messages"] as { role: string; content: Record<string, unknown>[] }[];
    expect(messages.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
    expect(messages[2]?.content.map(({ type }) => type)).toEqual(["tool_result", "text"]);
    expect(messages[2]?.content[0]).toMatchObject({ tool_use_id: "a_b_1", content: "(no output)", is_error: true });
  });
});

test("Gemini's signature of a call goes back with it, and each result names its tool", async () => {
  const part = { functionCall: { name: "get_weather", args: { city: "Rome" } }, thoughtSignature: "c2ln" };
  const server = await rawServer(sse({ candidates: [{ content: { parts: [part] }, finishReason: "STOP" }] }));
  const model = gemini(wireOptions({ url: server.url, name: "gemini-3.5-flash" }));
  const { message } = doneOf(await ask(model, hello));
  const [call] = callsOf(message);
  const result: Message = { role: "tool", parts: [{ type: "result", id: call?.id ?? "", text: "rain" }], at: 0 };
  await ask(model, promptOf(says("hello"), message, result));
  expect(server.asked[1]?.["contents"]).toEqual([
    { role: "user", parts: [{ text: "hello" }] },
    { role: "model", parts: [part] },
    { role: "user", parts: [{ functionResponse: { name: "get_weather", response: { output: "rain" } } }] },
  ]);
});

test("OpenAI's encrypted reasoning goes back before the call it led to", async () => {
  const reasoning = { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "ZW5j" };
  const call = { type: "function_call", call_id: "call_1", name: "get_weather", arguments: '{"city":"Rome"}' };
  const server = await rawServer(
    sse(
      { type: "response.output_item.done", output_index: 0, item: reasoning },
      { type: "response.output_item.done", output_index: 1, item: call },
      { type: "response.completed", response: { status: "completed", usage: { input_tokens: 5, output_tokens: 6 } } },
    ),
  );
  const model = openaiResponses(wireOptions({ url: server.url, name: "gpt-5.4" }));
  const { message, stop } = doneOf(await ask(model, hello));
  expect(stop).toBe("calls");
  const result: Message = { role: "tool", parts: [{ type: "result", id: "call_1", text: "rain" }], at: 0 };
  await ask(model, promptOf(says("hello"), message, result));
  expect(server.asked[1]).toMatchObject({ store: false, include: ["reasoning.encrypted_content"] });
  expect(server.asked[1]?.["input"]).toEqual([
    { role: "user", content: [{ type: "input_text", text: "hello" }] },
    reasoning,
    call,
    { type: "function_call_output", call_id: "call_1", output: "rain" },
  ]);
});

test("Ollama is told the context size, and its thinking is told apart", async () => {
  const server = await rawServer((response) => {
    response.writeHead(200, { "content-type": "application/x-ndjson" });
    response.write(`${JSON.stringify({ message: { content: "", thinking: "hm" } })}\n`);
    response.end(
      `${JSON.stringify({ message: { content: "42" }, done: true, prompt_eval_count: 9, eval_count: 3 })}\n`,
    );
  });
  const events = await ask(ollama(wireOptions({ url: server.url, name: "qwen3" })), hello);
  expect(events.slice(0, 2)).toEqual([
    { type: "thinking", delta: "hm" },
    { type: "text", delta: "42" },
  ]);
  expect(doneOf(events).usage).toEqual({ inputTokens: 9, outputTokens: 3 });
  expect(server.asked[0]).toMatchObject({ options: { num_ctx: 100_000, num_predict: 1000 } });
});

test("thinking of another protocol is not sent", async () => {
  const server = await rawServer(sse(delta("ok"), finish("stop")));
  const foreign: Message = {
    role: "assistant",
    parts: [
      { type: "thinking", text: "secret thoughts", signature: "x", protocol: "anthropic" },
      { type: "text", text: "fine" },
    ],
    at: 0,
  };
  await ask(chatAt(server), promptOf(says("a"), foreign, says("b")));
  expect(JSON.stringify(server.asked[0])).not.toContain("secret thoughts");
});
