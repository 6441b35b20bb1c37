import type { Json, JsonObject } from "./json.ts";
import type { Actor } from "./tool.ts";

export type Action =
  | {
      readonly kind: "tool";
      readonly tool: string;
      /** Absent where only the name is known. */
      readonly effect?: "read" | "write" | undefined;
      readonly egress?: true | undefined;
      readonly input: JsonObject;
      /** Absent where no words of strangers can have led to it. */
      readonly after?: Aftermath | undefined;
    }
  | { readonly kind: "command"; readonly command: string; readonly facts: CommandFacts }
  /** Of a file tool, relative to the workspace. */
  | { readonly kind: "path"; readonly path: string; readonly effect: "read" | "write" }
  | {
      readonly kind: "connect";
      readonly host: string;
      readonly port: number;
      readonly target: Target;
      /** `model`: the owner configured this address. */
      readonly purpose: "tool" | "model";
    }
  /** `chosen`: the sender named it, it is not the configuration's choice. */
  | { readonly kind: "model"; readonly model: string; readonly chosen: boolean }
  /** What only admins do in a chat: `budgets`, `pairing`. */
  | { readonly kind: "manage"; readonly what: string };

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
  /** The host is not resolved yet; the same is asked again with each of its addresses. */
  readonly isPending?: true;
  /** A cloud service that hands out keys to who asks from inside. */
  readonly isMetadata: boolean;
  /** Whether `address` lies in a range like `10.0.0.0/8`; false without one. */
  isIn?(cidr: string): boolean;
}

/** What decided: a setting, and where its value comes from. */
export interface Rule {
  /** A key of the configuration. */
  readonly setting: string;
  /** A file, a variable of the environment, or "the default"; absent where nobody can say. */
  readonly origin?: string;
}

export type Decision = { readonly allowed: true; readonly reason: string; readonly rule: Rule } | Refusal;

/**
 * `reason` says what was refused and by which rule, `allow` how the owner would allow it.
 * `ask`: the user's word in the conversation is enough; where nobody can be asked it is a refusal like any other.
 */
export interface Refusal {
  readonly allowed: false;
  readonly reason: string;
  readonly rule: Rule;
  readonly allow: string;
  readonly ask?: true;
}

/** The whole of it, for who was refused. */
export function refusalText({ reason, rule, allow }: Refusal): string {
  const where = rule.origin === undefined ? "" : ` Rule: ${rule.setting}, ${rule.origin}.`;
  return `${reason}.${where} ${allow}`;
}

/** Tiers of models, from the cheapest on. */
export const tierRanks = ["free", "standard", "premium", "elite"] as const;
export type TierRank = (typeof tierRanks)[number];

export type Level = 0 | 1 | 2;

/** What somebody may use, after all layers of the configuration. */
export interface Permissions {
  /** 0 a stranger, 1 a known user, 2 an admin. */
  readonly level: Level;
  /** Lists of patterns; a tool's name must be in each of them. */
  readonly tools: readonly (readonly string[])[];
  readonly toolsDenied: readonly string[];
  /** Files and folders of the workspace that file tools do not see, or do not change. */
  readonly pathsDenied: readonly string[];
  readonly pathsReadOnly: readonly string[];
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
  /** Names of the owner's own, for tools that ask for them. */
  readonly custom: Readonly<Record<string, Json>>;
}

/** Somebody's permissions and what gave them. */
export interface Standing {
  readonly permissions: Permissions;
  /** Why this level, for people. */
  readonly why: string;
  /** The setting behind each permission; those that no setting changed are the level's own. */
  readonly from: Readonly<Partial<Record<keyof Permissions, string>>>;
}

/** The one place that says who may do what. Pure: same question, same answer. */
export interface Policy {
  decide(actor: Actor, action: Action): Decision;
  permissionsOf(actor: Actor): Permissions;
  standingOf(actor: Actor): Standing;
}
