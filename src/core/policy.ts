import type { JsonObject } from "./json.ts";
import type { Actor } from "./tool.ts";

export type Action =
  | {
      readonly kind: "tool";
      readonly tool: string;
      readonly input: JsonObject;
      /** Absent where no words of strangers can have led to it. */
      readonly after?: Aftermath | undefined;
    }
  | { readonly kind: "command"; readonly command: string; readonly facts: CommandFacts }
  | {
      readonly kind: "connect";
      readonly host: string;
      readonly port: number;
      readonly target: Target;
      /** `model`: the owner configured this address. */
      readonly purpose: "tool" | "model";
    };

/** What a command line would run, as far as that can be said before it does. */
export interface CommandFacts {
  /** Why it cannot be said; then the rest is empty. */
  readonly unreadable?: string;
  /** The line without quotes, one space between its words and operators. */
  readonly plain: string;
  /** Every command in it, also those within others. */
  readonly commands: readonly CommandFact[];
}

export interface CommandFact {
  /** Absent: the shell does it by itself, or a function of the line. */
  readonly program?: string;
  /** What each word, the program's name included, may become; a redirection has its operator and its file. */
  readonly words: readonly (readonly string[])[];
  /** Why even an allowed program may not do this. */
  readonly problem?: string;
}

/** What a turn has read before it calls a tool. */
export interface Aftermath {
  /** The tools that brought words of strangers. */
  readonly sources: readonly string[];
  /** What the call does, after "it". */
  readonly does: string;
  /** Where it would send something. */
  readonly host?: string;
}

/** What is known of where a connection leads. */
export interface Target {
  /** The resolved IP; absent when only a proxy can resolve the host. */
  readonly address?: string;
  /** The name of its range where that is not on the public Internet (RFC 6890). */
  readonly range?: string;
  /** A cloud service that hands out keys to who asks from inside. */
  readonly isMetadata: boolean;
}

export type Decision =
  | { readonly allowed: true }
  /**
   * `reason` says what was refused and by which rule, `allow` how the owner would allow it. `ask`: the user's word in
   * the conversation is enough; where nobody can be asked it is a refusal like any other.
   */
  | { readonly allowed: false; readonly reason: string; readonly allow: string; readonly ask?: true };

/** Tiers of models, from the cheapest on. */
export const tierRanks = ["free", "standard", "premium", "elite"] as const;
export type TierRank = (typeof tierRanks)[number];

/** What somebody may use, after all layers of the configuration. */
export interface Permissions {
  /** 0 a stranger, 1 a known user, 2 an admin. */
  readonly level: 0 | 1 | 2;
  /** Patterns of names. */
  readonly tools: readonly string[];
  readonly toolsDenied: readonly string[];
  readonly maxTier: TierRank;
  readonly modelAccess: readonly string[];
  readonly modelDenied: readonly string[];
  readonly mayChooseModel: boolean;
  readonly maxContextTokens: number;
  readonly maxOutputTokens: number;
  readonly mayStream: boolean;
  readonly mayEscalate: boolean;
  /** 0..1: how hard a question must be to go above the tier. */
  readonly escalationThreshold: number;
  /** Messages a minute; infinite = no limit. */
  readonly messagesPerMinute: number;
  /** In US dollars; infinite = no limit. */
  readonly dailyUsd: number;
  readonly monthlyUsd: number;
}

/** The one place that says who may do what. Pure: same question, same answer. */
export interface Policy {
  decide(actor: Actor, action: Action): Decision;
  permissionsOf(actor: Actor): Permissions;
}
