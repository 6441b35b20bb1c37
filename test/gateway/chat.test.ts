import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import type { ErrorCode } from "../../src/core/error.ts";
import { WeftError } from "../../src/core/error.ts";
import { fails, hello, replyOf, says, scriptedLine, serve } from "./harness.ts";

const messages = [{ role: "user" as const, content: "hello" }];

describe("the openai SDK, not streaming", () => {
  test("gets the answer, its usage and the model that gave it", async () => {
    const served = await serve(says("good day"));
    const { data, response } = await served
      .openai()
      .chat.completions.create({ model: "weft", messages })
      .withResponse();
    expect(data.choices[0]).toMatchObject({
      finish_reason: "stop",
      message: { role: "assistant", content: "good day" },
    });
    expect(data.model).toBe("acme/one");
    expect(data.usage).toMatchObject({ prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 });
    expect(data.usage?.prompt_tokens_details?.cached_tokens).toBe(4);
    expect(response.headers.get("x-model")).toBe("acme/one");
    expect(data.id).toBe(`chatcmpl-${response.headers.get("x-turn-id")}`);
    expect(response.headers.get("x-session-id")).toBeNull();
  });

  test.each([
    ["length", "length"],
    ["filtered", "content_filter"],
    ["limit", "stop"],
    ["loop", "stop"],
  ] as const)("a reply that ended by %s has the finish reason %s", async (stop, reason) => {
    const served = await serve((turn) => turn.replies({ text: "so far", stop }));
    const data = await served.openai().chat.completions.create({ model: "weft", messages });
    expect(data.choices[0]?.finish_reason).toBe(reason);
  });

  test("a wrong token is an AuthenticationError that says where the token is", async () => {
    const served = await serve(says("x"));
    const asking = served.openai({ apiKey: "wrong" }).chat.completions.create({ model: "weft", messages });
    const error = await asking.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(error).toMatchObject({
      code: "invalid_api_key",
      message: expect.stringContaining("weft status --detailed"),
    });
    expect(served.line.received).toEqual([]);
  });

  test("tools of the client's own are a BadRequestError that names the parameter", async () => {
    const served = await serve(says("x"));
    const tools = [{ type: "function" as const, function: { name: "f", parameters: {} } }];
    const error = await served
      .openai()
      .chat.completions.create({ model: "weft", messages, tools })
      .catch((e) => e);
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({ param: "tools", type: "invalid_request_error" });
    expect(error.message).toContain("runs them itself");
  });

  test("an unknown model is a NotFoundError that names known ones", async () => {
    const served = await serve(says("x"));
    const error = await served
      .openai()
      .chat.completions.create({ model: "gpt-9", messages })
      .catch((e) => e);
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
    expect(error).toMatchObject({ code: "model_not_found", message: expect.stringContaining("acme/two") });
  });

  test("a full queue is a RateLimitError with the time to wait", async () => {
    const line = scriptedLine(() => {
      throw new WeftError("limit", "20 messages wait already", { retryAfterMs: 2500 });
    });
    const served = await serve(line);
    const error = await served
      .openai()
      .chat.completions.create({ model: "weft", messages })
      .catch((e) => e);
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect(error.headers.get("retry-after")).toBe("3");
  });

  test("lists the models and finds one by its id, slash and all", async () => {
    const served = await serve(says("x"));
    const listed = await served.openai().models.list();
    expect(listed.data.map(({ id }) => id)).toEqual(["weft", "acme/one", "acme/two"]);
    expect(await served.openai().models.retrieve("acme/two")).toMatchObject({ id: "acme/two", owned_by: "acme" });
    expect((await served.get("/v1/models/acme/two")).status).toBe(200);
    const error = await served
      .openai()
      .models.retrieve("acme/three")
      .catch((e) => e);
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
  });
});

describe("a turn that failed", () => {
  const statuses: Record<ErrorCode, number> = {
    usage: 400,
    config: 500,
    auth: 502,
    unavailable: 503,
    limit: 429,
    overflow: 400,
    refused: 403,
    budget: 429,
    timeout: 504,
    aborted: 409,
    invalid: 502,
    missing: 404,
    conflict: 409,
    full: 507,
    internal: 500,
  };
  test.each(Object.entries(statuses))("of %s has the status %i", async (code, status) => {
    const served = await serve(fails({ code: code as ErrorCode, message: "no: the key sk-secret is wrong" }));
    for (const stream of [false, true]) {
      const response = await served.chat({ ...hello, stream });
      expect(response.status).toBe(status);
      const { error } = (await response.json()) as { error: Record<string, unknown> };
      expect(error).toMatchObject({ message: "no: the key [redacted] is wrong", param: null });
      expect([typeof error["type"], typeof error["code"]]).toEqual(["string", "string"]);
      expect(response.headers.get("x-turn-id")).not.toBeNull();
    }
  });

  test("is tried again by the SDK when the provider was out of reach", async () => {
    let turns = 0;
    const served = await serve((turn) => {
      turns++;
      if (turns > 1) return turn.replies({ text: "now" });
      return turn.replies({ stop: "failed", error: { code: "unavailable", message: "down", retryAfterMs: 1 } });
    });
    const data = await served.openai({ maxRetries: 2 }).chat.completions.create({ model: "weft", messages });
    expect(data.choices[0]?.message.content).toBe("now");
    expect(turns).toBe(2);
  });

  test("for want of money is what OpenAI's clients know as insufficient_quota, and is not tried again", async () => {
    const error = { code: "budget" as const, message: "the daily budget is used up", retryAfterMs: 3_600_000 };
    const served = await serve((turn) => turn.replies({ stop: "failed", error }));
    const asking = served.openai({ maxRetries: 2 }).chat.completions.create({ model: "weft", messages });
    const thrown = await asking.catch((e) => e);
    expect(thrown).toBeInstanceOf(OpenAI.RateLimitError);
    expect([thrown.code, thrown.type]).toEqual(["insufficient_quota", "insufficient_quota"]);
    expect(thrown.headers.get("retry-after")).toBe("3600");
    expect(served.line.received).toHaveLength(1);
  });

  test.each(["unavailable", "timeout", "internal", "aborted"] as const)(
    "of %s is never tried again by the SDK once a tool ran",
    async (code) => {
      const served = await serve((turn) => {
        turn.push({ type: "tool", id: "1", name: "exec_shell", state: "started", summary: "rm -r build" });
        turn.replies({ stop: "failed", error: { code, message: "broken off", retryAfterMs: 1 } });
      });
      const asking = served.openai({ maxRetries: 2 }).chat.completions.create({ model: "weft", messages });
      await expect(asking).rejects.toThrow("broken off");
      expect(served.line.received).toHaveLength(1);
    },
  );

  test("a mistake in our own code shows nothing of itself, and is told to the log", async () => {
    const line = scriptedLine(() => {
      throw new TypeError("undefined is not a function at /srv/weft/line.ts");
    });
    const served = await serve(line);
    const response = await served.chat(hello, { headers: { "x-request-id": "r-17" } });
    expect(response.status).toBe(500);
    expect(await response.text()).toMatch(/^(?!.*srv).*r-17/);
    expect(served.events).toContainEqual(expect.objectContaining({ type: "failure", where: "gateway" }));
  });
});

describe("which message it becomes", () => {
  test("without a session the request's own messages are the conversation", async () => {
    const served = await serve(says("x"));
    const png = "data:image/png;base64,aGVsbG8=";
    await served.chat({
      model: "acme/two",
      max_tokens: 7,
      max_completion_tokens: 9,
      temperature: 0.5,
      reasoning_effort: "minimal",
      user: "ann",
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "what is here?" },
        {
          role: "assistant",
          content: null,
          tool_calls: [
            { id: "c1", type: "function", function: { name: "ls", arguments: '{"path":"."}' } },
            { id: "c2", type: "function", function: { name: "ls", arguments: "{broken" } },
          ],
        },
        { role: "tool", tool_call_id: "c2", content: "bad" },
        { role: "tool", tool_call_id: "c1", content: [{ type: "text", text: "a.txt" }] },
        { role: "assistant", content: [{ type: "text", text: "a file" }] },
        { role: "developer", content: [{ type: "text", text: "Answer in German." }] },
        { role: "user", content: "and this?" },
        {
          role: "user",
          content: [
            { type: "text", text: "see" },
            { type: "image_url", image_url: { url: png } },
          ],
        },
      ],
    });
    const [inbound] = served.line.received;
    expect(inbound).toMatchObject({
      from: { channel: "http" },
      sender: "ann",
      durable: false,
      settings: {
        model: "acme/two",
        system: "Be brief.\n\nAnswer in German.",
        maxOutputTokens: 9,
        temperature: 0.5,
        thinking: "low",
      },
      parts: [
        { type: "text", text: "and this?" },
        { type: "text", text: "see" },
        { type: "image", mime: "image/png", base64: "aGVsbG8=" },
      ],
    });
    expect(inbound?.history?.map(({ role, parts }) => ({ role, parts }))).toEqual([
      { role: "user", parts: [{ type: "text", text: "what is here?" }] },
      {
        role: "assistant",
        parts: [
          { type: "call", id: "c1", tool: "ls", input: { path: "." } },
          { type: "call", id: "c2", tool: "ls", input: {}, invalid: "{broken" },
        ],
      },
      { role: "tool", parts: [{ type: "result", id: "c2", text: "bad" }] },
      { role: "tool", parts: [{ type: "result", id: "c1", text: "a.txt" }] },
      { role: "assistant", parts: [{ type: "text", text: "a file" }] },
    ]);
    expect(inbound?.session).toMatch(/^http:[\w-]{36}$/);
  });

  test("with a session only the newest message counts, for weft has the others", async () => {
    const served = await serve(says("x"));
    const body = { messages: [{ role: "user", content: "old" }, { role: "assistant", content: "yes" }, ...messages] };
    const response = await served.chat(body, { headers: { "x-session-id": "work" } });
    expect(response.headers.get("x-session-id")).toBe("work");
    expect(served.line.received[0]).toMatchObject({
      from: { channel: "http", chat: "work" },
      session: "http:work",
      sender: "owner",
      parts: [{ type: "text", text: "hello" }],
      settings: {},
    });
    expect(served.line.received[0]).not.toHaveProperty("history");
  });

  test("a whole session key goes on with that session", async () => {
    const served = await serve(says("x"));
    await served.chat(hello, { headers: { "x-weft-session": "cli:work" } });
    expect(served.line.received[0]).toMatchObject({ session: "cli:work", from: { channel: "http", chat: "cli:work" } });
  });

  test.each(["a..b", ""])("a session id like %j is refused", async (id) => {
    const served = await serve(says("x"));
    const response = await served.chat(hello, { headers: { "x-session-id": id } });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param: "X-Session-Id" } });
    expect(served.line.received).toEqual([]);
  });

  test.each(["weft", "default", undefined, null])("model %j is the default one", async (model) => {
    const served = await serve(says("x"));
    expect((await served.chat({ ...hello, model })).status).toBe(200);
    expect(served.line.received[0]?.settings).toEqual({});
  });

  test("parameters without effect are named in the answer", async () => {
    const served = await serve(says("x"));
    const response = await served.chat({ ...hello, top_p: 0.5, seed: 3, store: null, tools: [], "bad\nname": 1 });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-weft-ignored")).toBe("top_p, seed");
  });
});

describe("an idempotency key", () => {
  const keyed = { headers: { "idempotency-key": "k1" } };

  test("makes the turn durable, and gives the first answer again", async () => {
    let turns = 0;
    const served = await serve((turn) => {
      turns++;
      turn.replies({ text: `answer ${turns}` });
    });
    const first = await served.chat(hello, keyed);
    const second = await served.chat(hello, keyed);
    expect(await first.json()).toMatchObject({ choices: [{ message: { content: "answer 1" } }] });
    expect(await second.json()).toMatchObject({ choices: [{ message: { content: "answer 1" } }] });
    expect([first, second].map(({ headers }) => headers.get("idempotent-replayed"))).toEqual([null, "true"]);
    expect(first.headers.get("x-turn-id")).toBe(second.headers.get("x-turn-id"));
    expect(turns).toBe(1);
    expect(served.line.received[0]?.durable).toBe(true);
  });

  test("holds within its session only", async () => {
    const served = await serve(says("x"));
    for (const id of ["a", "b"]) await served.chat(hello, { headers: { ...keyed.headers, "x-session-id": id } });
    await served.chat(hello, keyed);
    expect(new Set(served.line.received.map(({ id }) => id)).size).toBe(3);
  });

  test("with a space or longer than 255 characters is refused", async () => {
    const served = await serve(says("x"));
    for (const key of ["a b", "k".repeat(256)]) {
      expect((await served.chat(hello, { headers: { "idempotency-key": key } })).status).toBe(400);
    }
  });

  test("a failed turn under it is not tried again by the SDK, which would only hear the same", async () => {
    const served = await serve(fails({ code: "unavailable", message: "down", retryAfterMs: 1 }));
    const client = served.openai({ maxRetries: 2, defaultHeaders: keyed.headers });
    await expect(client.chat.completions.create({ model: "weft", messages })).rejects.toThrow("down");
    expect(served.line.received).toHaveLength(1);
  });
});

test("a turn that ends without a reply is our mistake, not a hanging client", async () => {
  const line = scriptedLine(() => {});
  const events = (async function* () {})();
  const receive = async () => ({ turn: "t", duplicate: false, events, abandon: () => {} });
  const served = await serve({ ...line, receive });
  expect((await served.chat(hello)).status).toBe(500);
  expect(replyOf({}).stop).toBe("end");
});
