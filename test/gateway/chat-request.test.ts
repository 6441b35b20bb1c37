import { expect, test } from "vitest";
import { parseChatRequest } from "../../src/gateway/chat-request.ts";

const hello = { role: "user", content: "hello" };
const call = { role: "assistant", tool_calls: [{ id: "c1", function: { name: "ls", arguments: "{}" } }] };
const image = (url: string) => ({ messages: [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }] });

test.each<[string, unknown, string | undefined, RegExp]>([
  ["no object", 5, undefined, /Object/],
  ["no messages", {}, "messages", /messages/],
  ["an empty list of messages", { messages: [] }, "messages", /no message/],
  ["an unknown role", { messages: [{ role: "robot", content: "x" }] }, "messages.0.role", /"robot"/],
  ["a message without content", { messages: [{ role: "user" }] }, "messages.0.content", /undefined/],
  [
    "a wrong part deep in a union",
    { messages: [{ role: "user", content: [{ type: "text", text: 5 }] }] },
    "messages.0.content.0.text",
    /string/,
  ],
  [
    "sound",
    { messages: [{ role: "user", content: [{ type: "input_audio" }] }] },
    "messages.0.content.0.type",
    /input_audio/,
  ],
  [
    "a picture by address",
    image("https://example.com/cat.png"),
    "messages.0.content.0.image_url.url",
    /fetches no images/,
  ],
  ["a picture that is not base64", image("data:image/png;base64,%%%"), "messages.0.content.0.image_url.url", /base64/],
  ["an empty message", { messages: [{ role: "user", content: " ".trim() }] }, "messages.0.content", /empty/],
  [
    "the agent's word at the end",
    { messages: [hello, { role: "assistant", content: "hi" }] },
    "messages",
    /last message/,
  ],
  ["instructions only", { messages: [{ role: "system", content: "x" }] }, "messages", /last message/],
  [
    "a result nobody asked for",
    { messages: [{ role: "tool", content: "x", tool_call_id: "c9" }, hello] },
    "messages.0.tool_call_id",
    /c9/,
  ],
  ["a call without its result", { messages: [call, hello] }, "messages.0.tool_calls", /c1/],
  ["a call at the end", { messages: [hello, call] }, "messages.1.tool_calls", /c1/],
  ["tools", { messages: [hello], tools: [{}] }, "tools", /tools of its own/],
  ["functions", { messages: [hello], functions: [{}] }, "functions", /tools of its own/],
  ["a forced tool", { messages: [hello], tool_choice: "required" }, "tool_choice", /tools of its own/],
  ["several answers", { messages: [hello], n: 2 }, "n", /one answer/],
  ["stop sequences", { messages: [hello], stop: "END" }, "stop", /not supported/],
  ["a list of stop sequences", { messages: [hello], stop: ["END"] }, "stop", /not supported/],
  ["JSON mode", { messages: [hello], response_format: { type: "json_object" } }, "response_format.type", /text only/],
  ["log probabilities", { messages: [hello], logprobs: true }, "logprobs", /not available/],
  ["half a token", { messages: [hello], max_tokens: 1.5 }, "max_tokens", /integer/],
  ["no token", { messages: [hello], max_completion_tokens: 0 }, "max_completion_tokens", />=1/],
  ["too warm", { messages: [hello], temperature: 2.1 }, "temperature", /<=2/],
  ["an unknown effort", { messages: [hello], reasoning_effort: "huge" }, "reasoning_effort", /"huge"/],
])("%s is refused, and the sender told where", (_, body, param, message) => {
  const { refused } = parseChatRequest(body);
  expect(refused?.param).toBe(param);
  expect(refused?.message).toMatch(message);
  expect(refused?.status).toBe(400);
});

test("a long wrong value is not sent back whole", () => {
  const { refused } = parseChatRequest({ messages: [hello], tool_choice: "x".repeat(10_000), n: "y".repeat(10_000) });
  expect(refused?.message.length).toBeLessThan(400);
});

test("null stands for a parameter that was left out", () => {
  const names = ["model", "stream", "stream_options", "max_tokens", "temperature", "user", "n", "tools", "stop"];
  const body = { messages: [hello], ...Object.fromEntries(names.map((name) => [name, null])) };
  expect(parseChatRequest(body).refused).toBeUndefined();
});
