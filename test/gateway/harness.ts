import { createHash, randomUUID } from "node:crypto";
import { request as httpRequest, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import OpenAI from "openai";
import { expect, onTestFinished } from "vitest";
import { noAudit } from "../../src/core/audit.ts";
import type { BusEvent } from "../../src/core/bus.ts";
import type { Inbound, Reply, TurnEvent } from "../../src/core/channel.ts";
import { WeftError } from "../../src/core/error.ts";
import type { Line } from "../../src/core/line.ts";
import { gatewayApp } from "../../src/gateway/app.ts";
import type { GatewayOptions } from "../../src/gateway/exchange.ts";
import { busMetrics } from "../../src/gateway/metrics.ts";
import { openApiDocument } from "../../src/gateway/openapi.ts";
import { eventHub } from "../../src/lib/event-hub.ts";

export const token = "a-token-for-tests";

/** One turn of the scripted line: the test says what happens in it. */
export interface Turn {
  readonly inbound: Inbound;
  push(event: TurnEvent): void;
  says(text: string): void;
  /** Ends the turn. */
  replies(reply?: Partial<Reply>): void;
}

export interface ScriptedLine extends Line {
  readonly received: Inbound[];
  readonly abandoned: string[];
  readonly stopped: string[];
}

/** A line whose turns follow a script; like the real one, it knows a message that comes twice. */
export function scriptedLine(script: (turn: Turn) => void | Promise<void>): ScriptedLine {
  const turns = new Map<string, ReturnType<typeof eventHub>>();
  const line: ScriptedLine = {
    received: [],
    abandoned: [],
    stopped: [],
    async receive(inbound) {
      line.received.push(inbound);
      const known = turns.get(inbound.id);
      const hub = known ?? eventHub();
      turns.set(inbound.id, hub);
      if (!known) await script(turnOf(inbound, hub.push));
      const abandon = () => {
        line.abandoned.push(inbound.session);
        const error = { code: "aborted" as const, message: "the sender went away" };
        if (!inbound.durable) hub.push({ type: "reply", reply: replyOf({ stop: "failed", error }) });
      };
      return { turn: `turn-${inbound.id}`, duplicate: known !== undefined, events: hub.read(), abandon };
    },
    stop(session) {
      line.stopped.push(session);
      return session === "http:busy" || session === "cli:work";
    },
    busy: () => ({ running: 2, waiting: 1 }),
  };
  return line;
}

function turnOf(inbound: Inbound, push: (event: TurnEvent) => void): Turn {
  let text = "";
  const says = (delta: string) => {
    text += delta;
    push({ type: "text", delta });
  };
  return { inbound, push, says, replies: (reply) => push({ type: "reply", reply: replyOf({ text, ...reply }) }) };
}

export function replyOf(reply: Partial<Reply>): Reply {
  const usage = { inputTokens: 12, outputTokens: 5, cacheReadTokens: 4, reasoningTokens: 2 };
  return { text: "", usage, model: "acme/one", stop: "end", ...reply };
}

export function says(text: string): (turn: Turn) => void {
  return (turn) => {
    turn.says(text);
    turn.replies();
  };
}

export function fails(error: NonNullable<Reply["error"]>): (turn: Turn) => void {
  return (turn) => turn.replies({ stop: "failed", error });
}

export interface Served {
  readonly url: string;
  readonly port: number;
  readonly line: ScriptedLine;
  readonly events: BusEvent[];
  /** Publishes on the gateway's bus. */
  publish(event: BusEvent): void;
  openai(options?: Partial<ConstructorParameters<typeof OpenAI>[0]>): OpenAI;
  /** A request with the token. */
  get(path: string, init?: RequestInit): Promise<Response>;
  /** A chat request with the token. */
  chat(body: unknown, init?: RequestInit): Promise<Response>;
}

/** The gateway on a real port, until the test ends. Every answer must have a status its OpenAPI document knows. */
export async function serve(
  script: ((turn: Turn) => void | Promise<void>) | ScriptedLine,
  overrides: Partial<GatewayOptions> = {},
): Promise<Served> {
  const line = typeof script === "function" ? scriptedLine(script) : script;
  const events: BusEvent[] = [];
  const listeners = new Set<(event: BusEvent) => void>([(event) => events.push(event)]);
  const bus = {
    publish: (event: BusEvent) => listeners.forEach((listener) => void listener(event)),
    subscribe: (listener: (event: BusEvent) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const handler = gatewayApp({ ...defaults, line, bus, metrics: busMetrics(bus), ...overrides });
  const undocumented: string[] = [];
  const server = createAdaptorServer({
    fetch: async (request, env) => {
      const response = await handler(request, env.incoming.socket?.remoteAddress ?? "");
      if (!isDocumented(request, response)) undocumented.push(`${request.method} ${request.url} ${response.status}`);
      return response;
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    if ("closeAllConnections" in server) server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(undocumented).toEqual([]);
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const auth = { authorization: `Bearer ${token}` };
  const headersWith = (init?: RequestInit) => ({ ...auth, ...Object.fromEntries(new Headers(init?.headers)) });
  return {
    url,
    port,
    line,
    events,
    publish: bus.publish,
    openai: (options) => new OpenAI({ apiKey: token, baseURL: `${url}/v1`, maxRetries: 0, ...options }),
    get: (path, init) => fetch(url + path, { ...init, headers: headersWith(init) }),
    chat: (body, init) => {
      const headers = { "content-type": "application/json", ...headersWith(init) };
      return fetch(`${url}/v1/chat/completions`, {
        ...init,
        method: "POST",
        body: typeof body === "string" ? body : JSON.stringify(body),
        headers,
      });
    },
  };
}

export const hello = { messages: [{ role: "user", content: "hello" }] } as const;

/** Timers that only the test lets pass. */
export function manualTimers() {
  const waiting = new Set<{ readonly ms: number; readonly elapsed: () => void }>();
  return {
    waiting,
    timer: (ms: number, elapsed: () => void) => {
      const entry = { ms, elapsed };
      waiting.add(entry);
      return () => {
        waiting.delete(entry);
      };
    },
    elapse(ms: number) {
      const due = [...waiting].filter((entry) => entry.ms === ms);
      for (const entry of due) {
        waiting.delete(entry);
        entry.elapsed();
      }
      return due.length;
    },
  };
}

/** A request in Node's own words, for what `fetch` does not let one send. */
export function rawRequest(
  served: Served,
  path: string,
  options: { method?: string; headers?: Record<string, string>; write?: (send: (chunk: Uint8Array) => void) => void },
): Promise<{ status: number; headers: IncomingMessage["headers"]; text: string }> {
  return new Promise((resolve, reject) => {
    const { method = "GET", headers = {}, write } = options;
    const request = httpRequest({
      host: "127.0.0.1",
      port: served.port,
      path,
      method,
      headers,
      setHost: !headers["host"],
    });
    request.on("error", reject);
    request.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      response.on("error", reject);
    });
    write?.((chunk) => request.write(chunk));
    request.end();
  });
}

/** The SSE frames of a response, as they come. */
export async function* framesOf(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of response.body ?? []) {
    rest += decoder.decode(bytes, { stream: true });
    const frames = rest.split("\n\n");
    rest = frames.pop() ?? "";
    yield* frames;
  }
  expect(rest).toBe("");
}

export function dataOf(frame: string): unknown {
  const text = frame.replace(/^data: /, "");
  return text === "[DONE]" ? text : JSON.parse(text);
}

/** Resolves when what is asked for is so; asked again whenever something else has happened. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

const defaults: Omit<GatewayOptions, "line" | "bus" | "metrics"> = {
  audit: noAudit,
  models: { defaultId: "acme/one", ids: () => ["acme/one", "acme/two"], has: (id) => /^acme\/(one|two)$/.test(id) },
  status: async () => [{ part: "model", state: "ok", detail: "acme/one", at: Date.now() - 3000 }],
  token,
  tokenHint: "`weft status --detailed` prints it.",
  limits: { maxBodyBytes: 100_000, rateLimitRpm: 0 },
  allowedHosts: [],
  allowedOrigins: [],
  bindHost: "127.0.0.1",
  version: "1.2.3",
  deleteSession: async (session) => session === "http:old" || session === "cli:work",
  checkSession: (session) => {
    if (session.includes("..")) throw new WeftError("invalid", 'security violation: session id contains ".."');
  },
  now: () => Date.now(),
  monotonic: () => performance.now(),
  randomId: () => randomUUID(),
  residentBytes: () => 4_200_000,
  sha256: (bytes) => createHash("sha256").update(bytes).digest(),
  redact: (text) => text.replaceAll("sk-secret", "[redacted]"),
  timer: (ms, elapsed) => {
    const handle = setTimeout(elapsed, ms);
    return () => clearTimeout(handle);
  },
  pairing: async () => {
    throw new WeftError("internal", "this test has no pairing");
  },
};

type Operations = Record<string, { responses: Record<string, unknown> } | undefined>;

function isDocumented(request: Request, response: Response): boolean {
  const paths = openApiDocument("1.2.3")["paths"] as Record<string, Operations>;
  const { pathname } = new URL(request.url);
  const template = Object.keys(paths).find((path) => new RegExp(`^${path.replace(/\{id\}/, ".+")}$`).test(pathname));
  const operation = paths[template ?? ""]?.[request.method.toLowerCase()];
  // OpenAPI has no place for a path or method that is not there.
  return operation === undefined || String(response.status) in operation.responses;
}
