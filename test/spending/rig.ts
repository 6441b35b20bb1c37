import type { AuditEntry } from "../../src/core/audit.ts";
import type { BusEvent } from "../../src/core/bus.ts";
import type { Model, ModelEvent, Prompt, Usage } from "../../src/core/model.ts";
import type { Payer, Price } from "../../src/core/spending.ts";
import { createBus } from "../../src/lib/bus.ts";
import { type MemoryPlatform, memoryPlatform } from "../../src/platform/memory.ts";
import type { BudgetRules } from "../../src/spending/limits.ts";
import { type OpenSpending, openSpending } from "../../src/spending/spending.ts";

export const noLimits: BudgetRules = {
  global: {},
  users: {},
  agents: {},
  jobs: {},
  channels: {},
  warnAt: 0.8,
  resetHourUtc: 0,
  unknownPrice: "refuse",
};

/** A dollar for a million tokens in, two for a million out. */
export const price: Price = { input: 1, output: 2, cacheRead: 0.1, cacheWrite: 1.25 };

export const payerOf = (user: string, more: Partial<Payer> = {}): Payer => ({
  user,
  channel: "http",
  agent: "main",
  turn: "t",
  dailyUsd: Number.POSITIVE_INFINITY,
  monthlyUsd: Number.POSITIVE_INFINITY,
  notice: () => {},
  ...more,
});

export interface Purse {
  readonly spending: OpenSpending;
  readonly platform: MemoryPlatform;
  readonly events: BusEvent[];
  readonly audited: AuditEntry[];
  clock: number;
  rules: BudgetRules;
}

let ids = 0;

/** Made again over the same platform it is the next process. */
export function purse(rules: Partial<BudgetRules>, platform = memoryPlatform()): Purse {
  const bus = createBus((thrown) => {
    throw thrown;
  });
  const events: BusEvent[] = [];
  bus.subscribe((event) => events.push(event));
  const audited: AuditEntry[] = [];
  const made = { clock: Date.UTC(2026, 10, 24, 12), rules: { ...noLimits, ...rules }, platform, events, audited };
  const spending = openSpending({
    files: platform.files,
    folder: "/w/spend",
    rules: () => made.rules,
    bus,
    audit: { record: async (entry) => void audited.push(entry) },
    now: () => made.clock,
    newId: () => `id${ids++}`,
  });
  return Object.assign(made, { spending });
}

export const prompt = (maxOutputTokens = 1000, text = "hello"): Prompt => ({
  system: "",
  messages: [{ role: "user", parts: [{ type: "text", text }], at: 0 }],
  tools: [],
  maxOutputTokens,
  session: "s",
});

export interface FakeModel extends Model {
  readonly prompts: Prompt[];
}

/** Answers with these figures; `before` may wait or throw. */
export function modelOf(usage: Usage, before: (prompt: Prompt) => Promise<void> | void = () => {}): FakeModel {
  const prompts: Prompt[] = [];
  return {
    id: "test/m",
    contextTokens: 100_000,
    prompts,
    async *stream(asked): AsyncGenerator<ModelEvent> {
      prompts.push(asked);
      await before(asked);
      yield { type: "text", delta: "hi" };
      const message = { role: "assistant" as const, parts: [], at: 0 };
      yield { type: "done", message, usage, stop: "end", model: "test/m" };
    },
  };
}

export async function call(
  model: Model,
  asked = prompt(),
  signal = new AbortController().signal,
): Promise<ModelEvent[]> {
  const events: ModelEvent[] = [];
  for await (const event of model.stream(asked, signal)) events.push(event);
  return events;
}
