import { WeftError } from "../core/error.ts";
import type { Model, ModelEvent, Prompt } from "../core/model.ts";
import { backoffMs } from "../lib/backoff.ts";
import type { Cooldown, Cooldowns } from "./cooldowns.ts";

export interface RetrySettings {
  /** Tries after the first one, for each model. */
  readonly attempts: number;
  /** From the first failure of a request: how long to go on with retries, waits included, milliseconds. */
  readonly budgetMs: number;
  readonly baseMs: number;
  readonly capMs: number;
}

/** One model that may answer: the same model once for each key. */
export interface Candidate {
  readonly id: string;
  readonly contextTokens: number;
  readonly keys: readonly Model[];
}

export interface SteadyOptions {
  readonly retry: RetrySettings;
  readonly cooldowns: Cooldowns;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** 0..1 */
  readonly random: () => number;
  /** Throws when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

const authRestMs = 600_000;
const brokenRestMs = 30_000;
/** A server may ask for hours; after this we ask again whether it is still so. */
const longestLimitMs = 600_000;

/**
 * A model that outlives failures. What helps is decided by the error's code: `unavailable`, `limit` and `timeout` are
 * tried again, with other keys, later, and then with the next candidate; `missing` and `budget` go to the next candidate
 * at once; everything else is thrown as it is. `auth` tries the other keys only: a wrong key must be heard of, not covered up.
 */
export function steadyModel(candidates: readonly [Candidate, ...Candidate[]], options: SteadyOptions): Model {
  const [first] = candidates;
  return {
    id: first.id,
    get contextTokens() {
      return first.contextTokens;
    },
    stream: (prompt, signal) => {
      const run: Run = { options, first, prompt, signal, failures: [], deadline: undefined, said: false };
      return answer(run, candidates);
    },
  };
}

interface Run {
  readonly options: SteadyOptions;
  readonly first: Candidate;
  readonly prompt: Prompt;
  readonly signal: AbortSignal;
  readonly failures: Failure[];
  /** Set by the first failure or wait, Unix milliseconds. */
  deadline: number | undefined;
  /** Text or thinking has gone out that no answer stands behind yet. */
  said: boolean;
}

interface Failure {
  readonly id: string;
  readonly tries: number;
  readonly error: WeftError;
}

async function* answer(run: Run, candidates: readonly Candidate[]): AsyncGenerator<ModelEvent> {
  for (const candidate of readyFirst(run, candidates)) {
    if (yield* tryCandidate(run, candidate)) return;
  }
  throw summedUp(run);
}

/** Candidates that rest come last, so that a broken first choice does not delay every turn. */
function readyFirst(run: Run, candidates: readonly Candidate[]): Candidate[] {
  const resting = new Set(candidates.filter((candidate) => rests(run, candidate)));
  return [...candidates.filter((candidate) => !resting.has(candidate)), ...resting];
}

/** Wrong keys alone are no reason to pass a model by: see `auth` above. */
function rests(run: Run, candidate: Candidate): boolean {
  const reasons = [...candidate.keys.keys()].map((index) => cooldownOf(run, candidate, index)?.why);
  return reasons.every((why) => why !== undefined) && reasons.some((why) => why !== "auth");
}

interface Trial {
  readonly candidate: Candidate;
  /** The key whose turn it is; it goes first among equals. */
  readonly firstKey: number;
  /** Keys that were refused in this run. */
  readonly refused: Set<number>;
  tries: number;
  /** Tries that a wait went before. */
  retries: number;
  /** Before the next try, whatever the key. */
  delayMs: number;
  error: WeftError | undefined;
}

/** True when it answered; false when it is the next candidate's turn. Throws what no other model would mend. */
async function* tryCandidate(run: Run, candidate: Candidate): AsyncGenerator<ModelEvent, boolean> {
  const firstKey = run.options.cooldowns.turnOf(candidate.id, candidate.keys.length);
  const trial: Trial = { candidate, firstKey, refused: new Set(), tries: 0, retries: 0, delayMs: 0, error: undefined };
  for (;;) {
    const index = bestKey(run, trial);
    const waitMs = Math.max(trial.delayMs, heldBackMs(run, candidate, index));
    if (!mayGoOn(run, trial, waitMs)) break;
    if (run.said) {
      run.said = false;
      yield { type: "restart", reason: reasonOf(run, trial) };
    }
    try {
      if (waitMs > 0) await run.options.sleep(waitMs, run.signal);
      trial.delayMs = 0;
      trial.tries++;
      yield* attempt(run, candidate, index);
      return true;
    } catch (thrown) {
      trial.error = WeftError.from(thrown);
      if (run.signal.aborted || !learn(run, trial, index)) throw trial.error;
    }
  }
  giveUp(run, trial);
  return false;
}

function reasonOf({ failures }: Run, { error, candidate }: Trial): string {
  const last = error ?? failures.at(-1)?.error;
  if (!last) throw new WeftError("internal", "an answer begins again without a failure");
  return `${last.message}; ${candidate.id} begins again`;
}

async function* attempt(run: Run, candidate: Candidate, index: number): AsyncGenerator<ModelEvent> {
  const model = candidate.keys[index];
  if (!model) throw new WeftError("internal", `${candidate.id} has no key number ${index}`);
  for await (const event of model.stream(run.prompt, run.signal)) {
    if (event.type === "done") {
      run.options.cooldowns.clear(slotOf(candidate, index));
      yield { ...event, model: candidate.id };
      return;
    }
    run.said = event.type !== "restart";
    yield event;
  }
  throw new WeftError("internal", `${candidate.id} ended without \`done\``);
}

/** Draws the consequences of a failure for the tries to come. False when it should be thrown. */
function learn(run: Run, trial: Trial, index: number): boolean {
  const { options, first } = run;
  const { candidate, error } = trial;
  const slot = slotOf(candidate, index);
  run.deadline ??= options.now() + options.retry.budgetMs;
  switch (error?.code) {
    case "auth":
      options.cooldowns.rest(slot, { why: "auth", until: options.now() + authRestMs });
      trial.refused.add(index);
      if (trial.refused.size < candidate.keys.length) return true;
      trial.error = withHistory(run, error);
      return false;
    case "limit": {
      const restMs = Math.min(longestLimitMs, nextDelay(run, trial));
      options.cooldowns.rest(slot, { why: "limit", until: options.now() + restMs });
      const next = bestKey(run, trial);
      if (next === index || heldBackMs(run, candidate, next) > 0) trial.retries++;
      return true;
    }
    case "unavailable":
    case "timeout":
      trial.delayMs = nextDelay(run, trial);
      trial.retries++;
      return true;
    case "missing":
    // Another model may be cheaper, or cost nothing.
    case "budget":
      trial.retries = Number.POSITIVE_INFINITY;
      return true;
    case "overflow":
      // A fallback with less room than the first choice must not make the conversation shrink for it.
      if (candidate === first || candidate.contextTokens >= first.contextTokens) return false;
      trial.retries = Number.POSITIVE_INFINITY;
      return true;
    default:
      return false;
  }
}

function nextDelay(run: Run, trial: Trial): number {
  const { retry, random } = run.options;
  const floorMs = trial.error?.retryAfterMs;
  return backoffMs(trial.retries, { baseMs: retry.baseMs, capMs: retry.capMs, floorMs }, random());
}

function mayGoOn(run: Run, trial: Trial, waitMs: number): boolean {
  const { now, retry } = run.options;
  if (trial.retries > retry.attempts) return false;
  if (waitMs > 0) run.deadline ??= now() + retry.budgetMs;
  const isFirstTry = trial.tries === 0 && waitMs === 0;
  return isFirstTry || run.deadline === undefined || now() + waitMs <= run.deadline;
}

function giveUp(run: Run, trial: Trial): void {
  const { candidate, tries } = trial;
  const error = trial.error ?? stillResting(run, candidate);
  run.failures.push({ id: candidate.id, tries, error });
  // The model is well; somebody else may be able to pay it.
  if (error.code === "budget") return;
  const until = run.options.now() + brokenRestMs;
  for (const index of candidate.keys.keys()) {
    if (!cooldownOf(run, candidate, index))
      run.options.cooldowns.rest(slotOf(candidate, index), { why: "broken", until });
  }
}

/** It was not even asked: its server wants to be left alone for longer than the budget. */
function stillResting(run: Run, candidate: Candidate): WeftError {
  const waits = candidate.keys.map((_, index) => heldBackMs(run, candidate, index));
  const retryAfterMs = Math.min(...waits);
  return new WeftError("limit", `${candidate.id} asked to wait ${seconds(retryAfterMs)} more`, { retryAfterMs });
}

/** The key that can be asked soonest; those thought to be wrong last, those refused in this run never. */
function bestKey(run: Run, { candidate, firstKey, refused }: Trial): number {
  const rank = (index: number) => {
    const cooldown = cooldownOf(run, candidate, index);
    if (refused.has(index)) return Number.POSITIVE_INFINITY;
    if (cooldown?.why === "auth") return Number.MAX_VALUE;
    return cooldown?.why === "limit" ? cooldown.until : 0;
  };
  const count = candidate.keys.length;
  const indices = Array.from({ length: count }, (_, i) => (firstKey + i) % count);
  return indices.reduce((best, index) => (rank(index) < rank(best) ? index : best), firstKey);
}

function heldBackMs(run: Run, candidate: Candidate, index: number): number {
  const cooldown = cooldownOf(run, candidate, index);
  return cooldown?.why === "limit" ? cooldown.until - run.options.now() : 0;
}

function cooldownOf(run: Run, candidate: Candidate, index: number): Cooldown | undefined {
  return run.options.cooldowns.of(slotOf(candidate, index));
}

function slotOf(candidate: Candidate, index: number): string {
  return `${candidate.id}#${index}`;
}

/** A refused key, with what went wrong before it was asked. */
function withHistory({ failures }: Run, error: WeftError): WeftError {
  if (failures.length === 0) return error;
  return new WeftError(error.code, `${error.message}\nIt was asked because:\n${list(failures)}`, { cause: error });
}

/** One error for all: its code is that of the last failure that time may mend. */
function summedUp({ failures }: Run): WeftError {
  const last = failures.findLast(({ error }) => passing.has(error.code)) ?? failures.at(-1);
  if (!last) throw new WeftError("internal", "no model was asked, yet all have failed");
  const only = failures.length === 1;
  if (only && last.tries <= 1) return last.error;
  const waits = failures.flatMap(({ error }) => error.retryAfterMs ?? []);
  const retryAfterMs = waits.length > 0 ? Math.min(...waits) : undefined;
  const when = retryAfterMs === undefined ? "later" : `in ${seconds(retryAfterMs)}`;
  const next = `Try again ${when}, or name another model in agents.defaults.fallbacks.`;
  const what = only
    ? `no answer after all tries:\n${list(failures)}`
    : `none of the models answered:\n${list(failures)}`;
  return new WeftError(last.error.code, `${what}\n${next}`, { retryAfterMs, cause: last.error });
}

const passing = new Set(["limit", "unavailable", "timeout"]);

function list(failures: readonly Failure[]): string {
  const times = (tries: number) => (tries === 0 ? "not asked" : tries === 1 ? "1 try" : `${tries} tries`);
  return failures.map(({ id, tries, error }) => `- ${id} (${times(tries)}): ${error.message}`).join("\n");
}

function seconds(ms: number): string {
  return `${Math.ceil(ms / 1000)} s`;
}
