import type { Inbound } from "../core/channel.ts";
import { type AgentLimits, type Caller, type SubAgent, subSessionPrefix } from "../core/delegation.ts";
import { WeftError } from "../core/error.ts";
import type { JournalTurn } from "../core/journal.ts";
import type { Line, Receipt } from "../core/line.ts";
import type { ToolContext } from "../core/tool.ts";
import { nameMatches } from "../lib/glob.ts";
import type { Target } from "./target.ts";

export interface BeginOptions {
  readonly line: () => Pick<Line, "receive" | "stop">;
  /** Turns without their answer delivered; `Journal.open`. */
  readonly open: () => JournalTurn[];
  /** Rounds of tools of one sub-agent. */
  readonly maxTurns: number;
  /** Tokens of one answer of a sub-agent. */
  readonly maxTokens: number;
  /** Names and patterns of tools that sub-agents do not get. */
  readonly excludedTools: readonly string[];
  readonly newId: () => string;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** A sub-agent's sub-agent has none of its own. */
export const maxDepth = 2;
/** Sub-agents of one conversation at once. */
export const mostAtOnce = 5;

/** The channels that sub-agents' tasks come from; only the second is delivered, to the parent's session. */
export const waitedFor = "delegate";
export const inBackground = "spawn";

/** What hands on work; gone where nothing may be handed on any more. */
export const delegationTools = { delegate: "delegate_task", spawn: "spawn", spawned: "spawned" } as const;

export interface Beginning {
  readonly task: string;
  readonly description: string;
  readonly target: Target;
  readonly background: boolean;
}

export interface Begun {
  readonly agent: SubAgent;
  readonly session: string;
  readonly receipt: Receipt;
}

export type Begin = (context: ToolContext, beginning: Beginning) => Promise<Begun>;

/** Puts a task on the line as the first message of a new session. Throws `limit` when there is no room for it. */
export function beginner(options: BeginOptions): Begin {
  /** By conversation: on their way into the journal. */
  const starting = new Map<string, number>();
  return async (context, beginning) => {
    const caller = callerOf(context);
    const root = caller.delegated?.agent?.root ?? context.session;
    const count = activeIn(options.open(), root) + (starting.get(root) ?? 0);
    if (count >= mostAtOnce) {
      const what = `concurrency limit reached: ${count} active spawns (max ${mostAtOnce})`;
      throw new WeftError("limit", `${what}. Wait for one to end, or stop one`);
    }
    const { agent, inbound } = messageOf(options, { context, caller, root }, beginning);
    starting.set(root, (starting.get(root) ?? 0) + 1);
    try {
      const receipt = await options.line().receive(inbound);
      if (beginning.background) caller.reserve(agent.limits.outputTokens);
      return { agent, session: inbound.session, receipt };
    } finally {
      const left = (starting.get(root) ?? 1) - 1;
      if (left === 0) starting.delete(root);
      else starting.set(root, left);
    }
  };
}

export function callerOf({ caller }: ToolContext): Caller {
  if (!caller) throw new WeftError("internal", "a sub-agent without a turn that asks for it");
  return caller;
}

/** How deep a sub-agent of this caller would be; `maxDepth` is the last that may be begun. */
export function depthBelow({ delegated }: Caller): number {
  return (delegated?.depth ?? 0) + 1;
}

function activeIn(open: readonly JournalTurn[], root: string): number {
  return open.filter(({ inbound, reply }) => inbound.delegated?.agent?.root === root && !reply).length;
}

interface Place {
  readonly context: ToolContext;
  readonly caller: Caller;
  readonly root: string;
}

function messageOf(
  options: BeginOptions,
  { context, caller, root }: Place,
  { task, description, target, background }: Beginning,
): { readonly agent: SubAgent; readonly inbound: Inbound } {
  const unique = options.newId();
  const id = unique.slice(0, 8);
  const depth = depthBelow(caller);
  const maxOutputTokens = Math.min(options.maxTokens, caller.maxOutputTokens);
  const agent: SubAgent = {
    id,
    parent: context.session,
    root,
    actor: context.actor,
    tools: toolsBelow(options, caller, depth),
    limits: limitsBelow(options, caller, background),
    description,
    instructions: target.flow ? `${instructions} ${flowInstructions}` : instructions,
    ...(target.fallback !== undefined && { fallback: target.fallback }),
    ...(background && { answerTo: caller.from }),
  };
  const inbound: Inbound = {
    id: unique,
    from: { channel: background ? inBackground : waitedFor, chat: id },
    sender: context.actor.sender,
    session: sessionBelow(context.session, id),
    parts: [{ type: "text", text: task }],
    at: options.now(),
    // Whoever waits is gone after a crash, and hears that the outcome is unknown.
    durable: background,
    settings: { model: target.model, maxOutputTokens },
    delegated: { depth, agent },
    ...(!caller.kept && { history: [] }),
  };
  return { agent, inbound };
}

const instructions = `You are a sub-agent: another agent gave you the one task that follows, and only your last answer
goes back to it. Nobody can answer questions: decide yourself, and say what you assumed. Do the task with your tools, then
answer briefly and completely: what you found or changed, with paths and numbers, and what you could not do.`;

const flowInstructions = `Split the task into parts that can stand alone, hand each to ${delegationTools.delegate}, and
join their answers.`;

/** Never more than the caller has. */
function toolsBelow({ excludedTools }: BeginOptions, { tools }: Caller, depth: number): string[] {
  // A sub-agent has ended before a background agent of its own could tell it anything.
  const handsOn: readonly string[] =
    depth < maxDepth ? [delegationTools.spawn, delegationTools.spawned] : Object.values(delegationTools);
  return tools.filter(
    (name) => !handsOn.includes(name) && !excludedTools.some((pattern) => nameMatches(pattern, name)),
  );
}

/** Whoever waits keeps some time to say what came of it. */
const shareOfTime = 0.9;
/** What runs in the background is paid in advance; the caller and its next agents need something too. */
const shareOfTokens = 1 / mostAtOnce;

function limitsBelow({ maxTurns, maxTokens }: BeginOptions, caller: Caller, background: boolean): AgentLimits {
  const left = caller.left();
  const limits = {
    rounds: Math.min(maxTurns, left.rounds),
    outputTokens: Math.min(maxTurns * maxTokens, Math.floor(left.outputTokens * (background ? shareOfTokens : 1))),
    ms: background ? left.ms : left.ms * shareOfTime,
  };
  const missing = limits.rounds < 1 ? "rounds of tools" : limits.outputTokens < 1 ? "tokens" : undefined;
  if (missing === undefined) return limits;
  throw new WeftError("limit", `this turn has no ${missing} left for a sub-agent: answer with what you have`);
}

/** Readable where the parent's name is short; the parent stands in the message anyway. */
function sessionBelow(parent: string, id: string): string {
  return subSessionPrefix(/^[\w:.@+-]{1,60}$/.test(parent) ? parent : "agent") + id;
}
