import { describe, expect, test } from "vitest";
import { WeftError } from "../../src/core/error.ts";
import type { Model, ModelEvent } from "../../src/core/model.ts";
import { nanoOf, usdText } from "../../src/lib/money.ts";
import { memoryPlatform } from "../../src/platform/memory.ts";
import { spendingReport } from "../../src/spending/report.ts";
import { call, modelOf, type Purse, payerOf, price, prompt, purse } from "./rig.ts";

const usage = (inputTokens: number, outputTokens: number) => ({ inputTokens, outputTokens });
const paid = ({ spending }: Purse, model: Model, payer = payerOf("ann")) => spending.paid(model, { payer, price });
const spentOf = async ({ spending }: Purse, scope: string) =>
  usdText((await spending.standing()).find((each) => each.scope === scope)?.spent ?? -1);
const refusalOf = (asking: Promise<unknown>) =>
  asking.then(
    () => expect.unreachable("it was not refused"),
    (thrown: unknown) => {
      expect(thrown).toBeInstanceOf(WeftError);
      return thrown as WeftError;
    },
  );
const tick = () => new Promise<void>((resolve) => setTimeout(resolve, 0));
const report = ({ platform }: Purse, by: "user" | "model" | "day" = "user") =>
  spendingReport({ files: platform.files, folder: "/w/spend", by });

describe("what a call costs", () => {
  test("is what the provider counted, with the cache's own prices", async () => {
    const p = purse({ global: { dailyUsd: 10 } });
    const figures = {
      inputTokens: 1_000_000,
      outputTokens: 500_000,
      cacheReadTokens: 400_000,
      cacheWriteTokens: 100_000,
    };
    await call(paid(p, modelOf(figures)));
    // 0.5 M fresh at 1, 0.4 M read at 0.1, 0.1 M written at 1.25, 0.5 M out at 2
    expect(await spentOf(p, "global")).toBe("$1.67");
  });

  test("counts for the user, the agent, the job, the channel and everybody, by day and month", async () => {
    const limits = { dailyUsd: 10, monthlyUsd: 20 };
    const p = purse({
      global: limits,
      users: { ann: limits },
      agents: { main: limits },
      jobs: { news: limits },
      channels: { http: limits },
    });
    await call(paid(p, modelOf(usage(1_000_000, 0)), payerOf("ann", { job: "news" })));
    const standing = await p.spending.standing();
    expect(standing).toHaveLength(10);
    expect(new Set(standing.map(({ spent }) => usdText(spent)))).toEqual(new Set(["$1.00"]));
    expect(standing.every(({ reserved }) => reserved === 0)).toBe(true);
  });

  test("a refused or unreachable request costs nothing, one that broke off what is known of it", async () => {
    const p = purse({ global: { dailyUsd: 10 } });
    const broken = (code: "limit" | "unavailable" | "timeout") =>
      modelOf(usage(0, 0), () => {
        throw new WeftError(code, "no");
      });
    await refusalOf(call(paid(p, broken("limit"))));
    await refusalOf(call(paid(p, broken("unavailable"))));
    expect(await spentOf(p, "global")).toBe("$0.00");
    await refusalOf(call(paid(p, broken("timeout"))));
    expect((await p.spending.standing())[0]?.spent).toBeGreaterThan(0);
  });

  test("an empty answer costs what its provider said, though it is an error", async () => {
    const p = purse({ global: { dailyUsd: 10 } });
    const empty = modelOf(usage(0, 0), () => {
      throw new WeftError("unavailable", "gave an empty answer", { usage: usage(2_000_000, 0) });
    });
    await refusalOf(call(paid(p, empty)));
    expect(await spentOf(p, "global")).toBe("$2.00");
  });

  test("a reader that goes away early pays for what came, and gives back the rest", async () => {
    const p = purse({ global: { dailyUsd: 10 } });
    for await (const event of paid(p, modelOf(usage(9, 9))).stream(prompt(), new AbortController().signal)) {
      expect(event.type).toBe("text");
      break;
    }
    const [standing] = await p.spending.standing();
    expect(standing?.reserved).toBe(0);
    expect(standing?.spent).toBeGreaterThan(0);
    expect(standing?.spent).toBeLessThan(nanoOf(0.0001));
  });
});

describe("a budget", () => {
  test("that is used up refuses before the model is asked, and says all that helps", async () => {
    const p = purse({ users: { ann: { dailyUsd: 1 } } });
    const model = modelOf(usage(1_000_000, 0));
    await call(paid(p, model));
    const error = await refusalOf(call(paid(p, model)));
    expect(error.code).toBe("budget");
    expect(error.message).toContain("no room in the daily budget of user ann: $1.00 of $1.00 spent");
    expect(error.message).toContain("It begins anew at 2026-11-25 00:00 UTC");
    expect(error.message).toContain("routing.cost_budgets.users.ann.daily_usd");
    expect(error.message).toContain("/budget extend user:ann USD");
    expect(error.retryAfterMs).toBe(12 * 3_600_000);
    expect(model.prompts).toHaveLength(1);
    expect(p.events.filter(({ type }) => type === "budget")).toContainEqual(
      expect.objectContaining({ state: "refused" }),
    );
    await call(paid(p, model, payerOf("bob")));
  });

  test("of the user's own permissions holds as well", async () => {
    const p = purse({});
    const payer = payerOf("ann", { dailyUsd: 0.0001 });
    const error = await refusalOf(call(paid(p, modelOf(usage(1, 1)), payer)));
    expect(error.message).toContain("cost_budget_daily_usd in routing.permissions");
    const nothing = await refusalOf(call(paid(p, modelOf(usage(1, 1)), payerOf("ann", { monthlyUsd: 0 }))));
    expect(nothing.message).toContain("no room in the monthly budget of user ann: $0.00 of $0.00");
  });

  test("begins anew with its day and its month", async () => {
    const p = purse({ users: { ann: { dailyUsd: 1, monthlyUsd: 1.5 } }, resetHourUtc: 6 });
    const model = modelOf(usage(1_000_000, 0));
    await call(paid(p, model));
    p.clock = Date.UTC(2026, 10, 25, 5, 59);
    await refusalOf(call(paid(p, model)));
    p.clock = Date.UTC(2026, 10, 25, 6);
    await call(paid(p, model));
    p.clock = Date.UTC(2026, 11, 1, 5);
    expect((await refusalOf(call(paid(p, model)))).message).toContain("monthly budget");
    p.clock = Date.UTC(2026, 11, 1, 6);
    await call(paid(p, model));
  });

  test("makes the answer as short as it can be paid, but not shorter than is of use", async () => {
    const p = purse({ global: { dailyUsd: 0.002 } });
    const model = modelOf(usage(10, 300));
    await call(paid(p, model), prompt(100_000));
    expect(model.prompts[0]?.maxOutputTokens).toBeGreaterThan(900);
    expect(model.prompts[0]?.maxOutputTokens).toBeLessThan(1000);
    await call(paid(p, model), prompt(100_000));
    await call(paid(p, model), prompt(100_000));
    await refusalOf(call(paid(p, model), prompt(100_000)));
    await call(paid(p, model), prompt(30));
  });

  test("is never overdrawn by calls at once: they wait for what others give back", async () => {
    const p = purse({ global: { dailyUsd: 1 } });
    // Each asks for 0.2 at most and uses 0.02.
    const model = modelOf(usage(10, 10_000), tick);
    const most = { reserved: 0 };
    const asking = Array.from({ length: 40 }, async (_, i) => {
      await call(paid(p, model, payerOf(`user${i}`)), prompt(100_000));
      const [standing] = await p.spending.standing();
      most.reserved = Math.max(most.reserved, (standing?.reserved ?? 0) + (standing?.spent ?? 0));
    });
    await Promise.all(asking);
    expect(most.reserved).toBeLessThanOrEqual(nanoOf(1));
    expect(await spentOf(p, "global")).toBe("$0.8004");
  });

  test("is held for what a model may think beyond its answer, too", async () => {
    const p = purse({ global: { dailyUsd: 0.05 } });
    const thinking = { ...modelOf(usage(1, 1)), extraOutputTokens: () => 24_000 };
    await call(paid(p, modelOf(usage(1, 1))), prompt(1000));
    await call(paid(p, thinking), prompt(900));
    expect((await refusalOf(call(paid(p, { ...thinking, extraOutputTokens: () => 25_000 }), prompt(900)))).code).toBe(
      "budget",
    );
  });

  test("somebody who waits for room and is stopped goes", async () => {
    const p = purse({ global: { dailyUsd: 0.21 } });
    let letGo = () => {};
    const slow = modelOf(usage(1, 1), () => new Promise<void>((resolve) => (letGo = resolve)));
    const first = call(paid(p, slow), prompt(100_000));
    await tick();
    const stop = new AbortController();
    const told: string[] = [];
    const waiter = payerOf("bob", { notice: (text) => told.push(text) });
    const second = refusalOf(call(paid(p, slow, waiter), prompt(100_000), stop.signal));
    await tick();
    expect(told).toEqual([expect.stringContaining("calls that run hold what is left")]);
    stop.abort(new WeftError("aborted", "stopped by the user"));
    expect((await second).code).toBe("aborted");
    letGo();
    await first;
    expect(slow.prompts).toHaveLength(1);
  });

  test("is warned of once, to the user and in the log, also over a restart", async () => {
    const told: string[] = [];
    const payer = payerOf("ann", { notice: (text) => told.push(text) });
    const p = purse({ users: { ann: { dailyUsd: 1 } } });
    await call(paid(p, modelOf(usage(700_000, 0)), payer));
    expect(told).toEqual([]);
    await call(paid(p, modelOf(usage(110_000, 0)), payer));
    expect(told).toEqual([expect.stringContaining("81 % of the daily budget of user ann is spent: $0.8100 of $1.00")]);
    expect(p.events).toContainEqual(expect.objectContaining({ type: "log", level: "warn", message: told[0] }));
    await p.spending.close();
    const next = purse({ users: { ann: { dailyUsd: 1 } } }, p.platform);
    await call(paid(next, modelOf(usage(10_000, 0)), payer));
    expect(told).toHaveLength(1);
  });

  test("can be extended for its period; that is durable and audited", async () => {
    const p = purse({ users: { ann: { dailyUsd: 1 } } });
    const model = modelOf(usage(1_000_000, 0));
    await call(paid(p, model));
    await refusalOf(call(paid(p, model)));
    await p.spending.extend({ scope: "user:ann", nano: nanoOf(5), periods: ["day", "month"], by: "cli:local" });
    expect(p.audited).toMatchObject([{ kind: "budget", subject: "user:ann", reason: "extended by cli:local" }]);
    const next = purse({ users: { ann: { dailyUsd: 1 } } }, p.platform);
    await call(paid(next, model));
    expect((await next.spending.standing())[0]).toMatchObject({
      limit: nanoOf(6),
      extended: nanoOf(5),
      spent: nanoOf(2),
    });
    next.clock += 86_400_000;
    expect((await next.spending.standing())[0]).toMatchObject({ limit: nanoOf(1), extended: 0 });
  });

  test("cannot be extended under a name that is none", async () => {
    const { spending } = purse({});
    const extension = { scope: "users:ann", nano: 1, periods: ["day"] as const, by: "x" };
    expect((await refusalOf(spending.extend(extension))).code).toBe("usage");
  });

  test("does not keep anybody from a model that costs nothing", async () => {
    const p = purse({ global: { dailyUsd: 0.000001 } });
    const free = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
    await call(p.spending.paid(modelOf(usage(5, 5)), { payer: payerOf("ann"), price: free }));
    expect((await report(p)).total).toMatchObject({ nano: 0, calls: 1, inputTokens: 5, outputTokens: 5 });
  });
});

describe("a model whose price nobody knows", () => {
  const unknown = { payer: payerOf("ann"), price: undefined };
  test("is refused where a budget applies, and the way out is named", async () => {
    const { spending } = purse({ global: { dailyUsd: 1 } });
    const error = await refusalOf(call(spending.paid(modelOf(usage(1, 1)), unknown)));
    expect(error).toMatchObject({ code: "budget", message: expect.stringContaining("models.prices") });
    expect(error.message).toContain("routing.cost_budgets.unknown_price");
  });

  test("is asked without a budget, or with `allow`, and counted as unpriced", async () => {
    for (const rules of [{}, { global: { dailyUsd: 1 }, unknownPrice: "allow" as const }]) {
      const p = purse(rules);
      await call(p.spending.paid(modelOf(usage(1, 1)), unknown));
      expect((await report(p)).total).toMatchObject({ nano: 0, calls: 1, unpriced: 1 });
    }
  });

  test("costs what the configuration assumes", async () => {
    const p = purse({ global: { dailyUsd: 10 }, unknownPrice: 3 });
    await call(p.spending.paid(modelOf(usage(1_000_000, 1_000_000)), unknown));
    expect(await spentOf(p, "global")).toBe("$6.00");
  });
});

describe("after the end of a process", () => {
  test("what was held for a call that was cut off counts as spent", async () => {
    const p = purse({ global: { dailyUsd: 1 } });
    void call(
      paid(
        p,
        modelOf(usage(1, 1), () => new Promise(() => {})),
      ),
      prompt(100_000),
    );
    await expect.poll(async () => (await p.spending.standing())[0]?.reserved ?? 0).toBeGreaterThan(nanoOf(0.2));
    const next = purse({ global: { dailyUsd: 1 } }, p.platform);
    const [standing] = await next.spending.standing();
    expect(standing?.spent).toBeGreaterThan(nanoOf(0.2));
    expect(standing?.reserved).toBe(0);
    expect((await report(next)).total).toMatchObject({ calls: 1, lost: 1, nano: standing?.spent });
    const third = purse({ global: { dailyUsd: 1 } }, p.platform);
    expect((await third.spending.standing())[0]?.spent).toBe(standing?.spent);
  });

  test("on a full disk nothing goes out that a budget is for; without a budget the answer still comes", async () => {
    const p = purse({ global: { dailyUsd: 1 } });
    const model = modelOf(usage(1_000_000, 0));
    p.platform.faults.diskFull = true;
    expect((await refusalOf(call(paid(p, model)))).code).toBe("full");
    p.rules = { ...p.rules, global: {} };
    await call(paid(p, model));
    p.platform.faults.diskFull = false;
    p.rules = { ...p.rules, global: { dailyUsd: 5 } };
    await call(paid(p, model));
    expect(model.prompts).toHaveLength(2);
    expect((await p.spending.standing())[0]).toMatchObject({ reserved: 0 });
  });

  test("what a full disk kept from the ledger is written with the next line", async () => {
    const p = purse({ global: { dailyUsd: 5 } });
    const model = modelOf(usage(1_000_000, 0), () => {
      p.platform.faults.diskFull = true;
    });
    await call(paid(p, model));
    p.platform.faults.diskFull = false;
    await call(paid(p, modelOf(usage(1_000_000, 0))));
    const next = purse({ global: { dailyUsd: 5 } }, p.platform);
    expect(await spentOf(next, "global")).toBe("$2.00");
  });
});

describe("the disk", () => {
  /** A platform whose ledger is on the disk when `synced` says so. */
  function slowDisk(synced: () => Promise<void>) {
    const platform = memoryPlatform();
    const append: typeof platform.files.append = async (path) => ({
      ...(await platform.files.append(path)),
      sync: synced,
    });
    return { ...platform, files: { ...platform.files, append } };
  }

  test("is waited for while the model answers; no word is used before", async () => {
    let written = () => {};
    const platform = slowDisk(() => new Promise((resolve) => (written = resolve)));
    const p = purse({ global: { dailyUsd: 1 } }, platform);
    const model = modelOf(usage(1, 1));
    const events: ModelEvent[] = [];
    const asked = (async () => {
      for await (const event of paid(p, model).stream(prompt(), new AbortController().signal)) events.push(event);
    })();
    await expect.poll(() => model.prompts.length).toBe(1);
    await new Promise((resolve) => setTimeout(resolve));
    expect(events).toEqual([]);
    written();
    await asked;
    expect(events.map(({ type }) => type)).toEqual(["text", "done"]);
  });

  test("that fails ends the turn, and the call counts: it had gone out", async () => {
    const p = purse(
      { global: { dailyUsd: 1 } },
      slowDisk(() => Promise.reject(new WeftError("full", "broken disk"))),
    );
    let isOut = false;
    const model = modelOf(usage(1, 1), () => {
      isOut = true;
    });
    expect((await refusalOf(call(paid(p, model), prompt(1000, "word ".repeat(1000))))).message).toBe("broken disk");
    expect(isOut).toBe(true);
    const [standing] = await p.spending.standing();
    expect(standing?.spent).toBeGreaterThan(nanoOf(0.0005));
    expect(standing?.reserved).toBe(0);
  });
});

test("nothing is opened or written before a model is asked", async () => {
  const platform = memoryPlatform();
  const { spending } = purse({ global: { dailyUsd: 1 } }, platform);
  spending.paid(modelOf(usage(1, 1)), { payer: payerOf("ann"), price });
  await spending.close();
  expect(await platform.files.stat("/w/spend")).toBeUndefined();
});
