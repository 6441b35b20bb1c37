import { WeftError } from "../core/error.ts";
import type { Model, ModelEvent, Prompt, Usage } from "../core/model.ts";
import type { Price } from "../core/spending.ts";
import { costOf } from "../lib/money.ts";
import { tokensOfMessages, tokensOfSystem, tokensOfTools } from "../lib/tokens.ts";
import { type Counts, noCounts } from "./records.ts";

/** What a call may need at most. */
export interface Asked {
  readonly model: string;
  /** In our own count. */
  readonly inputTokens: number;
  readonly maxOutputTokens: number;
  /** What it may write beyond that. */
  readonly extraOutputTokens: number;
}

/** A call that may go out. */
export interface Begun {
  /** At most what was asked for. */
  readonly maxOutputTokens: number;
  /** Undefined where nobody knows it. */
  readonly price: Price | undefined;
  /** Where somebody's money is limited: resolves when what is held for the call is on the disk. */
  readonly kept?: Promise<void> | undefined;
  /** What it came to; counts at once, and resolves when it is written. */
  settle(counts: Counts): Promise<void>;
}

export interface Till {
  /** Throws instead of letting a call out that cannot be paid. */
  open(asked: Asked, signal: AbortSignal): Promise<Begun>;
  /** How the provider counts what we count so. */
  learn(model: string, ours: number, theirs: number): void;
}

/** The same model; each call is paid for, however it ends. */
export function paidModel(model: Model, till: Till): Model {
  return {
    id: model.id,
    get contextTokens() {
      return model.contextTokens;
    },
    stream: (prompt, signal) => ({ [Symbol.asyncIterator]: () => paidCall({ model, till, prompt, signal }) }),
  };
}

interface Call {
  readonly model: Model;
  readonly till: Till;
  readonly prompt: Prompt;
  readonly signal: AbortSignal;
}

/** Looks at what goes by without another step for each event: there are thousands. */
function paidCall({ model, till, prompt, signal }: Call): AsyncIterator<ModelEvent> {
  const ours = prompt.tokens ?? tokensOf(prompt);
  const said: Said = { ours, characters: 0, events: 0, perhaps: false };
  let inner: AsyncIterator<ModelEvent> | undefined;
  let begun: Begun | undefined;
  const settle = async (counts: (price: Price | undefined) => Counts) => {
    const ending = begun;
    begun = undefined;
    await ending?.settle(counts(ending.price));
  };
  const unfinished = (error: WeftError) => settle((price) => countsOfFailure(said, error, price));
  const failed = async (thrown: unknown): Promise<Result> => {
    await unfinished(signal.aborted ? WeftError.from(signal.reason) : WeftError.from(thrown));
    throw thrown;
  };
  const seen = (result: Result): Result | Promise<Result> => {
    if (result.done) return unfinished(new WeftError("internal", "it ended without an answer")).then(() => result);
    const event = result.value;
    said.events++;
    if (event.type === "text" || event.type === "thinking") said.characters += event.delta.length;
    if (event.type !== "done") return result;
    if (!event.usage.estimated) till.learn(model.id, ours, event.usage.inputTokens);
    const { price } = begun ?? {};
    const counts = countsOf(event.usage, price);
    const usage = { ...event.usage, costNano: counts.nano };
    const priced = price ? { done: false, value: { ...event, usage } } : result;
    return settle(() => counts).then(() => priced);
  };
  const start = async () => {
    const extraOutputTokens = model.extraOutputTokens?.(prompt) ?? 0;
    const { maxOutputTokens } = prompt;
    begun = await till.open({ model: model.id, inputTokens: ours, maxOutputTokens, extraOutputTokens }, signal);
    const paid = { ...prompt, maxOutputTokens: begun.maxOutputTokens };
    inner = model.stream(paid, signal)[Symbol.asyncIterator]();
    const first = inner.next();
    // No end of this process loses what is held. Against a loss of power the disk is waited for, but not by the model.
    const kept = begun.kept?.catch((thrown: unknown) => {
      said.perhaps = true;
      inner?.return?.().catch(() => {});
      throw thrown;
    });
    const [result] = await Promise.all([first, kept]);
    return result;
  };
  return {
    next: () => (inner ? inner.next() : start()).then(seen, failed),
    async return() {
      await unfinished(new WeftError("aborted", "nobody read on"));
      await inner?.return?.();
      return { done: true, value: undefined };
    },
  };
}

function tokensOf({ system, tools, messages }: Prompt): number {
  return tokensOfSystem(system) + tokensOfTools(tools) + tokensOfMessages(messages);
}

type Result = IteratorResult<ModelEvent>;

/** How far an answer has come. */
interface Said {
  readonly ours: number;
  characters: number;
  events: number;
  /** The provider may have begun, though nothing has come. */
  perhaps: boolean;
}

function countsOf(usage: Usage, price: Price | undefined): Counts {
  return {
    nano: price ? costOf(usage, price) : 0,
    calls: 1,
    inputTokens: whole(usage.inputTokens),
    outputTokens: whole(usage.outputTokens),
    cacheReadTokens: whole(usage.cacheReadTokens),
    cacheWriteTokens: whole(usage.cacheWriteTokens),
    lost: 0,
    unpriced: price ? 0 : 1,
  };
}

/** With these nobody said whether the provider has begun to work. */
const perhapsBegun = new Set(["timeout", "aborted"]);

/**
 * What is known of a call that did not end well: its own figures, if there are any; else our count of what has come. A
 * request that was refused, or never arrived, costs nothing.
 */
function countsOfFailure(said: Said, error: WeftError, price: Price | undefined): Counts {
  if (error.usage) return countsOf(error.usage, price);
  if (said.events === 0 && !said.perhaps && !perhapsBegun.has(error.code)) return noCounts;
  return countsOf({ inputTokens: said.ours, outputTokens: Math.ceil(said.characters / 2) }, price);
}

function whole(count: number | undefined): number {
  return Math.min(1e9, Math.max(0, Math.round(count ?? 0)));
}
