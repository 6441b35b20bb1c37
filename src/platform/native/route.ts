import type { FetchOptions } from "../../core/platform.ts";
import { type Env, isSecure, proxyOf, withoutSecret } from "../shared/proxy.ts";
import { host, type Route, type RouteProxy } from "./host.ts";

/** How a URL is reached, and the proxy on the way without its password. */
export function routeTo(
  url: URL,
  env: Env,
  options: Pick<FetchOptions, "address" | "connectTimeoutMs"> & { readonly tunnel?: boolean },
): { readonly route: Route; readonly proxy?: string } {
  const tls = isSecure(url);
  const proxy = proxyOf(url, env);
  const route: Route = {
    host: bare(url.hostname),
    port: url.port === "" ? (tls ? 443 : 80) : Number(url.port),
    tls,
    tunnel: tls || options.tunnel === true,
    address: options.address,
    timeoutMs: options.connectTimeoutMs,
    ...(proxy && { proxy: routeProxy(proxy) }),
  };
  return { route, ...(proxy && { proxy: withoutSecret(proxy) }) };
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}

function routeProxy(proxy: URL): RouteProxy {
  const tls = proxy.protocol === "https:";
  const authorization = basicAuth(proxy);
  return {
    host: bare(proxy.hostname),
    port: proxy.port === "" ? (tls ? 443 : 80) : Number(proxy.port),
    tls,
    ...(authorization !== undefined && { authorization }),
  };
}

/** RFC 7617. */
function basicAuth({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const bytes = host.utf8(text.toWellFormed());
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}
