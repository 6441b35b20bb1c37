import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { WeftError } from "../../src/core/error.ts";
import { tierRanks } from "../../src/core/policy.ts";
import type { Price } from "../../src/core/spending.ts";
import { permitted } from "../../src/models/choice.ts";
import {
  explainRoute,
  type RoutePermissions,
  type RouteQuestion,
  type RouteRules,
  rankOf,
  type Tier,
} from "../../src/models/router.ts";
import { type strategies, tierOrders } from "../../src/models/tier-order.ts";

const tier = (name: Tier["name"], range: Tier["range"], more: Partial<Tier> = {}): Tier => ({
  name,
  range,
  models: [`${name}/a`, `${name}/b`],
  contextTokens: 100_000,
  ...more,
});

const rules: RouteRules = {
  tiers: [tier("free", [0, 0.3]), tier("standard", [0.2, 0.6]), tier("premium", [0.6, 0.9]), tier("elite", [0.9, 1])],
  fallbackModel: undefined,
  escalation: { enabled: false, threshold: 0.6, maxTiers: 1 },
};

const admin: RoutePermissions = {
  level: 2,
  maxTier: "elite",
  modelAccess: ["*"],
  modelDenied: [],
  mayChooseModel: true,
  mayEscalate: true,
  escalationThreshold: 0,
};
const user: RoutePermissions = {
  ...admin,
  level: 1,
  maxTier: "standard",
  mayChooseModel: false,
  escalationThreshold: 0.6,
};

function route(
  score: number,
  permissions = admin,
  more: Partial<RouteQuestion> & { rules?: Partial<RouteRules> } = {},
) {
  const { rules: changed, ...question } = more;
  const complexity = { score, why: "so it is" };
  return explainRoute({ ...rules, ...changed }, { permissions, complexity, conversationTokens: 0, ...question });
}

function refusal(ask: () => unknown): WeftError {
  try {
    ask();
  } catch (error) {
    return error as WeftError;
  }
  return expect.unreachable("it was not refused");
}

describe("which tier", () => {
  test.each([
    [0, "free"],
    [0.1, "free"],
    // Where two are for it the better one answers.
    [0.25, "standard"],
    [0.5, "standard"],
    [0.6, "premium"],
    [1, "elite"],
  ])("a question of %d goes to %s", (score, name) => {
    const { tier: chosen, why } = route(score);
    expect(chosen?.name).toBe(name);
    expect(why).toBe(`tier ${name}, for complexity ${score.toFixed(2)}: so it is`);
  });

  test("never above the user's, but the nearest that he may use", () => {
    const { tier: chosen, why } = route(0.95, user);
    expect(chosen?.name).toBe("standard");
    expect(why).toContain("the nearest you may use");
  });

  test("in a gap the nearest", () => {
    const gap = { tiers: [tier("free", [0, 0.2]), tier("elite", [0.8, 1])] };
    expect(route(0.4, admin, { rules: gap }).tier?.name).toBe("free");
    expect(route(0.6, admin, { rules: gap }).tier?.name).toBe("elite");
  });

  test("a hard question goes above the user's tier when both thresholds are reached", () => {
    const on = { escalation: { enabled: true, threshold: 0.6, maxTiers: 1 } };
    expect(route(0.7, user, { rules: on })).toMatchObject({
      tier: { name: "premium" },
      why: expect.stringContaining("above your tier standard"),
    });
    expect(route(0.95, user, { rules: on }).tier?.name).toBe("standard");
    expect(route(0.95, user, { rules: { escalation: { ...on.escalation, maxTiers: 2 } } }).tier?.name).toBe("elite");
    expect(route(0.7, { ...user, escalationThreshold: 0.8 }, { rules: on }).tier?.name).toBe("standard");
    expect(route(0.7, user, { rules: { escalation: { ...on.escalation, threshold: 0.8 } } }).tier?.name).toBe(
      "standard",
    );
    expect(route(0.7, { ...user, mayEscalate: false }, { rules: on }).tier?.name).toBe("standard");
    expect(route(0.7, user).tier?.name).toBe("standard");
  });

  test("one with room for the conversation, where the user may use one: nothing is cut for an easy question", () => {
    const small = { tiers: [tier("free", [0, 0.3], { contextTokens: 8192 }), tier("standard", [0.3, 1])] };
    expect(route(0.1, user, { rules: small, conversationTokens: 1000 }).tier?.name).toBe("free");
    const long = route(0.1, user, { rules: small, conversationTokens: 8000 });
    expect(long.tier?.name).toBe("standard");
    expect(long.why).toContain("the conversation is too long for free");
    expect(route(0.1, { ...user, maxTier: "free" }, { rules: small, conversationTokens: 8000 }).tier?.name).toBe(
      "free",
    );
  });

  test("none that the user may use: the fallback, else a refusal that names the setting", () => {
    const only = { tiers: [tier("premium", [0, 1])] };
    expect(route(0.5, user, { rules: { ...only, fallbackModel: "x/y" } }).models).toEqual(["x/y"]);
    const { code, message } = refusal(() => route(0.5, user, { rules: only }));
    expect(code).toBe("refused");
    expect(message).toContain(
      "up to the tier standard (max_tier in routing.permissions), and routing.tiers has only premium",
    );
    expect(refusal(() => route(0.5, user, { rules: { ...only, fallbackModel: "premium/a" } })).code).toBe("refused");
  });
});

describe("which model", () => {
  test("the tier's first, then its others, then those of lower tiers, then the fallback", () => {
    const { models } = route(0.7, admin, { rules: { fallbackModel: "x/y" } });
    expect(models).toEqual(["premium/a", "premium/b", "standard/a", "standard/b", "free/a", "free/b", "x/y"]);
  });

  test("a fallback of a tier above the user's is not for him", () => {
    expect(route(0.1, user, { rules: { fallbackModel: "elite/a" } }).models).toEqual(["free/a", "free/b"]);
  });

  test("only those that the lists of the user's permissions leave", () => {
    expect(route(0.7, { ...admin, modelDenied: ["premium/a", "standard/*"] }).models).toEqual([
      "premium/b",
      "free/a",
      "free/b",
    ]);
    expect(route(0.7, { ...admin, modelAccess: ["*/b"] }).models).toEqual(["premium/b", "standard/b", "free/b"]);
    const { code, message } = refusal(() => route(0.7, { ...admin, modelAccess: ["none/*"] }));
    expect([code, message]).toEqual(["refused", expect.stringContaining("model_access and model_denylist")]);
  });
});

describe("a model that somebody names", () => {
  test("wins where he may choose", () => {
    expect(route(0.1, admin, { named: "elite/b" })).toEqual({ models: ["elite/b"], why: "it was asked for" });
    expect(route(0.1, admin, { wished: "elite/b" }).models).toEqual(["elite/b"]);
  });

  test("for the whole conversation, or by an agent, counts only where he may have it anyway", () => {
    expect(route(0.5, user, { wished: "standard/b" }).models).toEqual(["standard/b"]);
    expect(route(0.5, user, { wished: "elite/b" }).models[0]).toBe("standard/a");
    expect(route(0.5, { ...user, modelDenied: ["standard/b"] }, { wished: "standard/b" }).models[0]).toBe("standard/a");
  });

  test("without tiers the lists hold as well", () => {
    expect(permitted({ ...admin, modelDenied: ["a/*"] }, ["a/b", "c/d"])).toEqual(["c/d"]);
    expect(refusal(() => permitted({ ...admin, modelAccess: [] }, ["a/b"])).code).toBe("refused");
  });
});

test("whatever the rules, nobody gets a model of a tier above his own without escalation, nor one denied to him", async () => {
  const name = fc.constantFrom(...tierRanks);
  const unit = fc.double({ min: 0, max: 1, noNaN: true });
  const tiers = fc.uniqueArray(fc.record({ name, range: fc.tuple(unit, unit), contextTokens: fc.nat(100_000) }), {
    selector: (each) => each.name,
    minLength: 1,
  });
  const denied = fc.constantFrom<string[]>([], ["free/*"], ["*/a"], ["elite/b"]);
  await fc.assert(
    fc.property(tiers, name, unit, denied, fc.nat(100_000), (some, maxTier, score, modelDenied, conversationTokens) => {
      const all = some.map((each) => ({ ...each, models: [`${each.name}/a`, `${each.name}/b`] }));
      const permissions = { ...user, maxTier, modelDenied };
      try {
        const { models } = route(score, permissions, { rules: { tiers: all }, conversationTokens });
        const most = tierRanks.indexOf(maxTier);
        for (const id of models) {
          const [of = ""] = id.split("/");
          expect(rankOf({ name: of as Tier["name"] })).toBeLessThanOrEqual(most);
          expect(modelDenied).not.toContain(id);
          if (modelDenied.includes("free/*")) expect(of).not.toBe("free");
        }
      } catch (error) {
        expect((error as WeftError).code).toBe("refused");
      }
    }),
  );
});

describe("the order within a tier", () => {
  const models = ["v/a", "v/b", "v/c"];
  const one = tier("standard", [0, 1], { models });
  const prices: Record<string, Price> = {
    "v/b": { input: 1, output: 2, cacheRead: 1, cacheWrite: 1 },
    "v/c": { input: 5, output: 5, cacheRead: 5, cacheWrite: 5 },
  };
  const orderOf = (strategy: (typeof strategies)[number], costPer1k = 0, random = () => 0.5) =>
    tierOrders({ strategy, random, costPer1k: () => costPer1k, priceOf: async (id) => prices[id] });

  test("by preference is as it is written", async () => {
    expect((await orderOf("preference_order")([one]))(one, models)).toEqual(models);
  });

  test("in turns begins with the next one each time, for each tier by itself", async () => {
    const orders = orderOf("round_robin");
    const other = tier("free", [0, 1], { models });
    const first = async (of: Tier) => (await orders([one, other]))(of, models)[0];
    expect([await first(one), await first(one), await first(other), await first(one), await first(one)]).toEqual([
      "v/a",
      "v/b",
      "v/a",
      "v/c",
      "v/a",
    ]);
    expect((await orders([one]))(one, [])).toEqual([]);
  });

  test("by cost begins with the cheapest by the list of prices; without a price it costs what its tier does, or comes last", async () => {
    expect((await orderOf("lowest_cost")([one]))(one, models)).toEqual(["v/b", "v/c", "v/a"]);
    // 0.0001 dollars for a thousand tokens is a tenth of a dollar for a million.
    expect((await orderOf("lowest_cost", 0.0001)([one]))(one, models)).toEqual(["v/a", "v/b", "v/c"]);
  });

  test("by chance is by the chance that comes in, and loses none", async () => {
    for (const [chance, first] of [
      [0, "v/a"],
      [0.4, "v/b"],
      [0.99, "v/c"],
      [1, "v/a"],
    ] as const) {
      const order = (await orderOf("random", 0, () => chance)([one]))(one, models);
      expect(order[0]).toBe(first);
      expect(order.toSorted()).toEqual(models);
    }
  });
});
