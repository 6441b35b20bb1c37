import { afterEach, expect, test } from "vitest";
import { type Asked, type Provider, provider, type TokenCounts, using } from "./provider.ts";
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

/** US dollars for a million tokens. */
const rates = { input: 0.5, output: 20 };
const prices = { "custom/mock": rates };

/** What the provider itself puts on the bill, in billionths of a dollar. */
const billOf = ({ prompt_tokens, completion_tokens }: TokenCounts) =>
  Math.ceil(prompt_tokens * rates.input * 1000 + completion_tokens * rates.output * 1000);

function configFor(provider: Provider, budgets: object, more: object = {}): object {
  return using(provider, { models: { prices }, routing: { cost_budgets: budgets }, ...more });
}

interface CostReport {
  readonly rows: readonly { readonly name: string; readonly nanoUsd: number; readonly calls: number }[];
  readonly total: { readonly nanoUsd: number; readonly calls: number; readonly lost: number };
}

async function costOf(home: Home, ...words: string[]): Promise<CostReport> {
  const { out, code } = await weft(home, ["cost", "--json", ...words]);
  expect(code).toBe(0);
  return JSON.parse(out) as CostReport;
}

const seed = Number(process.env["WEFT_SEED"] ?? Date.now() % 1_000_000);
const turns = Number(process.env["WEFT_TURNS"] ?? 1000);

test(`${turns} turns at once and kills -9 never spend more than a dollar, as the provider counts (WEFT_SEED=${seed})`, {
  timeout: 120_000,
}, async () => {
  const random = mulberry32(seed);
  let billed = 0;
  mock = await provider((asked) => {
    const usage = countsOf(asked, random());
    billed += billOf(usage);
    return { text: "an answer", usage, delayMs: 5 + random() * 40 };
  });
  const agents = {
    defaults: { model: "custom/mock", max_tokens: 400 },
    limits: { concurrent_turns: 100, per_user: 100 },
  };
  const gatewayConfig = { rate_limit_rpm: 0 };
  home = await newHome(configFor(mock, { global_daily_limit_usd: 1 }, { agents, gateway: gatewayConfig }));
  server = await gateway(home);
  const world = { gateway: server };
  const statuses = new Map<number, number>();
  const asking = Array.from({ length: turns }, async (_, i) => {
    const body = { model: "weft", messages: [{ role: "user", content: `question ${i}` }] };
    for (;;) {
      const headers = { "x-session-id": `s${i}`, "idempotency-key": `key-${i}` };
      const answer = await world.gateway.post(body, headers).catch(() => undefined);
      await answer?.text().catch(() => undefined);
      if (answer && answer.status !== 503) return statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
  for (let kill = 0; kill < 4; kill++) {
    await new Promise((resolve) => setTimeout(resolve, 100 + random() * 500));
    await world.gateway.stop("SIGKILL");
    server = world.gateway = await gateway(home);
  }
  await Promise.all(asking);
  const { total } = await costOf(home);
  console.log(`budget test: ${billed / 1e9} USD billed, ${total.nanoUsd / 1e9} USD counted`, total, [...statuses]);
  expect(billed).toBeLessThanOrEqual(1e9);
  expect(total.nanoUsd).toBeLessThanOrEqual(1e9);
  // Money that was held when a process was killed counts as spent, so ours is the larger sum.
  expect(total.nanoUsd).toBeGreaterThanOrEqual(billed);
  expect(total.nanoUsd).toBeGreaterThan(0.95e9);
  expect(billed).toBeGreaterThan(0);
  // On a slow day the kills take all the money with them before anybody has his answer.
  for (const status of statuses.keys()) expect([200, 429]).toContain(status);
  expect((statuses.get(200) ?? 0) + (statuses.get(429) ?? 0)).toBe(turns);
});

/** A provider's own way to count: a token for four characters of what was sent. */
function countsOf({ messages, tools, max_tokens }: Asked, random: number): TokenCounts {
  const prompt_tokens = Math.ceil(JSON.stringify([messages, tools]).length / 4);
  return { prompt_tokens, completion_tokens: Math.floor(random * ((max_tokens ?? 0) + 1)) };
}

function mulberry32(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const expensive = { prompt_tokens: 1_000_000, completion_tokens: 0 };

test("a budget that is used up refuses with exit code 6; an admin extends it in the chat, and the answer comes", async () => {
  mock = await provider(() => ({ text: "dear words", usage: expensive }));
  home = await newHome(configFor(mock, { users: { local: { daily_usd: 0.5 } } }));
  const ask = () => weft(home as Home, ["agent", "-m", "hello"]);
  expect(await ask()).toMatchObject({ code: 0, out: "dear words\n" });
  const refused = await ask();
  expect(refused.code).toBe(6);
  expect(refused.err).toContain("no room in the daily budget of user local: $0.5000 of $0.5000 spent");
  expect(refused.err).toContain("routing.cost_budgets.users.local.daily_usd");
  expect(mock.asked).toHaveLength(1);
  const shown = await weft(home, ["agent", "-m", "/budget"]);
  expect(shown.out).toContain("user:local today: $0.5000 of $0.5000 spent; anew at");
  const extended = await weft(home, ["agent", "-m", "/budget extend user:local 5"]);
  expect(extended.out).toContain("$5.00 more for user:local, for this day and this month.");
  expect(await ask()).toMatchObject({ code: 0, out: "dear words\n" });
  expect((await weft(home, ["audit", "show", "--kind", "budget"])).out).toContain("extended by cli:local");
  expect((await weft(home, ["agent", "-m", "/cost"])).out).toContain("In all $1.00");
});

test("weft cost tells what was spent by whom and on what, also beside a running gateway, which counts it in its metrics", async () => {
  mock = await provider((asked) => {
    const text = String(asked.messages.at(-1)?.content);
    if (text.includes("broken")) return { raw: (response) => void response.writeHead(400).end("{}") };
    return { text: "words", usage: expensive };
  });
  home = await newHome(configFor(mock, {}));
  expect((await weft(home, ["cost"])).out).toBe("Nothing was spent yet.\n");
  server = await gateway(home);
  const post = (user: string, content: string) =>
    (server as Gateway).post({ model: "weft", user, messages: [{ role: "user", content }] });
  expect((await post("ann", "hello")).status).toBe(200);
  expect((await post("ann", "hello")).status).toBe(200);
  expect((await post("bob", "hello")).status).toBe(200);
  expect((await post("bob", "broken")).status).toBe(502);
  expect((await costOf(home, "--by", "user")).rows).toMatchObject([
    { name: "ann", nanoUsd: 1e9, calls: 2 },
    { name: "bob", nanoUsd: 0.5e9, calls: 1 },
  ]);
  expect((await costOf(home, "--by", "model", "--since", "1h")).rows).toMatchObject([
    { name: "custom/mock", calls: 3 },
  ]);
  const shown = await weft(home, ["cost", "--by", "channel"]);
  expect(shown.out).toMatch(/^CHANNEL +COST +CALLS.*\nhttp +\$1\.50 +3 /);
  expect(await (await server.get("/metrics")).text()).toContain(
    'weft_spent_usd_total{model="custom/mock",channel="http"} 1.5',
  );
  expect((await weft(home, ["cost", "--by", "colour"])).code).toBe(2);
});

test("HTTP says insufficient_quota, and which budget, and when to come back", async () => {
  mock = await provider(() => ({ text: "dear words", usage: expensive }));
  home = await newHome(configFor(mock, { users: { ann: { monthly_usd: 0.5 }, owner: { daily_usd: 0 } } }));
  server = await gateway(home);
  const body = { model: "weft", user: "ann", messages: [{ role: "user", content: "hello" }] };
  expect((await server.post(body)).status).toBe(200);
  const refused = await server.post(body);
  expect(refused.status).toBe(429);
  expect(refused.headers.get("x-should-retry")).toBe("false");
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  const { error } = (await refused.json()) as { error: { code: string; message: string } };
  expect(error.code).toBe("insufficient_quota");
  expect(error.message).toContain("no room in the monthly budget of user ann: $0.5000 of $0.5000 spent");
  expect((await server.post({ ...body, user: "bob" })).status).toBe(200);
  // The terminal talks through the gateway, and ends as it would without.
  const env = { CLAWFT_GATEWAY_TOKEN: server.token };
  const asked = await weft(home, ["agent", "-m", "hello"], { env });
  expect(asked).toMatchObject({ code: 6, err: expect.stringContaining("user owner") });
});

test("a model too dear for what is left hands over to one that costs nothing", async () => {
  mock = await provider((asked) => ({ text: `words of ${asked.model}`, usage: expensive }));
  const config = configFor(
    mock,
    { global_daily_limit_usd: 0.5 },
    { agents: { defaults: { model: "custom/mock", fallbacks: ["ollama/tiny"] } } },
  );
  const providers = {
    custom: { api_base: mock.url, api_key: "k" },
    ollama: { api_base: mock.url, protocol: "openai-chat" },
  };
  home = await newHome({ ...config, providers });
  expect((await weft(home, ["agent", "-m", "one"])).out).toBe("words of mock\n");
  expect((await weft(home, ["agent", "-m", "two"])).out).toBe("words of tiny\n");
});

test("a price that nobody knows is refused where a budget is, and the settings that help are named", async () => {
  mock = await provider(() => ({ text: "words" }));
  home = await newHome(using(mock, { routing: { cost_budgets: { global_daily_limit_usd: 1 } } }));
  // The server is on this machine, so it is free; under another name nobody knows.
  expect((await weft(home, ["agent", "-m", "hello"])).code).toBe(0);
  const providers = { openai: { api_base: mock.url, api_key: "k" } };
  await home.configure({
    agents: { defaults: { model: "openai/some-model" } },
    providers,
    routing: { cost_budgets: { global_daily_limit_usd: 1, tracking_persistence: false } },
  });
  // The address is local, so this is a server of one's own whatever its name.
  expect((await weft(home, ["agent", "-m", "hello"])).code).toBe(0);
  expect((await weft(home, ["config", "check"])).err).toContain("tracking_persistence");
});
