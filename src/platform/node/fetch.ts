import type { ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import type { Readable } from "node:stream";
import { WeftError } from "../../core/error.ts";
import type { Fetch, FetchOptions } from "../../core/platform.ts";
import { errnoOf } from "../shared/file-system.ts";
import { bodiless, bodyError, networkError, parseHttpUrl, proxyProblem } from "../shared/network.ts";
import type { Env } from "../shared/proxy.ts";
import { type Agents, agents } from "./agents.ts";
import { lookupOf } from "./lookup.ts";

/** See `Platform.fetch`. On node:http, because Node's own fetch cannot connect to a given address. */
export function nodeFetch(env: Env): Fetch {
  const clients: Clients = { pool: agents(env), begin: new Map() };
  return async (url, options = {}) => {
    const target = parseHttpUrl(url);
    try {
      return await exchange(clients, target, options);
    } catch (error) {
      // A kept connection may have been closed by the other side just as we used it; then nothing was received.
      if (error instanceof StaleConnection) return await exchange(clients, target, options);
      throw error;
    }
  };
}

class StaleConnection extends Error {}

interface Clients {
  readonly pool: Agents;
  /** By protocol; an `import()` for each request would cost more than the request. */
  readonly begin: Map<string, Begin>;
}

type Begin = typeof import("node:http").request;

async function beginOf({ begin }: Clients, { protocol }: URL): Promise<Begin> {
  const known = begin.get(protocol);
  if (known) return known;
  const { request } = protocol === "https:" ? await import("node:https") : await import("node:http");
  begin.set(protocol, request);
  return request;
}

async function exchange(clients: Clients, url: URL, options: FetchOptions): Promise<Response> {
  const { signal } = options;
  if (signal?.aborted) throw WeftError.from(signal.reason);
  const begin = await beginOf(clients, url);
  const route = await clients.pool.route(url, options.address);
  const request = begin(requestOptions(url, options, route));
  return await new Promise((resolve, reject) => {
    const timer = connectTimer(request, url, options.connectTimeoutMs);
    const abort = () => request.destroy(WeftError.from(signal?.reason));
    signal?.addEventListener("abort", abort, { once: true });
    const ended = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    };
    request.on("error", (error) => {
      ended();
      reject(request.reusedSocket && isReset(error) ? new StaleConnection() : networkError(error, url, route.proxy));
    });
    // What a proxy says to CONNECT would look like the other end's answer.
    request.on("proxyConnect", ({ statusCode, statusText }: { statusCode: number; statusText: string }) => {
      const problem = url.protocol === "https:" && proxyProblem(statusCode, statusText);
      if (problem) request.destroy(problem);
    });
    request.on("response", (message) => {
      clearTimeout(timer);
      const problem = route.proxy !== undefined && message.statusCode === 407 && proxyProblem(407);
      if (problem) {
        request.destroy(problem);
        return;
      }
      message.on("close", ended);
      responseOf(message, url).then(resolve, reject);
    });
    request.end(options.body);
  });
}

function requestOptions(url: URL, options: FetchOptions, route: Awaited<ReturnType<Agents["route"]>>): RequestOptions {
  const { address } = options;
  return {
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port,
    path: url.pathname + url.search,
    method: options.method ?? "GET",
    agent: route.agent,
    ...(route.ca && { ca: [...route.ca] }),
    headers: { "accept-encoding": "gzip, br, deflate", host: url.host, ...lengthOf(options), ...options.headers },
    ...(address !== undefined && { lookup: lookupOf(address) }),
    ...(url.protocol === "https:" && { servername: isIp(url.hostname) ? "" : url.hostname }),
  };
}

function lengthOf({ body, method }: FetchOptions): Record<string, number> {
  if (body !== undefined) return { "content-length": Buffer.byteLength(body) };
  return method === undefined || method === "GET" || method === "HEAD" ? {} : { "content-length": 0 };
}

function isIp(hostname: string): boolean {
  return hostname.startsWith("[") || /^[\d.]+$/.test(hostname);
}

/** Runs until the request has a connection it can be sent on. */
function connectTimer(request: ClientRequest, url: URL, ms?: number): ReturnType<typeof setTimeout> | undefined {
  if (ms === undefined) return undefined;
  const timer = setTimeout(() => {
    request.destroy(new WeftError("timeout", `cannot reach ${url.host}: no connection within ${ms} ms`));
  }, ms);
  request.on("socket", (socket) => {
    const connected = () => clearTimeout(timer);
    if (request.reusedSocket || !socket.connecting) connected();
    else socket.once(url.protocol === "https:" ? "secureConnect" : "connect", connected);
  });
  return timer;
}

async function responseOf(message: IncomingMessage, url: URL): Promise<Response> {
  const headers = new Headers();
  for (let i = 0; i + 1 < message.rawHeaders.length; i += 2) {
    headers.append(message.rawHeaders[i] ?? "", message.rawHeaders[i + 1] ?? "");
  }
  const status = message.statusCode ?? 0;
  if (bodiless.includes(status)) {
    message.resume();
    return new Response(null, { status, headers });
  }
  const { body, decoded } = await decode(message);
  if (decoded) for (const name of ["content-encoding", "content-length"]) headers.delete(name);
  return new Response(webStream(body, message, url), { status, headers });
}

/** Undoes compression as it streams: what a chunk holds is handed on at once. */
async function decode(message: IncomingMessage): Promise<{ body: Readable; decoded: boolean }> {
  const encoding = message.headers["content-encoding"]?.trim().toLowerCase();
  if (encoding === undefined || encoding === "identity") return { body: message, decoded: false };
  const zlib = await import("node:zlib");
  const gzip = { flush: zlib.constants.Z_SYNC_FLUSH, finishFlush: zlib.constants.Z_SYNC_FLUSH };
  const brotli = {
    flush: zlib.constants.BROTLI_OPERATION_FLUSH,
    finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH,
  };
  const decoder =
    encoding === "gzip" || encoding === "x-gzip"
      ? zlib.createGunzip(gzip)
      : encoding === "br"
        ? zlib.createBrotliDecompress(brotli)
        : encoding === "deflate"
          ? zlib.createInflate(gzip)
          : undefined;
  if (!decoder) return { body: message, decoded: false };
  message.on("error", (error) => decoder.destroy(error));
  message.on("aborted", () => decoder.destroy(new Error("aborted")));
  return { body: message.pipe(decoder), decoded: true };
}

/** Pulls only what is read; leaving early closes the connection. */
function webStream(body: Readable, message: IncomingMessage, url: URL): ReadableStream<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await chunks.next();
          if (!done) return controller.enqueue(value);
          // Node ends the body quietly when the connection is cut before its last byte.
          if (!message.complete) throw new Error("aborted");
          controller.close();
        } catch (error) {
          controller.error(bodyError(error, url));
        }
      },
      async cancel() {
        message.destroy();
        body.destroy();
      },
    },
    { highWaterMark: 0 },
  );
}

function isReset(error: unknown): boolean {
  return errnoOf(error) === "ECONNRESET" || errnoOf(error) === "EPIPE";
}
