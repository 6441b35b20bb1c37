import { expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { memoryPlatform } from "../../src/platform/memory.ts";

async function load(routing: object) {
  const platform = memoryPlatform({ env: { HOME: "/home/ann" } });
  await platform.files.makeDirectory("/home/ann/.clawft");
  const text = JSON.stringify({ routing }, null, 1);
  await platform.files.write("/home/ann/.clawft/config.json", new TextEncoder().encode(text));
  return await loadConfig(platform);
}

const good = { name: "standard", models: ["a/b"], complexity_range: [0, 1] };
const free = { name: "free", models: ["a/b"], complexity_range: [0, 0.5] };
const messageOf = (routing: object) =>
  load(routing).then(
    () => expect.unreachable("it was taken"),
    (error: Error) => error.message,
  );

test("tiers that can be used are no problem", async () => {
  const tiers = [free, { ...good, complexity_range: [0.5, 1], models: ["a/b", "offline"] }];
  expect((await load({ mode: "tiered", tiers })).warnings).toEqual([]);
});

test.each([
  [{ tiers: [] }, "routing.tiers: expected at least one tier"],
  [{ tiers: [{ ...good, models: [] }] }, "routing.tiers.0.models: expected at least one VENDOR/NAME"],
  [
    { tiers: [{ ...good, name: "standart" }] },
    'routing.tiers.0.name: expected one of free, standard, premium, elite, found "standart". Did you mean standard?',
  ],
  [{ tiers: [good, good] }, "routing.tiers.1.name: there is a tier standard before"],
  [{ tiers: [{ ...good, models: ["a/b", "gpt"] }] }, 'routing.tiers.0.models.1: expected VENDOR/NAME, found "gpt"'],
  [
    { tiers: [{ ...good, complexity_range: [0.9, 0.1] }] },
    "routing.tiers.0.complexity_range: expected the smaller number first",
  ],
  [
    { tiers: [{ ...good, complexity_range: [0, 1.5] }] },
    "routing.tiers.0.complexity_range: expected numbers from 0 to 1",
  ],
  [
    { tiers: [{ ...good, cost_per_1k_tokens: -1 }] },
    "routing.tiers.0.cost_per_1k_tokens: expected a number of at least 0",
  ],
  [{ tiers: [good], fallback_model: "gpt" }, 'routing.fallback_model: expected VENDOR/NAME, found "gpt"'],
])("%j is an error with its place", async (routing, message) => {
  const found = await messageOf({ mode: "tiered", ...routing });
  expect(found).toContain(message);
  expect(found).toMatch(/^\/home\/ann\/\.clawft\/config\.json:\d+:\d+: /);
});

test.each([
  [
    [{ ...good, complexity_range: [0.2, 1] }],
    "routing.tiers.0.complexity_range: no tier is for complexities from 0 to 0.2",
  ],
  [[free], "routing.tiers: no tier is for complexities from 0.5 to 1; the nearest answers"],
  [
    [free, { ...good, complexity_range: [0.4, 1] }],
    "routing.tiers.1.complexity_range: overlaps free from 0.4 to 0.5; the better tier answers there",
  ],
])("%j is warned of", async (tiers, warning) => {
  expect((await load({ mode: "tiered", tiers })).warnings).toEqual([expect.stringContaining(warning)]);
});

test("where the mode is static nothing of it is an error, but it is said", async () => {
  expect((await load({ tiers: [{ ...good, name: "x" }] })).warnings[0]).toContain(
    "routing.tiers.0.name: expected one of",
  );
});

test("another way to count requests is not there, and that is said", async () => {
  expect((await load({ rate_limiting: { strategy: "token_bucket" } })).warnings[0]).toContain("a sliding window");
});
