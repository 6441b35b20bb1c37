import type { Address } from "./address.ts";
import type { Usage } from "./model.ts";
import type { Actor } from "./tool.ts";

/** On a message that an agent wrote, not a person: a sub-agent's task, or a background agent's answer. */
export interface Delegated {
  /** Steps of delegation since a person's message; 1 for the first sub-agent and for its answer. */
  readonly depth: number;
  /** The sub-agent whose task this is; absent for an answer. */
  readonly agent?: SubAgent;
}

/** All that a sub-agent may do was decided when it was begun, and survives a restart with its message. */
export interface SubAgent {
  readonly id: string;
  /** The session whose turn began it. */
  readonly parent: string;
  /** The conversation with a person that all of this is for; agents are counted by it. */
  readonly root: string;
  /** For whom it works: policy decides as it would for the caller. */
  readonly actor: Actor;
  /** Names of the tools it may use. */
  readonly tools: readonly string[];
  readonly limits: AgentLimits;
  /** The model in place of the chosen one when that is not to be had. */
  readonly fallback?: string;
  /** A few words for people. */
  readonly description: string;
  /** Added to its system prompt. */
  readonly instructions: string;
  /** Where its answer goes as a message of its own; absent: the caller waits for it. */
  readonly answerTo?: Address;
}

export interface AgentLimits {
  readonly rounds: number;
  /** Written by the model in all its answers together. */
  readonly outputTokens: number;
  /** From its start, again after a restart. */
  readonly ms: number;
}

/** The turn that a tool is called from, as far as a sub-agent of it is concerned. */
export interface Caller {
  readonly from: Address;
  /** The model that answers in it, `vendor/model`. */
  readonly model: string;
  /** What one answer of it may hold. */
  readonly maxOutputTokens: number;
  readonly delegated?: Delegated;
  /** Names of its tools. */
  readonly tools: readonly string[];
  /** False when its sender keeps the conversation himself. */
  readonly kept: boolean;
  left(): AgentLimits;
  /** What a sub-agent has used counts as used by the caller. */
  spend(usage: Usage): void;
  /** Tokens that a background agent may use from now on are no longer the caller's. */
  reserve(outputTokens: number): void;
}

/** What the names of its sub-agents' sessions begin with, where its own is short and plain. */
export function subSessionPrefix(session: string): string {
  return `${session}:sub-`;
}

/** For people: see and stop what runs in the background. */
export interface BackgroundAgents {
  /** Those that turns of this session began. */
  list(session: string): BackgroundAgent[];
  /** False when this session has no such agent running. */
  stop(session: string, id: string): boolean;
}

export interface BackgroundAgent {
  readonly id: string;
  /** Its own session. */
  readonly session: string;
  readonly description: string;
  readonly model: string;
  /** Answers of its model so far; 0: it waits for its turn. */
  readonly rounds: number;
  /** Unix milliseconds. */
  readonly startedAt: number;
}
