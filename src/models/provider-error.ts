import { type ErrorCode, WeftError } from "../core/error.ts";
import { isJsonObject, type Json } from "../core/json.ts";
import type { Usage } from "../core/model.ts";
import type { WireOptions } from "./wire.ts";

/** What went wrong at a provider. */
export interface ProviderFailure {
  readonly code: ErrorCode;
  /** After the model's name: "answered 500: …". */
  readonly problem: string;
  readonly retryAfterMs?: number | undefined;
  /** What the provider charges all the same. */
  readonly usage?: Usage | undefined;
}

/** Never shows the key, which some providers repeat in their messages; what is cut to fit is cut after `quoted`. */
export function providerError({ id, door }: WireOptions, failure: ProviderFailure): WeftError {
  const { code, problem, retryAfterMs, usage } = failure;
  return new WeftError(code, `${id} ${door.hide(problem)}`, { retryAfterMs, usage });
}

/** The beginning of what a provider said. Keys go before the rest does: half a key at the end would not be known for one. */
export function quoted({ door }: WireOptions, text: string, most: number): string {
  return door.hide(text).slice(0, most);
}

/** A quota that is used up is not back before somebody has paid. */
const quotaRestMs = 600_000;

/** The error for an answer whose status is not good. `body` is its beginning. */
export function statusError(options: WireOptions, response: Response, body: string): WeftError {
  const { status, headers } = response;
  const told = toldError(body);
  const message = told.message || quoted(options, plainText(body), 200) || "no reason given";
  const code = codeOf(status, `${told.kind} ${message}`);
  const retryAfterMs = retryAfterOf(headers, body) ?? (isQuota(status, told.kind) ? quotaRestMs : undefined);
  const hint = code === "auth" ? ". Check the key of this provider in the environment or the configuration" : "";
  return providerError(options, {
    code,
    problem: `answered ${status}: ${quoted(options, message, 500)}${hint}`,
    retryAfterMs,
  });
}

/** An error object inside an answer, for example an overload in the middle of a stream. */
export function errorInside(options: WireOptions, error: Json): WeftError {
  const told = toldError(JSON.stringify({ error }));
  const status = statusByKind.find(([pattern]) => pattern.test(told.kind))?.[1] ?? 500;
  const message = told.message || JSON.stringify(error);
  const code = codeOf(status, `${told.kind} ${message}`);
  return providerError(options, { code, problem: `broke off: ${quoted(options, message, 500)}` });
}

/** The providers' own words for what an HTTP status would say. */
const statusByKind: readonly (readonly [RegExp, number])[] = [
  [/rate_?limit|resource_exhausted|\b429\b|too_many/i, 429],
  [/authentication|permission|invalid_api_key|unauthenticated|\b40[13]\b/i, 401],
  [/not_found|\b404\b/i, 404],
  [/invalid_request|invalid_argument|invalid_prompt|context_length|\b400\b/i, 400],
];

function codeOf(status: number, text: string): ErrorCode {
  if (status === 401 || status === 403) return "auth";
  if (status === 402 || status === 429) return "limit";
  if (status === 404) return "missing";
  if (status === 408 || status === 409 || status === 425 || status >= 500)
    return isOverflow(text) ? "overflow" : "unavailable";
  if (status === 413 || isOverflow(text)) return "overflow";
  if (/api[ _]key (not valid|expired|invalid)|api_key_invalid/i.test(text)) return "auth";
  return "invalid";
}

function isOverflow(text: string): boolean {
  return overflows.some((pattern) => pattern.test(text));
}

/** How the providers say that the prompt is longer than the context. */
const overflows: readonly RegExp[] = [
  /context_length_exceeded|exceed_context_size|model_context_window/i,
  /(context|prompt|input|sequence)[^.]{0,40}(too long|too large|exceed|larger than|greater than|limit)/i,
  /(maximum|exceeds?|over|beyond)[^.]{0,40}(context|input tokens|prompt tokens|token limit|token count)/i,
  /too many (input )?tokens/i,
];

function isQuota(status: number, kind: string): boolean {
  return status === 402 || (status === 429 && /insufficient_quota|billing/i.test(kind));
}

interface Told {
  readonly message: string;
  /** Type, code and status of the error, as the provider names them. */
  readonly kind: string;
}

/** `{error: {message, type, code, status}}`, `{error: "…"}`, `{message}` or `{detail}`; Gemini wraps it in a list. */
function toldError(body: string): Told {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return { message: "", kind: "" };
  }
  const first: unknown = Array.isArray(value) ? value[0] : value;
  if (!isJsonObject(first)) return { message: "", kind: "" };
  const error = isJsonObject(first["error"]) ? first["error"] : first;
  const message = [error["message"], first["error"], first["message"], first["detail"]].find(
    (text) => typeof text === "string" && text !== "",
  );
  const kind = [error["type"], error["code"], error["status"]].filter((word) => typeof word !== "object").join(" ");
  return { message: String(message ?? (first["detail"] ? JSON.stringify(first["detail"]) : "")), kind };
}

export function plainText(body: string): string {
  return body
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

/** RFC 9110 section 10.2.3, OpenAI's `retry-after-ms`, and Google's RetryInfo in the body. */
function retryAfterOf(headers: Headers, body: string): number | undefined {
  const ms = Number(headers.get("retry-after-ms") ?? Number.NaN);
  if (Number.isFinite(ms) && ms >= 0) return ms;
  const value = headers.get("retry-after");
  if (value !== null && /^\d+(\.\d+)?$/.test(value.trim())) return Number(value) * 1000;
  const date = Date.parse(value ?? "");
  const sentAt = Date.parse(headers.get("date") ?? "");
  // Against the server's own clock: ours may be wrong.
  if (Number.isFinite(date) && Number.isFinite(sentAt)) return Math.max(0, date - sentAt);
  const google = /"retryDelay"\s*:\s*"(\d+(?:\.\d+)?)s"/.exec(body)?.[1];
  return google === undefined ? undefined : Number(google) * 1000;
}
