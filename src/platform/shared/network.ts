import { WeftError } from "../../core/error.ts";
import { errnoOf } from "./file-system.ts";

export function parseHttpUrl(url: string): URL {
  if (!URL.canParse(url)) throw new WeftError("invalid", `not a URL: ${url}`);
  const target = new URL(url);
  if (target.protocol !== "http:" && target.protocol !== "https:") {
    throw new WeftError("invalid", `only http and https can be fetched, not ${target.protocol}//`);
  }
  return target;
}

export function parseSocketUrl(url: string): URL {
  const target = URL.canParse(url) ? new URL(url) : undefined;
  if (target?.protocol === "ws:" || target?.protocol === "wss:") return target;
  throw new WeftError("invalid", `not the URL of a WebSocket: ${url}`);
}

/** Statuses whose response may not have a body, by the fetch standard. */
export const bodiless: readonly number[] = [101, 204, 205, 304];

export function bodyError(error: unknown, url: URL): WeftError {
  if (error instanceof WeftError) return error;
  return new WeftError("unavailable", `${url.host} closed the connection in the middle of its answer`, {
    cause: error,
  });
}

/** Why a proxy did not let us through, by its answer; undefined when it did. Some say 401 to a wrong password. */
export function proxyProblem(status: number, text = ""): Error | undefined {
  if (status === 200) return undefined;
  return new Error(
    status === 407 || status === 401
      ? `it wants another user or password (${status}): correct them in HTTP_PROXY or HTTPS_PROXY`
      : `it refused (${[status, text].filter(Boolean).join(" ")})`,
  );
}

const tcpWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "the connection was closed without an answer",
  EPIPE: "the connection was closed without an answer",
  ETIMEDOUT: "connection timed out",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "the network is unreachable",
};

/** What kept a request from its answer, in words that name the host. */
export function networkError(thrown: unknown, url: URL, proxy: string | undefined): WeftError {
  if (thrown instanceof WeftError) return thrown;
  const code = errnoOf(thrown) ?? "";
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const where = `cannot reach ${url.host}${proxy === undefined ? "" : ` through the proxy ${proxy}`}`;
  const details = { cause: thrown };
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return new WeftError("unavailable", `${where}: DNS lookup failed (${code})`, details);
  }
  if (/^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO)/.test(code)) {
    return new WeftError("unavailable", `${where}: TLS: ${message}`, details);
  }
  return new WeftError("unavailable", `${where}: ${tcpWords[code] ?? message}`, details);
}

/** Like `networkError`, for what has a time limit of its own. */
export function connectError(
  thrown: unknown,
  url: URL,
  { proxy, ms }: { readonly proxy: string | undefined; readonly ms: number | undefined },
): WeftError {
  if (errnoOf(thrown) !== "ERR_CONNECT_TIMEOUT") return networkError(thrown, url, proxy);
  return new WeftError("timeout", `cannot reach ${url.host}: no connection within ${ms} ms`, { cause: thrown });
}
