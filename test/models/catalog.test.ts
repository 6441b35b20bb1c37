import { describe, expect, test } from "vitest";
import { catalogOptions, providerSecrets } from "../../src/app-options.ts";
import { loadConfig } from "../../src/config/load.ts";
import { WeftError } from "../../src/core/error.ts";
import type { ModelDone, Prompt } from "../../src/core/model.ts";
import type { Fetch, FetchOptions } from "../../src/core/platform.ts";
import { type CatalogOptions, modelCatalog, type ProviderSettings } from "../../src/models/catalog.ts";
import { vendors } from "../../src/models/vendors.ts";
import { memoryPlatform } from "../../src/platform/memory.ts";
import { doorOf } from "./wire-options.ts";

/** What the configuration says of a provider: the catalog's part, and the door's. */
interface Provider extends Partial<ProviderSettings> {
  readonly apiKey?: string | string[];
  readonly extraHeaders?: Record<string, string>;
}

interface World {
  readonly model?: string;
  readonly providers?: Record<string, Provider>;
  readonly env?: Record<string, string>;
  readonly fetch?: Fetch;
  readonly now?: () => number;
  readonly note?: CatalogOptions["note"];
}

/** A catalog behind the real door, whose requests are answered by `fetch`; without one each is refused with its URL as the message. */
function catalogOf({ model, providers = {}, env = {}, fetch = refuse, now = () => 0, note }: World = {}) {
  const settings = Object.entries(providers).map(([name, { apiKey: _, extraHeaders: _headers, ...some }]) => [
    name,
    { models: {}, ...some },
  ]);
  const secretsOf = providerSecrets({
    config: { providers } as unknown as Parameters<typeof providerSecrets>[0]["config"],
    env: (name) => env[name],
  });
  const options: CatalogOptions = {
    model,
    providers: Object.fromEntries(settings),
    timeouts: { connectMs: 1000, firstTokenMs: 5000, idleMs: 5000, totalMs: 10_000 },
    retry: { attempts: 0, budgetMs: 1000, baseMs: 1, capMs: 1 },
    keys: (name) => secretsOf(name).keys.length,
    door: doorOf(fetch, secretsOf),
    now,
    note,
    random: () => 0,
    sleep: async () => undefined,
  };
  return modelCatalog(options);
}

const refuse: Fetch = async (url) => {
  throw new WeftError("refused", url);
};

const prompt: Prompt = {
  system: "be brief",
  messages: [{ role: "user", parts: [{ type: "text", text: "hi" }], at: 0 }],
  tools: [],
  maxOutputTokens: 20_000,
  session: "s",
};

async function ask(catalog: ReturnType<typeof catalogOf>, id: string, fallbacks: string[] = []): Promise<ModelDone> {
  for await (const event of catalog.get(id, fallbacks).stream(prompt, new AbortController().signal)) {
    if (event.type === "done") return event;
  }
  throw new Error("no answer");
}

const sse = [
  { choices: [{ index: 0, delta: { role: "assistant", content: "hello" } }] },
  { choices: [{ index: 0, delta: {}, finish_reason: "stop" }], usage: { prompt_tokens: 1, completion_tokens: 1 } },
];
const chatAnswer = () =>
  new Response(`${sse.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join("")}data: [DONE]\n\n`, {
    headers: { "content-type": "text/event-stream" },
  });

/** Answers chat completions, and other requests with `other`; notes them all. */
function chatServer(other: (url: string) => unknown = () => ({})) {
  const seen: (FetchOptions & { url: string })[] = [];
  const fetch: Fetch = async (url, options = {}) => {
    seen.push({ url, ...options });
    const answer = url.endsWith("/chat/completions") ? chatAnswer() : new Response(JSON.stringify(other(url)));
    return answer as unknown as Awaited<ReturnType<Fetch>>;
  };
  return { fetch, seen };
}

describe("choosing", () => {
  test.each<[string, World, string]>([
    ["nothing is configured", {}, "offline"],
    ["a model is configured", { model: "a/b", env: { OPENAI_API_KEY: "k" } }, "a/b"],
    ["one key is in the environment", { env: { GROQ_API_KEY: "k" } }, `groq/${vendors["groq"]?.defaultModel}`],
    ["two keys are", { env: { GROQ_API_KEY: "k", OPENAI_API_KEY: "k" } }, `openai/${vendors["openai"]?.defaultModel}`],
    ["a key is configured", { providers: { mistral: { apiKey: "k" } } }, "mistral/mistral-large-latest"],
    ["Gemini's key has another name", { env: { GOOGLE_API_KEY: "k" } }, `gemini/${vendors["gemini"]?.defaultModel}`],
    ["only empty keys are there", { env: { OPENAI_API_KEY: " " }, providers: { groq: { apiKey: [""] } } }, "offline"],
    ["a local server has an address", { providers: { ollama: { apiBase: "http://o:11434" } } }, "ollama/llama3.2"],
    ["a server has no model of its own", { providers: { custom: { apiBase: "http://o/v1" } } }, "offline"],
  ])("when %s", (_, world, id) => {
    expect(catalogOf(world).defaultId()).toBe(id);
  });

  test("a missing key is named, variable and setting, with the code for authentication", () => {
    expect(() => catalogOf().get("anthropic/claude-opus-5-5")).toThrow(
      expect.objectContaining({
        code: "auth",
        message:
          "anthropic/claude-opus-5-5 needs a key: set ANTHROPIC_API_KEY or providers.anthropic.api_key in config.json",
      }),
    );
  });

  test("a fallback without its key is heard of before it is needed", () => {
    const catalog = catalogOf({ env: { OPENAI_API_KEY: "k" } });
    expect(() => catalog.get("openai/gpt-5.4", ["groq/x"])).toThrow(/groq\/x needs a key: set GROQ_API_KEY/);
  });

  test.each([
    [
      "antropic/claude",
      /unknown provider "antropic" in the model "antropic\/claude". Did you mean anthropic\?.*openai.*offline/,
    ],
    ["toString/x", /unknown provider "toString"/],
    ["gpt-4o", /unknown model "gpt-4o".*VENDOR\/NAME/],
    ["ofline", /unknown model "ofline". Did you mean offline\?/],
    ["openai", /"openai" names no model: write for example openai\/gpt-5.4/],
    ["openai/", /names no model/],
    ["", /unknown model ""/],
    ["custom/x", /custom needs an address: set providers.custom.api_base/],
    ["mine/x", /mine needs an address/],
    ["vllm/x", /providers.vllm.api_base is no URL: "localhost 8000"/],
  ])("%j is a configuration error", (id, message) => {
    const catalog = catalogOf({ providers: { mine: {}, vllm: { apiBase: "localhost 8000" } } });
    expect(() => catalog.get(id)).toThrow(
      expect.objectContaining({ code: "config", message: expect.stringMatching(message) }),
    );
  });

  test("the offline model needs nothing, and may be a fallback", async () => {
    const catalog = catalogOf({ fetch: async () => Promise.reject(new WeftError("unavailable", "down")) });
    expect((await ask(catalog, "offline")).model).toBe("offline");
    expect((await ask(catalog, "llamacpp/default", ["offline"])).model).toBe("offline");
  });

  test("the vendors and the user's own servers are known", () => {
    const names = catalogOf({ providers: { mine: { apiBase: "http://m/v1" } } }).known();
    for (const name of [...Object.keys(vendors), "mine", "offline"]) expect(names).toContain(name);
  });
});

describe("asking", () => {
  test.each(Object.keys(vendors).filter((name) => vendors[name]?.url))(
    "%s is asked at its own address",
    async (name) => {
      const env = Object.fromEntries((vendors[name]?.keyEnv ?? []).map((variable) => [variable, "k"]));
      const failed = ask(catalogOf({ env }), `${name}/some/model:1b`);
      await expect(failed).rejects.toMatchObject({
        code: "refused",
        message: expect.stringContaining(`${vendors[name]?.url}/`),
      });
    },
  );

  test.each([
    ["openai/m", { apiBase: "http://proxy:4000" }, "http://proxy:4000/v1/chat/completions"],
    ["openai/m", { apiBase: "http://proxy:4000/" }, "http://proxy:4000/v1/chat/completions"],
    ["openai/m", { apiBase: "http://proxy/v1/", protocol: "openai-responses" as const }, "http://proxy/v1/responses"],
    ["openai/m", {}, "https://api.openai.com/v1/responses"],
    ["groq/m", { apiBase: "http://proxy:4000/x" }, "http://proxy:4000/x/chat/completions"],
    ["custom/m", { apiBase: "http://proxy:4000" }, "http://proxy:4000/chat/completions"],
    ["mine/m", { apiBase: "http://mine/api" }, "http://mine/api/chat/completions"],
    ["ollama/m", { apiBase: "http://o:11434/v1" }, "http://o:11434/api/chat"],
    [
      "ollama/m",
      { apiBase: "http://o:11434/v1", protocol: "openai-chat" as const },
      "http://o:11434/v1/chat/completions",
    ],
  ])("%s with %j goes to %s", async (id, settings, url) => {
    const vendor = id.slice(0, id.indexOf("/"));
    const catalog = catalogOf({ providers: { [vendor]: { apiKey: "k", ...settings } } });
    await expect(ask(catalog, id)).rejects.toMatchObject({ code: "refused", message: url });
  });

  test("key, headers, name and limits reach the wire, and the answer names the model", async () => {
    const { fetch, seen } = chatServer();
    const models = { "deep/thing": { maxOutputTokens: 500 } };
    const groq = { apiKey: "k1", extraHeaders: { "x-team": "ops" }, models };
    const done = await ask(
      catalogOf({ fetch, providers: { groq }, env: { GROQ_API_KEY: "other" } }),
      "groq/deep/thing",
    );
    expect(done).toMatchObject({
      model: "groq/deep/thing",
      stop: "end",
      message: { parts: [{ type: "text", text: "hello" }] },
    });
    expect(seen).toHaveLength(1);
    const headers = new Headers(seen[0]?.headers);
    expect([headers.get("authorization"), headers.get("x-team")]).toEqual(["Bearer k1", "ops"]);
    const body = JSON.parse(String(seen[0]?.body));
    expect(body.model).toBe("deep/thing");
    expect(body.max_tokens ?? body.max_completion_tokens).toBe(500);
  });

  test("keys in one variable are separated by commas, and a limit on one turns to the next", async () => {
    const keys: (string | null)[] = [];
    const fetch: Fetch = async (_, options) => {
      keys.push(new Headers(options?.headers).get("authorization"));
      const answer = keys.length === 1 ? new Response("{}", { status: 429 }) : chatAnswer();
      return answer as unknown as Awaited<ReturnType<Fetch>>;
    };
    await ask(catalogOf({ fetch, env: { GROQ_API_KEY: "k1, k2" } }), "groq/x");
    expect(keys).toEqual(["Bearer k1", "Bearer k2"]);
  });
});

test("what models are given of the configuration is how many keys there are, and none of them", async () => {
  const env = { HOME: "/home/ann", OPENAI_API_KEY: "canary-1", CLAWFT__providers__groq__extra_headers__x: "canary-2" };
  const platform = memoryPlatform({ env: { ...env, CLAWFT__providers__groq__api_key: '["canary-3","canary-4"]' } });
  const loaded = await loadConfig(platform, {});
  expect(providerSecrets(loaded)("groq")).toEqual({
    origin: "https://api.groq.com",
    keys: ["canary-3", "canary-4"],
    headers: { x: "canary-2" },
  });
  const given = catalogOptions(platform, loaded, doorOf(refuse, providerSecrets(loaded)));
  expect(["groq", "openai", "mistral", "none"].map(given.keys)).toEqual([2, 1, 0, 0]);
  expect(given.providers).toHaveProperty("groq");
  expect(JSON.stringify(given)).not.toContain("canary");
});

describe("sizes", () => {
  test.each<[string, World, number]>([
    ["claude-opus-4-5 by its name", { env: { ANTHROPIC_API_KEY: "k" } }, 200_000],
    [
      "claude-opus-4-5 by the configuration",
      { providers: { anthropic: { apiKey: "k", models: { "claude-opus-4-5": { contextTokens: 1000 } } } } },
      1000,
    ],
  ])("%s", (_, world, tokens) => {
    expect(catalogOf(world).get("anthropic/claude-opus-4-5").contextTokens).toBe(tokens);
  });

  test("a self-hosted model is taken for small until its server says more", async () => {
    const { fetch, seen } = chatServer(() => ({ data: [{ id: "big", max_model_len: 40_960 }] }));
    const catalog = catalogOf({ fetch });
    const model = catalog.get("vllm/big");
    expect(model.contextTokens).toBe(8192);
    await Promise.all([catalog.prepare("vllm/big"), catalog.prepare("vllm/big")]);
    expect(model.contextTokens).toBe(40_960);
    await ask(catalog, "vllm/big");
    expect(seen.map(({ url }) => new URL(url).pathname)).toEqual(["/v1/models", "/v1/chat/completions"]);
  });

  test("the first request asks by itself", async () => {
    const { fetch, seen } = chatServer(() => ({ data: [] }));
    await ask(catalogOf({ fetch }), "vllm/big");
    expect(seen.map(({ url }) => new URL(url).pathname)).toEqual(["/v1/models", "/v1/chat/completions"]);
  });

  test("the configuration outranks the server", async () => {
    const { fetch } = chatServer(() => ({ data: [{ id: "big", max_model_len: 40_960 }] }));
    const catalog = catalogOf({ fetch, providers: { vllm: { models: { big: { contextTokens: 20_000 } } } } });
    await catalog.prepare("vllm/big");
    expect(catalog.get("vllm/big").contextTokens).toBe(20_000);
  });

  test("a server that does not say is asked again after a minute, one that did after ten", async () => {
    let [now, asked] = [0, 0];
    const fetch: Fetch = async () => {
      if (asked++ === 0) throw new WeftError("unavailable", "down");
      const models = { data: [{ id: "big", max_model_len: 1000 * asked }] };
      return new Response(JSON.stringify(models)) as unknown as Awaited<ReturnType<Fetch>>;
    };
    const catalog = catalogOf({ fetch, now: () => now });
    const sizes: number[] = [];
    for (now of [0, 59_000, 61_000, 600_000, 662_000]) {
      await catalog.prepare("vllm/big");
      sizes.push(catalog.get("vllm/big").contextTokens);
    }
    expect(sizes).toEqual([8192, 8192, 2000, 2000, 3000]);
  });

  test("what a server said is known after a restart, until it is too old; a note that makes no sense is none", async () => {
    const { fetch, seen } = chatServer(() => ({ data: [{ id: "big", max_model_len: 40_960 }] }));
    let text = "{cut";
    let now = 0;
    const note = {
      read: async () => text,
      write: async (next: string) => {
        text = next;
      },
    };
    const sizeOf = async () => {
      const catalog = catalogOf({ fetch, now: () => now, note });
      await catalog.prepare("vllm/big");
      return catalog.get("vllm/big").contextTokens;
    };
    expect(await sizeOf()).toBe(40_960);
    now = 599_000;
    expect(await sizeOf()).toBe(40_960);
    expect(seen.length).toBe(1);
    now = 601_000;
    expect(await sizeOf()).toBe(40_960);
    expect(seen.length).toBe(2);
  });

  test("nothing is asked of vendors whose models are known, nor of the offline model", async () => {
    const { fetch, seen } = chatServer();
    const catalog = catalogOf({ fetch, env: { GROQ_API_KEY: "k" } });
    await catalog.prepare("groq/x");
    await catalog.prepare("offline");
    expect(seen).toEqual([]);
  });

  test("a model without tools or eyes is asked without them", async () => {
    const { fetch, seen } = chatServer(() => ({ capabilities: ["completion"] }));
    const providers = { ollama: { apiBase: "http://o:11434/v1", protocol: "openai-chat" as const } };
    const catalog = catalogOf({ fetch, providers });
    const tools = [{ name: "now", description: "", input: { type: "object" } }];
    const stream = catalog.get("ollama/m").stream({ ...prompt, tools }, new AbortController().signal);
    for await (const event of stream) expect(event.type).not.toBe("restart");
    expect(seen.map(({ url }) => url)).toEqual(["http://o:11434/api/show", "http://o:11434/v1/chat/completions"]);
    expect(JSON.parse(String(seen[1]?.body)).tools ?? []).toEqual([]);
  });
});
