import type { Inbound, Reply, TurnEvent } from "../core/channel.ts";
import { WeftError } from "../core/error.ts";
import type { Receipt } from "../core/line.ts";
import {
  apiErrorOf,
  type Checked,
  errorBody,
  errorResponse,
  invalidRequest,
  isWorthRetrying,
  jsonResponse,
} from "./api-error.ts";
import { readJson } from "./body.ts";
import { type ChunkHead, completionOf, eventFrames, nextEvent, openAiFrames } from "./chat-frames.ts";
import { ignoredParameters, lastMessage, ownConversation, parseChatRequest, settingsOf } from "./chat-request.ts";
import type { Exchange, GatewayOptions } from "./exchange.ts";
import { namedModel, unknownModel } from "./models.ts";
import { type ChatRequest, headerNames } from "./protocol.ts";
import { type SseBody, sseBody, sseFrame } from "./sse.ts";
import { within } from "./within.ts";

const bodyWithinMs = 30_000;
const keepAliveMs = 15_000;
/** A stream whose turn fails within this time gets the failure as its HTTP status, which the SDKs understand best. */
const statusOpenMs = 10_000;

/** POST /v1/chat/completions */
export async function chat(options: GatewayOptions, exchange: Exchange): Promise<Response> {
  const { limits, models, timer } = options;
  const { headers } = exchange.request;
  const body = await readJson(exchange.request, { maxBodyBytes: limits.maxBodyBytes, withinMs: bodyWithinMs, timer });
  if (body.refused) return errorResponse(body.refused);
  const parsed = parseChatRequest(body.value);
  if (parsed.refused) return errorResponse(parsed.refused);
  const request = parsed.value;
  const unknown = unknownModel(models, request.model);
  if (unknown) return errorResponse(unknown);
  const inbound = inboundOf(options, request, headers);
  if (inbound.refused) return errorResponse(inbound.refused);
  const receipt = await options.line.receive(inbound.value);
  const talk: Talk = { options, exchange, request, receipt, durable: inbound.value.durable };
  const wantsEvents = headers.get(headerNames.events) === "1";
  return await (wantsEvents || request.stream ? streamed(talk, wantsEvents) : whole(talk));
}

interface Talk {
  readonly options: GatewayOptions;
  readonly exchange: Exchange;
  readonly request: ChatRequest;
  readonly receipt: Receipt;
  readonly durable: boolean;
}

function inboundOf(options: GatewayOptions, request: ChatRequest, headers: Headers): Checked<Inbound> {
  const kept = keptSession(options, headers);
  if (kept.refused) return kept;
  const key = headers.get(headerNames.idempotencyKey);
  if (key !== null && !/^[\x21-\x7e]{1,255}$/.test(key)) {
    const problem = `${headerNames.idempotencyKey} must be 1 to 255 visible ASCII characters`;
    return { refused: invalidRequest(problem, headerNames.idempotencyKey) };
  }
  const at = options.now();
  const session = kept.value ?? `http:${options.randomId()}`;
  // A key holds within its conversation; it has no space in it, so no two scopes meet.
  const scope = kept.value === undefined ? "" : `${kept.value} `;
  return {
    value: {
      id: key === null ? options.randomId() : `${scope}${key}`,
      from: { channel: "http", chat: session.startsWith("http:") ? session.slice("http:".length) : session },
      sender: request.user || "owner",
      session,
      at,
      durable: key !== null,
      settings: settingsOf(request, namedModel(request.model)),
      ...(kept.value === undefined ? ownConversation(request, at) : { parts: lastMessage(request) }),
    },
  };
}

/** The session that weft keeps for this client; undefined when the request brings its own conversation. */
function keptSession({ checkSession }: GatewayOptions, headers: Headers): Checked<string | undefined> {
  const id = headers.get(headerNames.sessionId);
  const session = headers.get(headerNames.sessionKey) ?? (id === null ? undefined : `http:${id}`);
  if (session === undefined) return { value: undefined };
  if (id === "") return { refused: invalidRequest(`${headerNames.sessionId} is empty`, headerNames.sessionId) };
  try {
    checkSession(session);
    return { value: session };
  } catch (error) {
    const { code, message } = WeftError.from(error);
    if (code !== "invalid") throw error;
    return { refused: invalidRequest(message, headerNames.sessionId) };
  }
}

async function whole(talk: Talk): Promise<Response> {
  const events = talk.receipt.events[Symbol.asyncIterator]();
  const unwatch = watchClient(talk.exchange.request.signal, () => abandon(talk));
  let acted = false;
  try {
    for (;;) {
      const event = await nextEvent(events);
      if (event.type === "tool") acted = true;
      if (event.type !== "reply") continue;
      if (event.reply.error) return failedResponse(talk, event.reply, acted);
      return jsonResponse(completionOf(event.reply, headOf(talk)), headersOf(talk, event.reply));
    }
  } finally {
    unwatch();
  }
}

async function streamed(talk: Talk, wantsEvents: boolean): Promise<Response> {
  const { options, receipt, exchange } = talk;
  const events = peekable(receipt.events[Symbol.asyncIterator]());
  let body: SseBody | undefined;
  const unwatch = watchClient(exchange.request.signal, () => (body ? body.leave() : abandon(talk)));
  const first = wantsEvents ? undefined : await within(events.peek(), statusOpenMs, options.timer);
  const reply = first?.done === false && first.value.type === "reply" ? first.value.reply : undefined;
  if (reply?.error) {
    unwatch();
    return failedResponse(talk, reply, false);
  }
  body = sseBody(wantsEvents ? eventFrames(events, options.redact) : openAiFrames(events, headOf(talk)), {
    idleMs: keepAliveMs,
    timer: options.timer,
    failed: (thrown) => brokenFrame(talk, thrown),
    ended: (how) => {
      unwatch();
      if (how === "gone") leaveEarly(talk, events);
    },
  });
  if (exchange.request.signal.aborted) body.leave();
  const headers = { "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no" };
  return new Response(body.stream, { headers: { ...headers, ...headersOf(talk, reply) } });
}

function failedResponse(talk: Talk, reply: Reply, acted: boolean): Response {
  const { code, message, retryAfterMs } = reply.error ?? { code: "internal" as const, message: "no reason was given" };
  const error = apiErrorOf({ code, message: talk.options.redact(message), retryAfterMs });
  // A second try would repeat what tools did; and under the same key it would get this very answer.
  const mayRetry = isWorthRetrying(error) && !acted && !talk.durable;
  return errorResponse({ ...error, headers: headersOf(talk) }, mayRetry);
}

function brokenFrame({ options, exchange }: Talk, thrown: unknown): string {
  const error = WeftError.from(thrown);
  options.bus.publish({ type: "failure", where: "gateway", error });
  const message = `weft made a mistake; its log has more under request ${exchange.requestId}`;
  return sseFrame(errorBody(apiErrorOf({ code: "internal", message })));
}

function headOf({ options, request, receipt }: Talk): ChunkHead {
  return {
    id: `chatcmpl-${receipt.turn}`,
    created: Math.floor(options.now() / 1000),
    model: request.model || options.models.defaultId,
    includeUsage: request.stream_options?.include_usage === true,
    redact: options.redact,
  };
}

function headersOf({ exchange, request, receipt }: Talk, reply?: Reply): Record<string, string> {
  const headers: Record<string, string> = { [headerNames.turn]: receipt.turn };
  const id = exchange.request.headers.get(headerNames.sessionId);
  if (id !== null) headers[headerNames.sessionId] = id;
  if (reply?.model) headers[headerNames.model] = reply.model;
  if (receipt.duplicate) headers[headerNames.replayed] = "true";
  const ignored = ignoredParameters(request);
  if (ignored.length > 0) headers[headerNames.ignored] = ignored.join(", ");
  return headers;
}

/** Calls `gone` when the client leaves, until the function it returns is called. */
function watchClient(signal: AbortSignal, gone: () => void): () => void {
  if (signal.aborted) {
    gone();
    return () => {};
  }
  signal.addEventListener("abort", gone, { once: true });
  return () => signal.removeEventListener("abort", gone);
}

function abandon({ options, exchange, receipt }: Talk): void {
  receipt.abandon();
  const fields = { request: exchange.requestId, turn: receipt.turn };
  options.bus.publish({ type: "log", level: "info", message: "the client went away before its answer", fields });
}

function leaveEarly(talk: Talk, events: AsyncIterator<TurnEvent>): void {
  abandon(talk);
  // Resolves with the turn's next event, whose reader then is released.
  events.return?.().catch((thrown: unknown) => {
    talk.options.bus.publish({ type: "failure", where: "gateway", error: WeftError.from(thrown) });
  });
}

interface Peekable<T> extends AsyncIterator<T> {
  /** What `next` will give. */
  peek(): Promise<IteratorResult<T>>;
}

function peekable<T>(source: AsyncIterator<T>): Peekable<T> {
  let peeked: Promise<IteratorResult<T>> | undefined;
  return {
    peek() {
      peeked ??= source.next();
      return peeked;
    },
    next() {
      const next = peeked ?? source.next();
      peeked = undefined;
      return next;
    },
    return: async () => (await source.return?.()) ?? { done: true, value: undefined },
  };
}
