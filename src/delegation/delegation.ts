import type { Deliverer } from "../core/channel.ts";
import type { BackgroundAgent, BackgroundAgents } from "../core/delegation.ts";
import { WeftError } from "../core/error.ts";
import type { JournalTurn } from "../core/journal.ts";
import type { Tool } from "../core/tool.ts";
import { answers } from "./answers.ts";
import { type BeginOptions, beginner } from "./begin.ts";
import { delegateTask } from "./delegate-task.ts";
import { spawn, spawned } from "./spawn.ts";
import { claudeModelId, type TargetOptions, targetChooser } from "./target.ts";

export interface DelegationOptions extends BeginOptions, TargetOptions {
  /** False in a process that does not stay to hear an answer. */
  readonly stays: boolean;
}

export interface Delegation {
  readonly tools: readonly Tool[];
  readonly background: BackgroundAgents;
}

/** The tools that begin sub-agents. Throws `config` when `delegation.claude_model` is no model. */
export function createDelegation(options: DelegationOptions): Delegation {
  checkClaude(options);
  const begin = beginner(options);
  const choose = targetChooser(options);
  const background = backgroundAgents(options);
  const stopSession = (session: string) => void options.line().stop(session);
  return {
    tools: [
      delegateTask({ begin, choose }),
      spawn({ begin, choose, stopSession, stays: options.stays }),
      spawned(background, options.now),
    ],
    background,
  };
}

/** Where the answers of background agents go; stays while the program runs. */
export function answersOf(options: Pick<DelegationOptions, "line" | "open" | "now">): Deliverer {
  return answers(options);
}

/** A missing key is told when it is missed; a name that can never work is told now. */
function checkClaude(options: TargetOptions): void {
  if (!options.claudeEnabled) return;
  try {
    options.checkModel(claudeModelId(options));
  } catch (thrown) {
    const error = WeftError.from(thrown);
    if (error.code !== "config") return;
    throw new WeftError("config", `delegation.claude_model: ${error.message}`, { cause: error });
  }
}

function backgroundAgents({ line, open }: Pick<DelegationOptions, "line" | "open">): BackgroundAgents {
  const list = (session: string) => open().flatMap((turn) => describe(turn, session) ?? []);
  return {
    list,
    stop(session, id) {
      const agent = list(session).find((each) => each.id === id);
      return agent !== undefined && line().stop(agent.session);
    },
  };
}

function describe({ inbound, entries, reply }: JournalTurn, session: string): BackgroundAgent | undefined {
  const agent = inbound.delegated?.agent;
  if (!agent?.answerTo || agent.parent !== session || reply) return undefined;
  const rounds = entries.filter((entry) => entry.type === "message" && entry.message.role === "assistant").length;
  const { id, description } = agent;
  const model = inbound.settings?.model ?? "";
  return { id, session: inbound.session, description, model, rounds, startedAt: inbound.at };
}
