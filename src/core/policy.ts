import type { JsonObject } from "./json.ts";
import type { Actor } from "./tool.ts";

export type Action =
  | { readonly kind: "tool"; readonly tool: string; readonly input: JsonObject }
  | { readonly kind: "command"; readonly command: string }
  | { readonly kind: "connect"; readonly host: string; readonly port: number; readonly target: Target };

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
  /** `reason` says what was refused and by which rule, `allow` how the owner would allow it. */
  | { readonly allowed: false; readonly reason: string; readonly allow: string };

/** The one place that says who may do what. Pure: same question, same answer. */
export interface Policy {
  decide(actor: Actor, action: Action): Decision;
}
