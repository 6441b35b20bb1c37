import type { Inbound, Reply, TurnEvent } from "../core/channel.ts";
import type { Caller } from "../core/delegation.ts";
import type { CallPart, Message, ResultPart } from "../core/message.ts";
import type { Model, ModelDone, Usage } from "../core/model.ts";
import type { Entry } from "../core/session.ts";
import type { Tool } from "../core/tool.ts";
import { type GrowingText, growingText } from "../lib/growing-text.ts";
import { grantedIn } from "./approvals.ts";
import { type Budget, callerOf } from "./budget.ts";
import { type LoopBreaker, loopBreaker } from "./loop-breaker.ts";
import type { PromptSettings } from "./prompt.ts";
import type { ToolRun, ToolRunOptions } from "./tool-runs.ts";
import { readSince } from "./untrusted.ts";

export interface TurnOptions {
  readonly toolRuns: ToolRunOptions;
  readonly maxIterations: number;
  /** How long a question to the user waits. */
  readonly approvalMs: number;
  /** Makes an approval last beyond this conversation. */
  readonly approveAlways: (tools: readonly string[]) => Promise<void>;
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
  /** Whether the model is told of a tool; one that its user may never use only costs tokens. */
  readonly offers: (tool: Tool) => boolean;
}

export interface TurnIo {
  readonly signal: AbortSignal;
  readonly emit: (event: TurnEvent) => void;
  /** Makes a step durable. */
  readonly step: (entries: readonly Entry[]) => Promise<void>;
  readonly answered: (done: ModelDone, ms: number) => void;
  /** Time until the deadline. */
  readonly leftMs: () => number;
  readonly toolRun: Omit<ToolRun, "approved" | "read" | "record" | "emit" | "turn">;
}

export interface Outcome {
  readonly reply: Reply;
  /** The last entries, not yet durable. */
  readonly entries: readonly Entry[];
}

export interface Turn {
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

export function beginTurn(options: TurnOptions, job: TurnJob, io: TurnIo): Turn {
  const tools = [...options.toolRuns.tools.values()].filter(job.offers);
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

export async function step(turn: Turn, entries: readonly Entry[]): Promise<void> {
  const all = [...turn.unsaved, ...entries];
  await turn.io.step(all);
  turn.entries.push(...all);
  turn.unsaved = [];
}

export function entry(turn: Turn, message: Message, done?: ModelDone): Entry {
  const from = done && { model: done.model, usage: done.usage };
  return { type: "message", id: nextId(turn), turn: turn.job.turn, message, ...from };
}

export function nextId(turn: Turn): string {
  return `${turn.job.turn}-${turn.nextEntry++}`;
}

/** Text of different rounds is set apart, so that the deltas joined are the reply. */
export function show(turn: Turn, delta: string, begins = true): void {
  if (delta === "") return;
  const apart = begins && turn.text.length > 0 && !turn.text.toString().endsWith("\n\n") ? "\n\n" : "";
  turn.text.add(apart + delta);
  turn.io.emit({ type: "text", delta: apart + delta });
}

export function toolRun(turn: Turn, results: ResultPart[] = [], approved: readonly CallPart[] = []): ToolRun {
  const at = turn.options.now();
  return {
    ...turn.io.toolRun,
    read: readSince(allEntries(turn)),
    approved: { calls: new Set(approved.map(({ id }) => id)), tools: grantedIn(allEntries(turn)) },
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
  const { job, options, io, budget } = turn;
  const { from, history, delegated } = job.inbound;
  return callerOf({
    about: {
      from,
      kept: history === undefined,
      model: job.model.id,
      maxOutputTokens: job.settings.maxOutputTokens,
      // Those that are refused, too: a refusal explains more than a tool that is not there.
      tools: [...options.toolRuns.tools.keys()],
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

/** What the user gets, as far as it has come. */
export function replyOf(turn: Turn, stop: Reply["stop"]): Reply {
  const { usage, model } = turn;
  const untrusted = readSince(allEntries(turn)) !== undefined;
  return { text: turn.text.toString(), usage, model, stop, ...(untrusted && { untrusted }) };
}

export function allEntries({ job, entries, unsaved }: Turn): Entry[] {
  return [...job.before, ...entries, ...unsaved];
}

export function roundsOf({ entries }: Turn): number {
  return entries.filter((written) => written.type === "message" && written.message.role === "assistant").length;
}

export function resultsOf(message: Message): ResultPart[] {
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
    ...((a.costNano ?? b.costNano) !== undefined && { costNano: sum(a.costNano, b.costNano) }),
    ...((a.estimated || b.estimated) && { estimated: true as const }),
  };
}
