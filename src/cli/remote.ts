import type { Loaded } from "../config/load.ts";
import type { TurnEvent } from "../core/channel.ts";
import { type ErrorCode, WeftError } from "../core/error.ts";
import { isJsonObject, objectIn } from "../core/json.ts";
import type { Platform } from "../core/platform.ts";
import { sseDecoder } from "../lib/sse.ts";
import type { Conversation, Question } from "./conversation.ts";
import { runningGateway } from "./running-gateway.ts";

export interface RemoteOptions {
  readonly platform: Platform;
  /** Of the gateway, without a path. */
  readonly url: string;
  readonly token: string;
  /** No turn takes longer; then the gateway is given up. */
  readonly longestMs: number;
}

/** Talks to the gateway that owns the workspace. */
export function remoteConversation(options: RemoteOptions): Conversation {
  return {
    about: `the gateway at ${options.url}`,
    send: (question, signal) => ask(options, question, signal),
    close: async () => {},
  };
}

async function* ask(options: RemoteOptions, question: Question, outer: AbortSignal): AsyncGenerator<TurnEvent> {
  const late = AbortSignal.timeout(options.longestMs);
  const response = await post(options, question, AbortSignal.any([outer, late]));
  const decoder = new TextDecoder();
  const events = sseDecoder(64 * 1024 * 1024);
  const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader();
  for (;;) {
    const { done, value } = await read(reader, { outer, late, url: options.url });
    if (done) break;
    for (const data of events.push(decoder.decode(value, { stream: true }))) {
      if (data === "[DONE]") return;
      // Our own gateway of our own version speaks here: its events are what their type says.
      const event = JSON.parse(data) as TurnEvent | { readonly error: unknown };
      if ("error" in event) throw errorOf(event, 500);
      yield event;
    }
  }
  throw new WeftError("unavailable", `the gateway at ${options.url} went away before its answer was complete`);
}

function post({ platform, url, token }: RemoteOptions, question: Question, signal: AbortSignal): Promise<Response> {
  const { text, session, model } = question;
  const body = JSON.stringify({
    stream: true,
    messages: [{ role: "user", content: text }],
    ...(model !== undefined && { model }),
  });
  return checked(
    platform.fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "x-weft-session": session,
        "x-weft-events": "1",
      },
      body,
      signal,
      connectTimeoutMs: 5000,
    }),
  );
}

export interface Wanted {
  readonly method: "GET" | "POST" | "DELETE";
  /** With its leading slash. */
  readonly path: string;
}

/** What the gateway of this workspace answers; undefined when none runs, or only it knows its token. */
export async function askGateway(platform: Platform, loaded: Loaded, wanted: Wanted): Promise<Response | undefined> {
  const gateway = await runningGateway(platform, loaded);
  if (!gateway?.token) return undefined;
  return await checked(
    platform.fetch(`${gateway.url}${wanted.path}`, {
      method: wanted.method,
      headers: { authorization: `Bearer ${gateway.token}` },
      signal: AbortSignal.timeout(10_000),
    }),
  );
}

/** Throws the gateway's refusal as the error that it was there. */
export async function checked(answer: Promise<Response>): Promise<Response> {
  const response = await answer;
  if (response.ok) return response;
  let body: unknown;
  try {
    body = await response.json();
  } catch {
    body = undefined;
  }
  throw errorOf(body, response.status);
}

function errorOf(body: unknown, status: number): WeftError {
  const { message } = isJsonObject(body) ? objectIn(body, "error") : {};
  return new WeftError(
    codes[status] ?? "internal",
    typeof message === "string" ? message : `the gateway answered ${status}`,
  );
}

const codes: Readonly<Record<number, ErrorCode>> = {
  400: "usage",
  401: "auth",
  403: "refused",
  404: "missing",
  409: "aborted",
  413: "usage",
  429: "limit",
  502: "unavailable",
  503: "unavailable",
  504: "timeout",
  507: "full",
};

interface Watch {
  readonly outer: AbortSignal;
  readonly late: AbortSignal;
  readonly url: string;
}

async function read(
  reader: { read(): Promise<{ done: false; value: Uint8Array } | { done: true; value?: undefined }> },
  { outer, late, url }: Watch,
) {
  try {
    return await reader.read();
  } catch (error) {
    if (outer.aborted) throw WeftError.from(outer.reason);
    if (late.aborted) throw new WeftError("timeout", `the gateway at ${url} did not finish its answer in time`);
    throw error;
  }
}
