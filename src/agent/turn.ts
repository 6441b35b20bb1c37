import type { Inbound, Reply, TurnEvent } from "../core/channel.ts";
import type { Caller } from "../core/delegation.ts";
import { WeftError } from "../core/error.ts";
import { type CallPart, callsOf, type Message, type ResultPart, textOf } from "../core/message.ts";
import type { Model, ModelDone, Usage } from "../core/model.ts";
import type { Entry } from "../core/session.ts";
import type { Tool } from "../core/tool.ts";
import { type GrowingText, growingText } from "../lib/growing-text.ts";
import { type Budget, callerOf, isUsedUp, outputLeft } from "./budget.ts";
import { type LoopBreaker, loopBreaker } from "./loop-breaker.ts";
import {
  type Counted,
  compactIfNeeded,
  type PromptInput,
  type PromptSettings,
  promptOf,
  type View,
  viewOf,
} from "./prompt.ts";
import { resumeCalls, runCalls, type ToolRun, type ToolRunOptions } from "./tool-runs.ts";

export interface TurnOptions {
  readonly toolRuns: ToolRunOptions;
  readonly maxIterations: number;
  /** What all answers together may hold, in tokens; absent = as many as the rounds allow. */
  readonly outputTokens?: number;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly monotonic: () => number;
  readonly calibration: Calibration;
}

/** How a provider's count of tokens compares to ours, by model; learned from its usage. */
export interface Calibration {
  ratio(model: string): number;
  learn(model: string, ours: number, theirs: number): void;
}

export interface TurnJob {
  readonly turn: string;
  readonly inbound: Inbound;
  /** The conversation before this turn. */
  readonly before: readonly Entry[];
  /** What this turn wrote before a crash; empty for a new one. */
  readonly written: readonly Entry[];
  readonly model: Model;
  readonly system: string;
  readonly settings: PromptSettings;
}

export interface TurnIo {
  readonly signal: AbortSignal;
  readonly emit: (event: TurnEvent) => void;
  /** Makes a step durable. */
  readonly step: (entries: readonly Entry[]) => Promise<void>;
  readonly answered: (done: ModelDone, ms: number) => void;
  /** Time until the deadline. */
  readonly leftMs: () => number;
  readonly toolRun: Omit<ToolRun, "record" | "emit" | "turn">;
}

export interface Outcome {
  readonly reply: Reply;
  /** The last entries, not yet durable. */
  readonly entries: readonly Entry[];
}

/** Prompt, model, tools, repeat. Throws when the model cannot answer or the signal aborts; steps done stay done. */
export async function runTurn(options: TurnOptions, job: TurnJob, io: TurnIo): Promise<Outcome> {
  const turn = beginTurn(options, job, io);
  if (turn.entries.length === 0) {
    // The message itself is safe since it was accepted, so its entry can wait for the first step.
    turn.unsaved.push(entry(turn, { role: "user", parts: job.inbound.parts, at: job.inbound.at }));
  } else await goOn(turn);
  for (;;) {
    const { message, done } = await ask(turn, false);
    const calls = callsOf(message);
    if (calls.length === 0) {
      return finish(
        turn,
        { message: withWords(turn, message, done.stop), done },
        done.stop === "calls" ? "end" : done.stop,
      );
    }
    await step(turn, [entry(turn, message, done)]);
    const why = await callTools(turn, calls);
    if (why !== undefined) return finish(turn, says(turn, `I stopped here: ${why}. Tell me how to go on.`), "loop");
    if (roundsOf(turn) >= options.maxIterations) {
      return await sumUp(turn, `all ${options.maxIterations} tool rounds of this message`);
    }
    if (isUsedUp(turn.budget, turn, job.settings.maxOutputTokens)) return await sumUp(turn, "the tokens of this task");
  }
}

/** An answer that ended before it said anything still says why. */
function withWords(turn: Turn, message: Message, stop: ModelDone["stop"]): Message {
  const why = silences[stop];
  if (why === undefined || textOf(message).trim() !== "") return message;
  show(turn, why);
  return { ...message, parts: [...message.parts, { type: "text", text: why }] };
}

const silences: Partial<Readonly<Record<ModelDone["stop"], string>>> = {
  length:
    "(The model used up all the tokens of its answer before it said anything. Raise agents.defaults.max_tokens, or ask for less thinking.)",
  filtered: "(The provider's filter held the answer back. Ask in other words, or use another model.)",
};

interface Turn {
  readonly options: TurnOptions;
  readonly job: TurnJob;
  readonly io: TurnIo;
  /** What this turn has written, in order. */
  readonly entries: Entry[];
  /** What goes before the next step. */
  unsaved: Entry[];
  readonly breaker: LoopBreaker;
  readonly budget: Budget;
  readonly tools: readonly Tool[];
  /** Numbers the entries of this turn, those before a crash included. */
  nextEntry: number;
  /** All text the user sees of this turn. */
  readonly text: GrowingText;
  usage: Usage;
  model: string;
}

function beginTurn(options: TurnOptions, job: TurnJob, io: TurnIo): Turn {
  const tools = [...options.toolRuns.tools.values()];
  const usage: Usage = { inputTokens: 0, outputTokens: 0 };
  const entries = job.written.slice();
  const nextEntry = entries.length;
  return {
    options,
    job,
    io,
    entries,
    unsaved: [],
    breaker: loopBreaker(),
    budget: {
      firm: options.outputTokens !== undefined,
      outputTokens: options.outputTokens ?? options.maxIterations * job.settings.maxOutputTokens,
      reserved: 0,
    },
    tools,
    nextEntry,
    text: growingText(),
    usage,
    model: job.model.id,
  };
}

/** Takes up a turn that a crash cut: shows what was said, and answers the calls that have no result. */
async function goOn(turn: Turn): Promise<void> {
  const messages = turn.entries.filter((written) => written.type === "message");
  for (const { message, usage } of messages) {
    if (message.role === "assistant") show(turn, textOf(message));
    if (usage) turn.usage = addUsage(turn.usage, usage);
  }
  const answered = new Set(messages.flatMap(({ message }) => resultsOf(message).map(({ id }) => id)));
  const last = messages.findLast(({ message }) => message.role === "assistant");
  const open = last ? callsOf(last.message).filter(({ id }) => !answered.has(id)) : [];
  if (open.length > 0) await resumeCalls(open, turn.options.toolRuns, toolRun(turn));
}

async function step(turn: Turn, entries: readonly Entry[]): Promise<void> {
  const all = [...turn.unsaved, ...entries];
  await turn.io.step(all);
  turn.entries.push(...all);
  turn.unsaved = [];
}

function entry(turn: Turn, message: Message, done?: ModelDone): Entry {
  const from = done && { model: done.model, usage: done.usage };
  return { type: "message", id: nextId(turn), turn: turn.job.turn, message, ...from };
}

function nextId(turn: Turn): string {
  return `${turn.job.turn}-${turn.nextEntry++}`;
}

interface Answer {
  readonly message: Message;
  readonly done: ModelDone;
}

/** One call of the model, after compacting when the prompt comes near its limit. */
async function ask(turn: Turn, withoutTools: boolean, extra: readonly Message[] = []): Promise<Answer> {
  const input = promptInput(turn, withoutTools);
  const whole = viewOf(allEntries(turn), input);
  const view = (await makeRoom(turn, whole, { input, must: false })) ?? whole;
  try {
    return await stream(turn, promptOf(view, input, extra), input);
  } catch (error) {
    if (WeftError.from(error).code !== "overflow") throw error;
    const smaller = await makeRoom(turn, view, { input, must: true });
    if (!smaller) throw error;
    return await stream(turn, promptOf(smaller, input, extra), input);
  }
}

function promptInput(turn: Turn, withoutTools: boolean): PromptInput {
  const { job, options, tools, io, budget } = turn;
  const { model, inbound, system } = job;
  const most = budget.firm ? Math.max(1, outputLeft(budget, turn)) : job.settings.maxOutputTokens;
  const settings = { ...job.settings, maxOutputTokens: Math.min(most, job.settings.maxOutputTokens) };
  const ratio = options.calibration.ratio(model.id);
  return {
    model,
    session: inbound.session,
    system,
    tools: withoutTools ? [] : tools,
    settings,
    ratio,
    signal: io.signal,
  };
}

/** The conversation with its older part summed up; undefined when that is not called for. */
async function makeRoom(
  turn: Turn,
  view: View,
  { input, must }: { readonly input: PromptInput; readonly must: boolean },
): Promise<View | undefined> {
  const compacted = await compactIfNeeded(view, input, must);
  if (!compacted) return undefined;
  const how = compacted.why ? ` (without the model: ${compacted.why.message})` : "";
  turn.io.emit({ type: "notice", text: `the older part of the conversation was summed up${how}` });
  const { summary: text, keep } = compacted;
  await step(turn, [{ type: "summary", id: nextId(turn), text, keep, at: turn.options.now() }]);
  return viewOf(allEntries(turn), input);
}

async function stream(turn: Turn, { prompt, tokens }: Counted, input: PromptInput): Promise<Answer> {
  const { io, options } = turn;
  const began = options.monotonic();
  const before = turn.text.length;
  for await (const event of input.model.stream(prompt, io.signal)) {
    if (event.type === "done") {
      if (!event.usage.estimated) options.calibration.learn(input.model.id, tokens, event.usage.inputTokens);
      turn.usage = addUsage(turn.usage, event.usage);
      if (event.model !== input.model.id && event.model !== turn.model) {
        io.emit({ type: "notice", text: `${event.model} answers in place of ${input.model.id}` });
      }
      turn.model = event.model;
      io.answered(event, options.monotonic() - began);
      return { message: { ...event.message, at: options.now() }, done: event };
    }
    if (event.type === "text") show(turn, event.delta, turn.text.length === before);
    else {
      if (event.type === "restart") turn.text.cut(before);
      io.emit(event);
    }
  }
  io.signal.throwIfAborted();
  throw new WeftError("internal", `${input.model.id} ended without an answer`);
}

/** Text of different rounds is set apart, so that the deltas joined are the reply. */
function show(turn: Turn, delta: string, begins = true): void {
  if (delta === "") return;
  const apart = begins && turn.text.length > 0 && !turn.text.toString().endsWith("\n\n") ? "\n\n" : "";
  turn.text.add(apart + delta);
  turn.io.emit({ type: "text", delta: apart + delta });
}

/** Returns why the turn should end, if it should. */
async function callTools(turn: Turn, calls: readonly CallPart[]): Promise<string | undefined> {
  const results: ResultPart[] = [];
  await runCalls(calls, turn.options.toolRuns, toolRun(turn, results));
  for (const result of results) {
    const call = calls.find(({ id }) => id === result.id);
    const why = call && turn.breaker.record(call, result);
    if (why !== undefined) return why;
  }
  return undefined;
}

function toolRun(turn: Turn, results: ResultPart[] = []): ToolRun {
  const at = turn.options.now();
  return {
    ...turn.io.toolRun,
    context: { ...turn.io.toolRun.context, caller: callerIn(turn) },
    turn: turn.job.turn,
    emit: turn.io.emit,
    record: async (done) => {
      results.push(...done);
      const messages = done.map((part): Message => ({ role: "tool", parts: [part], at }));
      await step(
        turn,
        messages.map((message) => entry(turn, message)),
      );
    },
  };
}

function callerIn(turn: Turn): Caller {
  const { job, options, io, budget, tools } = turn;
  const { from, history, delegated } = job.inbound;
  return callerOf({
    about: {
      from,
      kept: history === undefined,
      model: job.model.id,
      maxOutputTokens: job.settings.maxOutputTokens,
      tools: tools.map(({ name }) => name),
      ...(delegated && { delegated }),
    },
    budget,
    maxRounds: options.maxIterations,
    leftMs: io.leftMs,
    spent: () => ({ usage: turn.usage, rounds: roundsOf(turn) }),
    spend: (usage) => {
      turn.usage = addUsage(turn.usage, usage);
    },
  });
}

/** The tool rounds or tokens are used up: the model says how far it came, and the user may send it on. */
async function sumUp(turn: Turn, what: string): Promise<Outcome> {
  const text = `[weft: ${what} are used up. Without tools now: tell the user
what you did, what you found and what is left, and offer to go on.]`;
  const note: Message = { role: "user", parts: [{ type: "text", text }], at: turn.options.now() };
  try {
    if (isUsedUp(turn.budget, turn, 1)) return finish(turn, says(turn, usedUp(what)), "limit");
    const answer = await ask(turn, true, [note]);
    if (textOf(answer.message).trim() !== "") return finish(turn, answer, "limit");
  } catch (error) {
    turn.io.signal.throwIfAborted();
    turn.io.emit({ type: "notice", text: `the model could not sum up: ${WeftError.from(error).message}` });
  }
  return finish(turn, says(turn, usedUp(what)), "limit");
}

function usedUp(what: string): string {
  return `I have used up ${what} and am not done. Shall I go on?`;
}

/** Words of our own, not the model's. */
function says(turn: Turn, text: string): Pick<Answer, "message"> {
  show(turn, text);
  return { message: { role: "assistant", parts: [{ type: "text", text }], at: turn.options.now() } };
}

function finish(
  turn: Turn,
  { message, done }: Pick<Answer, "message"> & Partial<Answer>,
  stop: Reply["stop"],
): Outcome {
  const { usage, model } = turn;
  return {
    reply: { text: turn.text.toString(), usage, model, stop },
    entries: [...turn.unsaved, entry(turn, message, done)],
  };
}

function allEntries({ job, entries, unsaved }: Turn): Entry[] {
  return [...job.before, ...entries, ...unsaved];
}

function roundsOf({ entries }: Turn): number {
  return entries.filter((written) => written.type === "message" && written.message.role === "assistant").length;
}

function resultsOf(message: Message): ResultPart[] {
  return message.parts.filter((part) => part.type === "result");
}

export function addUsage(a: Usage, b: Usage): Usage {
  const sum = (x: number | undefined, y: number | undefined) => (x ?? 0) + (y ?? 0);
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    cacheReadTokens: sum(a.cacheReadTokens, b.cacheReadTokens),
    cacheWriteTokens: sum(a.cacheWriteTokens, b.cacheWriteTokens),
    reasoningTokens: sum(a.reasoningTokens, b.reasoningTokens),
    ...((a.estimated || b.estimated) && { estimated: true as const }),
  };
}
