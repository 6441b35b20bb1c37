/** From the least to the worst; `high` and `critical` make `weft security scan` fail. */
export const severities = ["info", "low", "medium", "high", "critical"] as const;
export type Severity = (typeof severities)[number];

export const categories = [
  "prompt-injection",
  "indirect-injection",
  "exfiltration",
  "credential-literal",
  "permission-escalation",
  "unsafe-shell",
  "supply-chain",
  "denial-of-service",
  "information-disclosure",
  "cross-agent-access",
  "configuration",
  "workspace",
] as const;
export type Category = (typeof categories)[number];

/** What is looked for. */
export interface Check {
  /** Never changes its meaning: configurations name it. */
  readonly id: string;
  readonly severity: Severity;
  readonly category: Category;
  /** What it is and why that is bad, in one sentence. */
  readonly what: string;
  /** What to do about it. */
  readonly mend: string;
}

/**
 * What a file is for. `instructions`: an agent obeys it · `memory`: an agent remembers it · `session`: a conversation or a
 * log of weft · `document`: everything else that people read.
 */
export type Role = "instructions" | "script" | "manifest" | "config" | "memory" | "session" | "document";

export const everywhere: readonly Role[] = [
  "instructions",
  "script",
  "manifest",
  "config",
  "memory",
  "session",
  "document",
];
/** Where words can reach a model, or a person who does as he reads. */
export const worded: readonly Role[] = ["instructions", "script", "manifest", "memory", "document"];

/** A file as the checks see it. Offsets count UTF-16 units. */
export interface TextDocument {
  /** Seen from the folder that is scanned. */
  readonly path: string;
  readonly role: Role;
  /** It belongs to a skill. */
  readonly inSkill: boolean;
  readonly text: string;
  /** As a reader takes it: without invisible characters, lookalike letters as what they look like. */
  readonly plain: string;
  /** `plain` in lower case. */
  readonly lower: string;
}

/**
 * A check by patterns. Each pattern has an upper bound to what it can match and to the ways of matching it, so that no
 * text takes long; `test/security/scan-patterns.test.ts` holds all of them to that.
 */
export interface TextCheck extends Check {
  readonly roles: readonly Role[];
  /** In lower case; where none of them is in the text, nothing is looked for. Empty: always. */
  readonly near: readonly string[];
  readonly find: readonly RegExp[];
  /** Whether what was found is meant. */
  readonly confirm?: (match: RegExpExecArray, document: TextDocument) => boolean;
  /** So many in one file, or it means nothing. */
  readonly least?: number;
  /** In documents, code and quotes that explain it are common: there it is of low severity. */
  readonly quotable?: true;
  /** What was found is itself a secret. */
  readonly secret?: true;
  /** Seen in the text as it is written, invisible characters included. */
  readonly raw?: true;
}

export interface Finding {
  readonly check: Check;
  readonly severity: Severity;
  /** Absolute. */
  readonly path: string;
  /** From 1; absent where the file or folder as a whole is meant. */
  readonly line?: number;
  /** From 1, in UTF-16 units. */
  readonly column?: number;
  /** On its line, in UTF-16 units. */
  readonly length?: number;
  /** What was found, with secrets masked and made harmless. */
  readonly excerpt?: string;
  /** What the check alone does not say. */
  readonly note?: string;
  /** The permission bits that would mend it. */
  readonly mode?: number;
}

export function isAtLeast(severity: Severity, least: Severity): boolean {
  return severities.indexOf(severity) >= severities.indexOf(least);
}

/** Whether a scan with this finding fails. */
export function isGrave({ severity }: Pick<Finding, "severity">): boolean {
  return isAtLeast(severity, "high");
}
