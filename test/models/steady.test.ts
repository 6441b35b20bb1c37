import { describe, expect, test } from "vitest";
import { type ErrorCode, WeftError } from "../../src/core/error.ts";
import type { Model, ModelEvent, Prompt } from "../../src/core/model.ts";
import { cooldowns } from "../../src/models/cooldowns.ts";
import { type Candidate, type RetrySettings, steadyModel } from "../../src/models/steady.ts";

/** What one key of a model does when asked: say so, or fail with these, perhaps after some text. */
type Step = "ok" | ErrorCode | { code: ErrorCode; after?: string; retryAfterMs?: number };

/** A world with its own clock, in which sleeping costs no time; `waits` and `asked` tell what happened. */
function world(settings: Partial<RetrySettings> = {}) {
  let now = 1_000_000;
  const waits: number[] = [];
  const asked: string[] = [];
  const options = {
    retry: { attempts: 3, budgetMs: 60_000, baseMs: 1000, capMs: 30_000, ...settings },
    cooldowns: cooldowns(() => now),
    now: () => now,
    random: () => 0,
    sleep: async (ms: number, signal: AbortSignal) => {
      signal.throwIfAborted();
      waits.push(ms);
      now += ms;
    },
  };
  /** Each list of steps is one key. The last step repeats. */
  const candidate = (id: string, ...keys: (readonly Step[])[]): Candidate => {
    const models = keys.map((steps, index): Model => {
      let next = 0;
      const name = keys.length === 1 ? id : `${id}#${index}`;
      return {
        id,
        contextTokens: 1000,
        async *stream() {
          asked.push(name);
          yield* play(steps[Math.min(next++, steps.length - 1)] ?? "ok", name);
        },
      };
    });
    return { id, contextTokens: 1000, keys: models };
  };
  const ask = (first: Candidate, ...others: Candidate[]) => collect(steadyModel([first, ...others], options));
  const pass = (ms: number) => {
    now += ms;
  };
  return { options, waits, asked, candidate, ask, pass };
}

async function* play(step: Step, name: string): AsyncGenerator<ModelEvent> {
  if (step !== "ok") {
    const { code, after, ...details } = typeof step === "string" ? { code: step } : step;
    if (after !== undefined) yield { type: "text", delta: after };
    throw new WeftError(code, `${name} says ${code}`, details);
  }
  yield { type: "text", delta: "hi" };
  const message = { role: "assistant" as const, parts: [{ type: "text" as const, text: "hi" }], at: 0 };
  yield { type: "done", message, usage: { inputTokens: 1, outputTokens: 1 }, stop: "end", model: "wire/name" };
}

const prompt: Prompt = { system: "", messages: [], tools: [], maxOutputTokens: 10, session: "s" };

async function collect(model: Model, signal = new AbortController().signal): Promise<ModelEvent[]> {
  const events: ModelEvent[] = [];
  for await (const event of model.stream(prompt, signal)) events.push(event);
  return events;
}

const whoAnswered = (events: ModelEvent[]) => events.flatMap((event) => (event.type === "done" ? event.model : []));

describe("one model with one key", () => {
  test.each<[string, Step[], number[]]>([
    ["an answer at once", ["ok"], []],
    [
      "unavailable is tried again, later each time",
      ["unavailable", "unavailable", "unavailable", "ok"],
      [1000, 2000, 4000],
    ],
    ["so are time-outs and limits", ["timeout", "limit", "ok"], [1000, 2000]],
    ["the server's wish is waited for", [{ code: "limit", retryAfterMs: 7000 }, "ok"], [7000]],
    ["a wish shorter than the back-off does not shorten it", [{ code: "unavailable", retryAfterMs: 5 }, "ok"], [1000]],
  ])("%s", async (_, steps, waits) => {
    const { ask, candidate, waits: waited } = world();
    expect(whoAnswered(await ask(candidate("a/b", steps)))).toEqual(["a/b"]);
    expect(waited).toEqual(waits);
  });

  test("after the last try the error keeps its class and says how often it was tried", async () => {
    const { ask, candidate, asked } = world();
    const failed = ask(candidate("a/b", ["unavailable", "unavailable", "unavailable", "timeout"]));
    await expect(failed).rejects.toMatchObject({ code: "timeout", message: expect.stringContaining("a/b (4 tries)") });
    expect(asked).toHaveLength(4);
  });

  test.each<ErrorCode>(["invalid", "overflow", "aborted", "refused", "auth", "missing", "internal", "config"])(
    "%s is thrown at once and unchanged",
    async (code) => {
      const { ask, candidate, asked, waits } = world();
      await expect(ask(candidate("a/b", [code]))).rejects.toMatchObject({ code, message: `a/b says ${code}` });
      expect([asked, waits]).toEqual([["a/b"], []]);
    },
  );

  test("no wait goes beyond the budget", async () => {
    const { ask, candidate, waits, asked } = world({ budgetMs: 2500 });
    await expect(ask(candidate("a/b", ["unavailable"]))).rejects.toMatchObject({ code: "unavailable" });
    expect([waits, asked.length]).toEqual([[1000], 2]);
  });

  test("a wish longer than the budget ends it at once, and the next turns wait or say so without asking", async () => {
    const { ask, candidate, asked, waits, pass } = world();
    const model = candidate("a/b", [{ code: "limit", retryAfterMs: 90_000 }, "ok"]);
    await expect(ask(model)).rejects.toMatchObject({ code: "limit", retryAfterMs: 90_000 });
    await expect(ask(model)).rejects.toMatchObject({ code: "limit", retryAfterMs: 90_000, message: /wait 90 s more/ });
    expect([asked, waits]).toEqual([["a/b"], []]);
    pass(50_000);
    await ask(model);
    expect([asked.length, waits]).toEqual([2, [40_000]]);
  });

  test("text of a failed try is declared void before the next one", async () => {
    const { ask, candidate } = world();
    const events = await ask(candidate("a/b", [{ code: "unavailable", after: "Hel" }, "ok"]));
    expect(events.map((event) => (event.type === "text" ? event.delta : event.type))).toEqual([
      "Hel",
      "restart",
      "hi",
      "done",
    ]);
    expect(events[1]).toMatchObject({ reason: "a/b says unavailable; a/b begins again" });
  });

  test("without text there is nothing to void", async () => {
    const { ask, candidate } = world();
    expect((await ask(candidate("a/b", ["timeout", "ok"]))).map(({ type }) => type)).toEqual(["text", "done"]);
  });

  test("stopping ends the wait", async () => {
    const { options, candidate, asked } = world();
    const controller = new AbortController();
    const sleep = async (_: number, signal: AbortSignal) => {
      controller.abort();
      signal.throwIfAborted();
    };
    const model = steadyModel([candidate("a/b", ["unavailable", "ok"])], { ...options, sleep });
    await expect(collect(model, controller.signal)).rejects.toMatchObject({ code: "aborted" });
    expect(asked).toHaveLength(1);
  });

  test("a failure after stopping is not tried again", async () => {
    const { options, waits } = world();
    const controller = new AbortController();
    const cut: Model = {
      id: "a/b",
      contextTokens: 1,
      // biome-ignore lint/correctness/useYield: it fails before it says anything
      async *stream() {
        controller.abort();
        throw new WeftError("aborted", "stopped");
      },
    };
    const model = steadyModel([{ id: "a/b", contextTokens: 1, keys: [cut] }], options);
    await expect(collect(model, controller.signal)).rejects.toMatchObject({ code: "aborted" });
    expect(waits).toEqual([]);
  });
});

describe("several keys", () => {
  test("a limit on one key turns to the next at once, and stays there while the first rests", async () => {
    const { ask, candidate, asked, waits, pass } = world();
    const model = candidate("a/b", [{ code: "limit", retryAfterMs: 20_000 }, "ok"], ["ok"]);
    await ask(model);
    await ask(model);
    pass(21_000);
    await ask(model);
    expect(asked).toEqual(["a/b#0", "a/b#1", "a/b#1", "a/b#0"]);
    expect(waits).toEqual([]);
  });

  test("with all keys at their limit the one that is free first is waited for", async () => {
    const { ask, candidate, asked, waits } = world();
    await ask(
      candidate("a/b", [{ code: "limit", retryAfterMs: 20_000 }], [{ code: "limit", retryAfterMs: 8000 }, "ok"]),
    );
    expect(asked).toEqual(["a/b#0", "a/b#1", "a/b#1"]);
    expect(waits).toEqual([8000]);
  });

  test("the limit of one model does not rest the same key for another", async () => {
    const { ask, candidate, asked } = world();
    await ask(candidate("a/b", [{ code: "limit", retryAfterMs: 20_000 }], ["ok"]));
    await ask(candidate("a/c", ["ok"], ["ok"]));
    expect(asked.at(-1)).toBe("a/c#0");
  });

  test("a refused key is put aside for ten minutes", async () => {
    const { ask, candidate, asked, pass } = world();
    const model = candidate("a/b", ["auth", "ok"], ["ok"]);
    await ask(model);
    pass(599_000);
    await ask(model);
    pass(2000);
    await ask(model);
    expect(asked).toEqual(["a/b#0", "a/b#1", "a/b#1", "a/b#0"]);
  });

  test("when every key is refused the user hears it, and no other model covers it up, now or next time", async () => {
    const { ask, candidate, asked } = world();
    const [first, other] = [candidate("a/b", ["auth"], ["auth"]), candidate("c/d", ["ok"])];
    await expect(ask(first, other)).rejects.toMatchObject({ code: "auth", message: "a/b#1 says auth" });
    await expect(ask(first, other)).rejects.toMatchObject({ code: "auth" });
    expect(asked).toEqual(["a/b#0", "a/b#1", "a/b#1", "a/b#0"]);
  });

  test("keys that all work take turns", async () => {
    const { ask, candidate, asked } = world();
    const model = candidate("a/b", ["ok"], ["ok"], ["ok"]);
    for (let i = 0; i < 4; i++) await ask(model);
    expect(asked).toEqual(["a/b#0", "a/b#1", "a/b#2", "a/b#0"]);
  });

  test("keys without any wait between them do not go round for ever", async () => {
    const { ask, candidate, asked } = world({ baseMs: 0 });
    await expect(ask(candidate("a/b", ["limit"], ["limit"]))).rejects.toMatchObject({ code: "limit" });
    expect(asked.length).toBeLessThan(10);
  });
});

describe("fallbacks", () => {
  test("the next model answers when the first one cannot, and is named", async () => {
    const { ask, candidate, asked } = world();
    expect(whoAnswered(await ask(candidate("a/b", ["unavailable"]), candidate("c/d", ["ok"])))).toEqual(["c/d"]);
    expect(asked).toEqual(["a/b", "a/b", "a/b", "a/b", "c/d"]);
  });

  test.each<[string, Step]>([
    ["a model that does not exist", "missing"],
    ["a wish longer than the budget", { code: "limit", retryAfterMs: 61_000 }],
  ])("%s moves on at once", async (_, step) => {
    const { ask, candidate, asked, waits } = world();
    await ask(candidate("a/b", [step]), candidate("c/d", ["ok"]));
    expect([asked, waits]).toEqual([["a/b", "c/d"], []]);
  });

  test("a model that has just failed comes last for a while", async () => {
    const { ask, candidate, asked, pass } = world({ attempts: 0 });
    const [first, second] = [candidate("a/b", ["unavailable", "ok"]), candidate("c/d", ["ok"])];
    await ask(first, second);
    await ask(first, second);
    pass(31_000);
    await ask(first, second);
    expect(asked).toEqual(["a/b", "c/d", "c/d", "a/b"]);
  });

  test("all failing gives one error that lists each, with the class that time may mend", async () => {
    const { ask, candidate } = world({ attempts: 1 });
    const failed = ask(
      candidate("a/b", ["unavailable"]),
      candidate("c/d", [{ code: "limit", retryAfterMs: 90_000 }]),
      candidate("e/f", ["missing"]),
    );
    const error = await failed.catch((thrown: WeftError) => thrown);
    expect(error).toMatchObject({ code: "limit", retryAfterMs: 90_000 });
    expect((error as WeftError).message).toBe(`none of the models answered:
- a/b (2 tries): a/b says unavailable
- c/d (1 try): c/d says limit
- e/f (1 try): e/f says missing
Try again in 90 s, or name another model in agents.defaults.fallbacks.`);
  });

  test("each fallback is asked once even when the budget is used up", async () => {
    const { options, candidate, asked, pass } = world({ budgetMs: 10_000 });
    const slow: Model = {
      id: "a/b",
      contextTokens: 1,
      // biome-ignore lint/correctness/useYield: it fails before it says anything
      async *stream() {
        pass(120_000);
        throw new WeftError("timeout", "too slow");
      },
    };
    const first = { id: "a/b", contextTokens: 1, keys: [slow] };
    const model = steadyModel([first, candidate("c/d", ["unavailable"]), candidate("e/f", ["ok"])], options);
    expect(whoAnswered(await collect(model))).toEqual(["e/f"]);
    expect(asked).toEqual(["c/d", "e/f"]);
  });

  test("a smaller fallback that overflows is passed over, the conversation is not shrunk for it", async () => {
    const { ask, candidate } = world({ attempts: 0 });
    const small = { ...candidate("c/d", ["overflow"]), contextTokens: 500 };
    expect(whoAnswered(await ask(candidate("a/b", ["unavailable"]), small, candidate("e/f", ["ok"])))).toEqual(["e/f"]);
  });

  test("a refused key of a fallback is heard of, with what led to it", async () => {
    const { ask, candidate } = world({ attempts: 0 });
    const failed = ask(candidate("a/b", ["unavailable"]), candidate("c/d", ["auth"]));
    await expect(failed).rejects.toMatchObject({ code: "auth", message: /c\/d says auth[\s\S]*a\/b says unavailable/ });
  });

  test("text of the first model is void when the second begins", async () => {
    const { ask, candidate } = world({ attempts: 0 });
    const events = await ask(candidate("a/b", [{ code: "timeout", after: "Hel" }]), candidate("c/d", ["ok"]));
    expect(events.map(({ type }) => type)).toEqual(["text", "restart", "text", "done"]);
  });
});
