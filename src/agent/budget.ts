import type { AgentLimits, Caller } from "../core/delegation.ts";
import type { Usage } from "../core/model.ts";

/** What a turn may use up, and what is left of it. */
export interface Budget {
  /** True for a sub-agent: its model is stopped before it writes more than this. */
  readonly firm: boolean;
  /** Output tokens of all its answers and of its sub-agents together. */
  readonly outputTokens: number;
  /** Given away to agents that run in the background. */
  reserved: number;
}

export interface Spent {
  readonly usage: Usage;
  readonly rounds: number;
}

export function outputLeft(budget: Budget, { usage }: Pick<Spent, "usage">): number {
  return Math.max(0, budget.outputTokens - budget.reserved - usage.outputTokens);
}

/** No room for a whole answer and another round of tools. */
export function isUsedUp(budget: Budget, spent: Pick<Spent, "usage">, oneAnswer: number): boolean {
  return budget.firm && outputLeft(budget, spent) < oneAnswer;
}

export interface CallerOptions {
  readonly about: Pick<Caller, "from" | "model" | "maxOutputTokens" | "tools" | "kept" | "delegated">;
  readonly budget: Budget;
  readonly maxRounds: number;
  readonly leftMs: () => number;
  readonly spent: () => Spent;
  readonly spend: (usage: Usage) => void;
}

/** What the turn's tools learn of it. */
export function callerOf({ about, budget, maxRounds, leftMs, spent, spend }: CallerOptions): Caller {
  return {
    ...about,
    left: (): AgentLimits => {
      const { rounds, usage } = spent();
      return { rounds: Math.max(0, maxRounds - rounds), outputTokens: outputLeft(budget, { usage }), ms: leftMs() };
    },
    spend,
    reserve: (outputTokens) => {
      budget.reserved += outputTokens;
    },
  };
}
