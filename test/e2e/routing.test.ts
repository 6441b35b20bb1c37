import { afterEach, expect, test } from "vitest";
import { type Provider, provider } from "./provider.ts";
import { type Gateway, gateway, type Home, newHome, weft } from "./weft.ts";

let home: Home | undefined;
let mock: Provider | undefined;
let server: Gateway | undefined;
afterEach(async () => {
  await server?.stop("SIGKILL");
  await mock?.close();
  await home?.remove();
  server = undefined;
});

const hard =
  "Design a distributed queue with exactly-once delivery, compare it with the alternatives, and prove that no message is lost";

const tiers = [
  { name: "free", models: ["custom/small"], complexity_range: [0, 0.3], max_context_tokens: 100_000 },
  { name: "standard", models: ["custom/middle"], complexity_range: [0.3, 0.6], max_context_tokens: 100_000 },
  { name: "premium", models: ["custom/big", "custom/large"], complexity_range: [0.6, 1], max_context_tokens: 100_000 },
];

async function start(routing: object = {}, broken: readonly string[] = []): Promise<void> {
  mock = await provider(({ model }) => {
    if (broken.includes(model)) return { raw: (response) => void response.writeHead(404).end("{}") };
    return { text: `words of ${model}` };
  });
  home = await newHome({
    providers: { custom: { api_base: mock.url, api_key: "k" } },
    models: { prices: { "custom/large": { input: 1, output: 1 }, "custom/big": { input: 9, output: 9 } } },
    gateway: { rate_limit_rpm: 0 },
    routing: { mode: "tiered", tiers, ...routing },
  });
}

const ask = async (text: string, ...more: string[]) =>
  await weft(home as Home, ["agent", "-m", text, "-s", text.slice(0, 8), ...more]);

test("an easy question goes to a small model, a hard one to a big one; the audit says why", async () => {
  await start();
  expect((await ask("hello")).out).toBe("words of small\n");
  expect((await ask(hard)).out).toBe("words of big\n");
  const audit = await weft(home as Home, ["audit", "show", "--kind", "model", "--json"]);
  const [first, second] = audit.out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(JSON.parse(line).detail));
  expect(first).toMatchObject({ tier: "free", model: "custom/small" });
  expect(second).toMatchObject({ tier: "premium", model: "custom/big", why: expect.stringContaining("deep thought") });
  expect(second.score).toBeGreaterThan(0.6);
});

test("a bare 'go on' stays with the model of what it goes on with", async () => {
  await start();
  expect((await weft(home as Home, ["agent", "-m", hard])).out).toBe("words of big\n");
  expect((await weft(home as Home, ["agent", "-m", "go on"])).out).toBe("words of big\n");
  expect((await weft(home as Home, ["agent", "-m", "thanks!"])).out).toBe("words of small\n");
});

test("the cheapest by the list of prices, when the strategy says so", async () => {
  await start({ selection_strategy: "lowest_cost" });
  expect((await ask(hard)).out).toBe("words of large\n");
});

test("models take turns, when the strategy says so", async () => {
  await start({ selection_strategy: "round_robin" });
  server = await gateway(home as Home);
  const answers: (string | null)[] = [];
  for (let i = 0; i < 4; i++) {
    const response = await server.post({ model: "weft", messages: [{ role: "user", content: hard }] });
    answers.push(response.headers.get("x-model") ?? ((await response.json()) as { model: string }).model);
  }
  expect(answers).toEqual(["custom/big", "custom/large", "custom/big", "custom/large"]);
  expect(await (await server.get("/metrics")).text()).toContain(
    'weft_routes_total{tier="premium",model="custom/big"} 2',
  );
});

test("what the tier has else, then lower tiers, then the fallback go on where the first is not to be had", async () => {
  await start({ fallback_model: "custom/last" }, ["big", "large", "middle"]);
  expect((await ask(hard)).out).toBe("words of small\n");
  await mock?.close();
  await home?.remove();
  await start({ fallback_model: "custom/last" }, ["big", "large", "middle", "small"]);
  expect((await ask(hard)).out).toBe("words of last\n");
});

test("a model that is named wins over the router: --model, /model and the request's own", async () => {
  await start();
  expect((await ask(hard, "--model", "custom/mine")).out).toBe("words of mine\n");
  server = await gateway(home as Home);
  const post = async (model: string, content: string) => {
    const response = await (server as Gateway).post(
      { model, messages: [{ role: "user", content }] },
      { "x-session-id": "s" },
    );
    return ((await response.json()) as { choices: { message: { content: string } }[] }).choices[0]?.message.content;
  };
  expect(await post("custom/theirs", "hello")).toBe("words of theirs");
  expect(await post("weft", "/model custom/ours")).toContain("now uses custom/ours");
  expect(await post("weft", "hello")).toBe("words of ours");
});

test("what a user may have bounds it: his tier, no choice of his own, the answer whole, so many messages", async () => {
  const ann = { level: 1, max_tier: "free", model_override: false, streaming_allowed: false, rate_limit: 2 };
  await start({ permissions: { users: { "http:ann": ann } } });
  server = await gateway(home as Home);
  const post = (user: string, more: object = {}) =>
    (server as Gateway).post({ model: "weft", user, messages: [{ role: "user", content: hard }], ...more });
  const refused = await post("ann", { model: "custom/big" });
  expect(refused.status).toBe(403);
  expect(((await refused.json()) as { error: { message: string } }).error.message).toContain("model_override");
  const deltas = async (user: string) => {
    const text = await (await post(user, { stream: true })).text();
    const events = text.split("\n\n").filter((line) => line.startsWith("data: {"));
    const chunks = events.map((line) => JSON.parse(line.slice("data: ".length)));
    return chunks.flatMap(({ choices }) => choices[0]?.delta.content || []);
  };
  expect(await deltas("ann")).toEqual(["words of small"]);
  expect(await deltas("bob")).toEqual(["words of", " big"]);
  const third = await post("ann");
  expect(third.status).toBe(429);
  expect(((await third.json()) as { error: { message: string } }).error.message).toContain(
    "rate_limit in routing.permissions",
  );
  expect((await weft(home as Home, ["audit", "show", "--kind", "refusal"])).out).toContain("model custom/big");
});

test("a tier of an unknown name is an error of the configuration, with line and column", async () => {
  await start();
  await (home as Home).configure({ routing: { mode: "tiered", tiers: [{ name: "golden", models: ["custom/x"] }] } });
  const { code, err } = await ask("hello");
  expect(code).toBe(3);
  expect(err).toMatch(
    /config\.json:1:\d+: routing\.tiers\.0\.name: expected one of free, standard, premium, elite, found "golden"/,
  );
});

test("everybody together may send so many messages in a window; then HTTP says when there is room", async () => {
  await start({ rate_limiting: { global_rate_limit_rpm: 2 } });
  server = await gateway(home as Home);
  const post = (user: string, headers = {}) =>
    (server as Gateway).post({ model: "weft", user, messages: [{ role: "user", content: "hello" }] }, headers);
  expect((await post("ann", { "idempotency-key": "one" })).status).toBe(200);
  expect((await post("bob")).status).toBe(200);
  const refused = await post("cid");
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(50);
  expect(((await refused.json()) as { error: { message: string } }).error.message).toContain(
    "routing.rate_limiting.global_rate_limit_rpm",
  );
  // The same message again is answered, for it was let in before.
  expect((await post("ann", { "idempotency-key": "one" })).status).toBe(200);
});
