import type { Usage } from "./model.ts";

/**
 * The closed set of what can go wrong; programs read `code`, people read `message`.
 *
 * - `usage` wrong command line or request · `config` the configuration is wrong or incomplete
 * - `auth` a provider refused the key · `unavailable` a provider or peer cannot be reached or is broken
 * - `limit` too many requests (see `retryAfterMs`) · `overflow` the prompt is longer than the model's context
 * - `refused` policy said no · `budget` there is no money for it (until `retryAfterMs`)
 * - `timeout` a time limit passed · `aborted` somebody stopped it
 * - `invalid` foreign data that cannot be read · `missing` it does not exist · `conflict` it exists or is in use
 * - `full` the disk is full or read-only · `internal` a mistake of ours
 */
export type ErrorCode =
  | "usage"
  | "config"
  | "auth"
  | "unavailable"
  | "limit"
  | "overflow"
  | "refused"
  | "budget"
  | "timeout"
  | "aborted"
  | "invalid"
  | "missing"
  | "conflict"
  | "full"
  | "internal";

export interface ErrorDetails {
  /** How long the other side asked us to wait, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
  /** What a call of a model has cost although it failed. */
  readonly usage?: Usage | undefined;
}

export class WeftError extends Error {
  readonly code: ErrorCode;
  readonly retryAfterMs: number | undefined;
  readonly usage: Usage | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "WeftError";
    this.code = code;
    this.retryAfterMs = details.retryAfterMs;
    this.usage = details.usage;
  }

  /** Anything thrown, as a WeftError; what is not ours is `internal`, an abort is `aborted`. */
  static from(thrown: unknown): WeftError {
    if (thrown instanceof WeftError) return thrown;
    if (thrown instanceof Error) {
      if (thrown.name === "AbortError") return new WeftError("aborted", "stopped", { cause: thrown });
      if (thrown.name === "TimeoutError") return new WeftError("timeout", thrown.message, { cause: thrown });
      return new WeftError("internal", thrown.message, { cause: thrown });
    }
    return new WeftError("internal", String(thrown));
  }
}
