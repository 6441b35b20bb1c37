import { WeftError } from "../../core/error.ts";
import type { Fetch, FetchOptions } from "../../core/platform.ts";
import { bodiless, bodyError, connectError, parseHttpUrl, proxyProblem } from "../shared/network.ts";
import type { Env } from "../shared/proxy.ts";
import { type HostExchange, host, type Route } from "./host.ts";
import { routeTo } from "./route.ts";
import type { Source } from "./web/body.ts";
import { WebResponse } from "./web/fetch-types.ts";
import { WebHeaders } from "./web/headers.ts";

/** See `Platform.fetch`. */
export function nativeFetch(env: Env): Fetch {
  return async (address, options = {}) => {
    const { signal } = options;
    if (signal?.aborted) throw WeftError.from(signal.reason);
    const url = parseHttpUrl(address);
    const { route, proxy } = routeTo(url, env, options);
    const exchange = host.exchange({
      route,
      method: options.method ?? "GET",
      target: route.proxy && !route.tunnel ? url.href.replace(/#.*$/, "") : url.pathname + url.search,
      headers: headersOf(url, route, options),
      body: wellFormed(options.body),
      pool: options.address === undefined ? poolOf(route) : undefined,
    });
    const abort = () => exchange.cancel();
    signal?.addEventListener("abort", abort, { once: true });
    const ended = () => signal?.removeEventListener("abort", abort);
    try {
      const [status = "", ...headers] = await exchange.send();
      const problem = route.proxy && !route.tunnel && status === "407" && proxyProblem(407);
      if (problem) {
        exchange.cancel();
        throw problem;
      }
      return responseOf({ status: Number(status), headers, exchange, url, signal, ended });
    } catch (thrown) {
      ended();
      throw signal?.aborted
        ? WeftError.from(signal.reason)
        : connectError(thrown, url, { proxy, ms: options.connectTimeoutMs });
    }
  };
}

function wellFormed(body: FetchOptions["body"]): string | Uint8Array | null {
  return typeof body === "string" ? body.toWellFormed() : (body ?? null);
}

function poolOf({ host: name, port, tls, proxy }: Route): string {
  return `${tls} ${name} ${port} ${proxy ? `${proxy.host} ${proxy.port} ${proxy.authorization ?? ""}` : ""}`;
}

function headersOf(url: URL, route: Route, { headers = {}, body, method }: FetchOptions): string[] {
  const given = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const flat = Object.entries(headers).flat();
  const unlessGiven = (name: string, value: string | undefined) => {
    if (value !== undefined && !given.has(name)) flat.push(name, value);
  };
  unlessGiven("host", url.host);
  unlessGiven("accept-encoding", "gzip, deflate");
  const sendsNothing = body === undefined && method !== undefined && method !== "GET" && method !== "HEAD";
  unlessGiven("content-length", sendsNothing ? "0" : undefined);
  if (!route.tunnel) unlessGiven("proxy-authorization", route.proxy?.authorization);
  return flat;
}

interface Received {
  readonly status: number;
  readonly headers: readonly string[];
  readonly exchange: HostExchange;
  readonly url: URL;
  readonly signal: AbortSignal | undefined;
  ended(): void;
}

function responseOf({ status, headers: flat, exchange, url, signal, ended }: Received): Response {
  const headers = WebHeaders.ofFlat(flat);
  const source: Source = {
    async read() {
      try {
        const piece = await exchange.read();
        if (piece === null) ended();
        return piece;
      } catch (thrown) {
        ended();
        throw signal?.aborted ? WeftError.from(signal.reason) : bodyError(thrown, url);
      }
    },
    cancel() {
      ended();
      exchange.cancel();
    },
  };
  if (!bodiless.includes(status)) return asResponse(new WebResponse(undefined, { status, headers }, source));
  // There is nothing in it; reading its end gives the connection back.
  source.read().catch(() => {});
  return asResponse(new WebResponse(undefined, { status, headers }, null));
}

/** Our own class is what the global `Response` is here. */
function asResponse(response: WebResponse): Response {
  return response as unknown as Response;
}
