import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { probeModel } from "../../src/models/probe.ts";
import type { ProbeKind } from "../../src/models/vendors.ts";
import { nodeFetch } from "../../src/platform/node/fetch.ts";
import { doorOf, secretsAt } from "./wire-options.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

interface Seen {
  method: string | undefined;
  url: string | undefined;
  authorization: string | undefined;
  team: unknown;
  body: string;
}

/** A server on 127.0.0.1 that gives every request the same answer; `seen` tells what it was asked. */
async function serving(answer: unknown, status = 200) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { authorization, "x-team": team } = request.headers;
    seen.push({ method: request.method, url: request.url, authorization, team, body });
    response.writeHead(status).end(typeof answer === "string" ? answer : JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

async function probe(kind: ProbeKind, answer: unknown, more: { path?: string; name?: string; status?: number } = {}) {
  const { url, seen } = await serving(answer, more.status);
  const target = { kind, url: url + (more.path ?? ""), name: more.name ?? "m" };
  const door = doorOf(nodeFetch({}), () => secretsAt(url, { keys: ["k"], headers: { "x-team": "ops" } }))("acme", 0);
  return { facts: await probeModel(target, door), seen };
}

describe("ollama", () => {
  const info = { "general.architecture": "llama", "llama.context_length": 131_072 };

  test("the model's own num_ctx is its size, its capabilities are known", async () => {
    const parameters = 'stop "<|eot|>"\nnum_ctx                        32768';
    const answer = { model_info: info, parameters, capabilities: ["completion", "tools"] };
    const { facts, seen } = await probe("ollama", answer, { name: "llama3.2:1b" });
    expect(facts).toEqual({ contextTokens: 32_768, images: false, tools: true });
    expect(seen).toEqual([
      { method: "POST", url: "/api/show", authorization: "Bearer k", team: "ops", body: '{"model":"llama3.2:1b"}' },
    ]);
  });

  test("without one it is what the model was trained for, at most 16384", async () => {
    expect((await probe("ollama", { model_info: info })).facts).toEqual({ contextTokens: 16_384 });
    const small = { model_info: { "phi.context_length": 2048 }, capabilities: ["vision"] };
    expect((await probe("ollama", small)).facts).toEqual({ contextTokens: 2048, images: true, tools: false });
  });
});

test("llama.cpp tells its size and whether it sees, beside /v1", async () => {
  const answer = { default_generation_settings: { n_ctx: 65_536 }, modalities: { vision: true, audio: false } };
  const { facts, seen } = await probe("llamacpp", answer, { path: "/v1" });
  expect(facts).toEqual({ contextTokens: 65_536, images: true });
  expect(seen[0]).toMatchObject({ method: "GET", url: "/props" });
});

test("LM Studio's size is that of the loaded model, not what it could be", async () => {
  const data = [
    { id: "other", loaded_context_length: 1 },
    { id: "m", type: "llm", max_context_length: 131_072, loaded_context_length: 4096 },
  ];
  const { facts, seen } = await probe("lmstudio", { data }, { path: "/v1" });
  expect(facts).toEqual({ contextTokens: 4096, images: false });
  expect(seen[0]).toMatchObject({ url: "/api/v0/models" });
  const cold = [{ id: "m", type: "vlm", state: "not-loaded", max_context_length: 131_072 }];
  expect((await probe("lmstudio", { data: cold })).facts).toEqual({ images: true });
});

test.each([
  [{ id: "m", max_model_len: 40_960 }, { contextTokens: 40_960 }],
  [{ id: "m", context_length: 8000 }, { contextTokens: 8000 }],
  [{ id: "m", context_window: 9000 }, { contextTokens: 9000 }],
  [{ id: "m", meta: { n_ctx: 4096 } }, { contextTokens: 4096 }],
  [{ id: "m", max_model_len: "many" }, {}],
  [{ id: "m", max_model_len: -1 }, {}],
  [{ id: "other", max_model_len: 40_960 }, {}],
])("a model list with %j says %j", async (model, expected) => {
  const { facts, seen } = await probe("openai", { data: [model] }, { path: "/v1" });
  expect(facts).toEqual(expected);
  expect(seen[0]).toMatchObject({ url: "/v1/models" });
});

test.each<[ProbeKind, unknown]>([
  ["ollama", {}],
  ["ollama", { model_info: null, parameters: 3, capabilities: "x" }],
  ["llamacpp", { default_generation_settings: [] }],
  ["lmstudio", { data: [null, "x"] }],
  ["openai", []],
])("an answer of %s without sizes tells nothing: %j", async (kind, answer) => {
  expect((await probe(kind, answer)).facts).toEqual({});
});

test("a server without that route tells nothing", async () => {
  expect((await probe("openai", "no", { status: 404 })).facts).toEqual({});
});

test("an error or a web page is a failure", async () => {
  await expect(probe("openai", "no", { status: 503 })).rejects.toMatchObject({ code: "unavailable" });
  await expect(probe("openai", "<html>")).rejects.toThrow();
});
