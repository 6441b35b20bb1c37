import type { Json } from "./json.ts";
import type { Actor } from "./tool.ts";

/** What entries are about; docs/audit.md has a line on each. */
export const auditKinds = [
  "model",
  "tool",
  "plugin",
  "refusal",
  "approval",
  "config",
  "login",
  "pairing",
  "gateway",
  "session",
  "memory",
  "budget",
  "chain",
] as const;
export type AuditKind = (typeof auditKinds)[number];

/** `begun`: on the disk before it was done; another entry says how it ended, unless we crashed. */
export const auditOutcomes = ["begun", "ok", "failed", "refused", "interrupted"] as const;
export type AuditOutcome = (typeof auditOutcomes)[number];

/** Texts may hold secrets and have any length: whoever writes the entry redacts and cuts them. */
export interface AuditEntry {
  readonly kind: AuditKind;
  /** `vendor/model`, the name of a tool, a path of the configuration, an address. */
  readonly subject: string;
  readonly outcome: AuditOutcome;
  readonly actor?: Actor;
  readonly session?: string;
  readonly turn?: string;
  /** The id of a tool call, to find the entries of one call by. */
  readonly call?: string;
  /** Arguments, or what was changed. */
  readonly detail?: Json;
  /** Why it was refused or failed, and by which rule. */
  readonly reason?: string;
  /** Whole numbers; `ms` for milliseconds, `…Tokens` for tokens. */
  readonly figures?: Readonly<Record<string, number>>;
}

/** The chain of what was done. Entries stand in it in the order of these calls. */
export interface Audit {
  /** Resolves when it is on the disk. Rejects when it cannot be written: then it is not in the chain. */
  record(entry: AuditEntry): Promise<void>;
  /** Resolves when no end of this process can lose it. Never rejects: on a full disk it is written later. */
  note(entry: AuditEntry): Promise<void>;
}

/** For what only looks. */
export const noAudit: Audit = { record: async () => {}, note: async () => {} };
