import type { WeftError } from "../core/error.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { Fetched } from "../core/platform.ts";
import { piecesOf, readUpTo } from "../lib/body.ts";
import { lineSplitter } from "../lib/lines.ts";
import { sseDecoder } from "../lib/sse.ts";
import { plainText, providerError, quoted, statusError } from "./provider-error.ts";
import { type Watchdog, watchdog } from "./watchdog.ts";
import type { WireOptions } from "./wire.ts";

/** One request to a provider, in its protocol's words. */
export interface Ask {
  /** After the base URL, for example `/chat/completions`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** See `ProviderRequest`. */
  readonly keyIn: string;
  readonly body: JsonObject;
  /** Goes into `body` under that name: a list as JSON text. */
  readonly tools?: string | undefined;
  /** Keys of `body` that the model can do without: left out when the provider refuses the request for them. */
  readonly droppable: readonly string[];
  /** `sse` server-sent events · `lines` a JSON value in each line */
  readonly format: "sse" | "lines";
}

/** No answer of a model is this large. */
const mostBytes = 16 * 1024 * 1024;

/**
 * Sends the request and yields each JSON object of the answer as it arrives. Throws WeftError: what the status says
 * (`providerError`), `timeout` when one of the time limits passes, `unavailable` when the answer is cut or is no JSON.
 */
export async function* exchange(options: WireOptions, ask: Ask, signal: AbortSignal): AsyncGenerator<JsonObject> {
  const watch = watchdog(options, signal);
  try {
    const response = await send(options, ask, watch);
    yield* isJson(response) && ask.format === "sse"
      ? wholeAnswer(options, response, watch)
      : events(options, { response, format: ask.format }, watch);
  } catch (error) {
    throw watch.reasonFor(error);
  } finally {
    watch.end();
  }
}

async function send(options: WireOptions, ask: Ask, watch: Watchdog): Promise<Fetched> {
  let { body } = ask;
  for (;;) {
    const response = await options.door.fetch(options.url + ask.path, {
      method: "POST",
      headers: { "content-type": "application/json", ...ask.headers },
      keyIn: ask.keyIn,
      body: bodyText(body, ask),
      signal: watch.signal,
      connectTimeoutMs: options.timeouts.connectMs,
    });
    if (response.ok) return expectNoPage(options, response);
    const text = await textOf(response, 64 * 1024);
    const without = response.status === 400 || response.status === 422 ? withoutRefused(ask, body, text) : undefined;
    if (!without) throw statusError(options, response, text);
    body = without;
  }
}

function bodyText(body: JsonObject, { tools }: Ask): string {
  const text = JSON.stringify(body);
  return tools === undefined ? text : `${text.slice(0, -1)},"tools":${tools}}`;
}

/** The body without the first droppable key that the refusal names; undefined when it names none. */
function withoutRefused({ droppable }: Ask, body: JsonObject, refusal: string): JsonObject | undefined {
  const named = droppable.find((key) => key in body && refusal.includes(key));
  if (named === undefined) return undefined;
  const { [named]: _refused, ...rest } = body;
  return rest;
}

async function expectNoPage(options: WireOptions, response: Fetched): Promise<Fetched> {
  const type = response.headers.get("content-type") ?? "";
  if (!/html|xml/i.test(type)) return response;
  const text = await textOf(response, 2048);
  const words = quoted(options, plainText(text), 120);
  const problem = `answered with a web page (${JSON.stringify(words)}) instead of a model's answer: is the address ${options.url} right?`;
  throw providerError(options, { code: "unavailable", problem });
}

function isJson(response: Fetched): boolean {
  return /^application\/json\b/i.test(response.headers.get("content-type") ?? "");
}

/** Some servers answer in one piece though a stream was asked for. */
async function* wholeAnswer(options: WireOptions, response: Fetched, watch: Watchdog): AsyncGenerator<JsonObject> {
  const text = await textOf(response, mostBytes);
  watch.alive();
  for (const value of parsed(options, text)) yield value;
}

interface Answer {
  readonly response: Fetched;
  readonly format: Ask["format"];
}

async function* events(options: WireOptions, answer: Answer, watch: Watchdog): AsyncGenerator<JsonObject> {
  const decoder = answer.format === "sse" ? sseDecoder(mostBytes) : lineDecoder();
  for await (const text of textPieces(options, answer.response)) {
    for (const event of guarded(options, () => decoder.push(text))) {
      watch.alive();
      for (const value of parsed(options, event)) yield value;
    }
  }
  for (const event of decoder.end()) for (const value of parsed(options, event)) yield value;
}

function lineDecoder() {
  const lines = lineSplitter(mostBytes);
  return { push: (text: string) => lines.push(text), end: () => [lines.rest()] };
}

function guarded(options: WireOptions, read: () => string[]): string[] {
  try {
    return read();
  } catch (error) {
    throw providerError(options, { code: "unavailable", problem: `sent ${(error as RangeError).message}` });
  }
}

/** `[DONE]` and empty events say nothing; anything else must be a JSON object. */
function parsed(options: WireOptions, event: string): JsonObject[] {
  const text = event.trim();
  if (text === "" || text === "[DONE]") return [];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (isJsonObject(value)) return [value];
  const problem = `sent something that is not JSON: ${JSON.stringify(quoted(options, text, 120))}`;
  throw providerError(options, { code: "unavailable", problem });
}

async function* textPieces(options: WireOptions, response: Fetched): AsyncGenerator<string> {
  const pieces = piecesOf(response);
  const decoder = new TextDecoder();
  let bytes = 0;
  try {
    for (let piece = await pieces?.read(); piece; piece = await pieces?.read()) {
      bytes += piece.length;
      if (bytes > mostBytes) {
        throw providerError(options, { code: "unavailable", problem: `sent more than ${mostBytes / 1024 / 1024} MB` });
      }
      yield decoder.decode(piece, { stream: true });
    }
    yield decoder.decode();
  } finally {
    pieces?.cancel();
  }
}

async function textOf(response: Fetched, limit: number): Promise<string> {
  return new TextDecoder().decode((await readUpTo(response, limit)).bytes);
}

/** The answer stopped before its end mark. */
export function cutOff(options: WireOptions): WeftError {
  return providerError(options, {
    code: "unavailable",
    problem: "closed the connection in the middle of its answer",
  });
}
