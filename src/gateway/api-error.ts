import type { ErrorCode } from "../core/error.ts";
import { headerNames } from "./protocol.ts";

/** A refusal or failure on its way to an OpenAI client. */
export interface ApiError {
  readonly status: number;
  readonly message: string;
  readonly type: "invalid_request_error" | "rate_limit_error" | "insufficient_quota" | "server_error";
  readonly code: string;
  /** The part of the request that is wrong, for example `messages.0.content`. */
  readonly param?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What comes of foreign data: the value, or why not. */
export type Checked<T> = { readonly value: T; readonly refused?: never } | { readonly refused: ApiError };

export function invalidRequest(message: string, param?: string): ApiError {
  return { ...rows.usage, message, param };
}

/** A failure of ours or of the turn, in the words of HTTP. */
export function apiErrorOf(error: Failure): ApiError {
  const { code, message, retryAfterMs } = error;
  const wait = retryAfterMs ?? (code === "limit" || code === "unavailable" ? 5000 : undefined);
  return { ...rows[code], message, retryAfterMs: wait };
}

export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfterMs?: number | undefined;
}

/** What the SDKs may repeat: nothing was done, and a later try may go through. */
export function isWorthRetrying({ status, code }: ApiError): boolean {
  if (code === rows.budget.code) return false;
  return status === 408 || status === 429 || status === 503;
}

export function errorBody({ message, type, code, param }: ApiError) {
  return { error: { message, type, param: param ?? null, code } };
}

export function errorResponse(error: ApiError, mayRetry = isWorthRetrying(error)): Response {
  const headers: Record<string, string> = { "content-type": "application/json", ...error.headers };
  if (error.retryAfterMs !== undefined)
    headers["retry-after"] = String(Math.max(1, Math.ceil(error.retryAfterMs / 1000)));
  if (error.status === 409 || error.status >= 500 || !mayRetry) headers[headerNames.shouldRetry] = String(mayRetry);
  return new Response(JSON.stringify(errorBody(error)), { status: error.status, headers });
}

export function jsonResponse(value: unknown, headers: Readonly<Record<string, string>> = {}, status = 200): Response {
  return new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json", ...headers } });
}

/** A key refused by a provider is 502, not 401: the client's own token is right. */
const rows: Readonly<Record<ErrorCode, Pick<ApiError, "status" | "type" | "code">>> = {
  usage: { status: 400, type: "invalid_request_error", code: "invalid_request" },
  config: { status: 500, type: "server_error", code: "configuration" },
  auth: { status: 502, type: "server_error", code: "provider_auth" },
  unavailable: { status: 503, type: "server_error", code: "unavailable" },
  limit: { status: 429, type: "rate_limit_error", code: "rate_limit_exceeded" },
  overflow: { status: 400, type: "invalid_request_error", code: "context_length_exceeded" },
  refused: { status: 403, type: "invalid_request_error", code: "refused" },
  // What OpenAI's clients know as money that is used up; they are told not to try again.
  budget: { status: 429, type: "insufficient_quota", code: "insufficient_quota" },
  timeout: { status: 504, type: "server_error", code: "timeout" },
  aborted: { status: 409, type: "invalid_request_error", code: "aborted" },
  invalid: { status: 502, type: "server_error", code: "invalid_response" },
  missing: { status: 404, type: "invalid_request_error", code: "not_found" },
  conflict: { status: 409, type: "invalid_request_error", code: "conflict" },
  full: { status: 507, type: "server_error", code: "storage_full" },
  internal: { status: 500, type: "server_error", code: "internal" },
};
