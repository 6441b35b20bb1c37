import { type Context, Hono } from "hono";
import { WeftError } from "../core/error.ts";
import type { HttpHandler } from "../core/platform.ts";
import { type ApiError, apiErrorOf, errorResponse, invalidRequest, jsonResponse } from "./api-error.ts";
import { chat } from "./chat.ts";
import type { Exchange, GatewayOptions } from "./exchange.ts";
import { isKnownHost, judgeOrigin, type Presented, tokenCheck } from "./guard.ts";
import { type Limiter, slidingLimiter } from "./limiter.ts";
import { accessLog } from "./log.ts";
import { type Logins, loginAudit } from "./logins.ts";
import { listModels, showModel } from "./models.ts";
import { headerNames, type Route, type RouteName, routes, type Status } from "./protocol.ts";
import { statusReader } from "./status.ts";
import { welcomePage } from "./welcome.ts";

/** The whole HTTP side as one function. Import it when a port is opened, not before: hono comes with it. */
export function gatewayApp(options: GatewayOptions): HttpHandler {
  const gateway: Gateway = {
    options,
    presented: tokenCheck(options.token, options.sha256),
    limiter: slidingLimiter({ perMinute: options.limits.rateLimitRpm, mostClients: 10_000 }, options.monotonic),
    readStatus: statusReader(options),
    logins: loginAudit(options),
  };
  const app = new Hono<{ Bindings: Exchange }>();
  app.use(async (context, next) => {
    const refused = checkSender(gateway, context.env);
    if (refused) return refused;
    await next();
  });
  for (const route of routes) addRoute(app, gateway, route);
  app.notFound((context) => checkToken(gateway, context.env) ?? notFound());
  app.onError((error, context) => failed(gateway, context.env, error));
  return (request, remote) => answer(gateway, app, { request, remote });
}

interface Gateway {
  readonly options: GatewayOptions;
  readonly presented: (authorization: string | null) => Presented;
  readonly limiter: Limiter;
  readonly readStatus: () => Promise<Status>;
  readonly logins: Logins;
}

type App = Hono<{ Bindings: Exchange }>;

function addRoute(app: App, gateway: Gateway, route: Route & { readonly name: RouteName }): void {
  const handle = handlers[route.name];
  const pattern = route.path
    .split("/")
    .map((part, i, { length }) => {
      const shape = (i === length - 1 && route.parameter) || "[^/]+";
      return part.replace(/^\{(\w+)\}$/, (_, name: string) => `:${name}{${shape}}`);
    })
    .join("/");
  const begin = ({ env }: Context<{ Bindings: Exchange }>) => {
    env.route = route.name;
    return route.open ? undefined : checkToken(gateway, env);
  };
  app.on(route.method, pattern, async (context) => {
    context.env.parameters = context.req.param();
    return begin(context) ?? (await handle(gateway, context.env, context.req.param("id") ?? ""));
  });
  app.all(pattern, (context) => begin(context) ?? wrongMethod(route, context.env.request.method));
}

type Handler = (gateway: Gateway, exchange: Exchange, id: string) => Response | Promise<Response>;

const handlers: Readonly<Record<RouteName, Handler>> = {
  welcome: () => new Response(welcomePage, { headers: { "content-type": "text/html; charset=utf-8" } }),
  healthz: () => jsonResponse({ alive: true }),
  readyz: async ({ options, readStatus }) => {
    const { parts } = await readStatus();
    const broken = parts.filter(({ state }) => state === "failed");
    const failed = broken.map(({ part, detail }) => ({ part, detail: options.redact(detail) }));
    return jsonResponse({ ready: failed.length === 0, failed }, {}, failed.length === 0 ? 200 : 503);
  },
  status: async ({ options, readStatus }) => {
    const status = await readStatus();
    const parts = status.parts.map((part) => ({ ...part, detail: options.redact(part.detail) }));
    return jsonResponse({ ...status, parts });
  },
  metrics: ({ options }) => {
    const { version, metrics, line, residentBytes } = options;
    const text = metrics.text({ version, residentBytes: residentBytes(), ...line.busy() });
    return new Response(text, { headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" } });
  },
  chat: ({ options }, exchange) => chat(options, exchange),
  models: ({ options }) => listModels(options.models),
  model: ({ options }, _, id) => showModel(options.models, id),
  // An id as in `X-Session-Id`, or a session's whole key.
  stop: ({ options: { line } }, _, id) => jsonResponse({ stopped: line.stop(`http:${id}`) || line.stop(id) }),
  deleteSession: async ({ options: { line, checkSession, deleteSession } }, _, id) => {
    const keys = id.startsWith("http:") ? [id] : [`http:${id}`, id];
    let deleted = false;
    for (const key of keys) {
      expectSession(checkSession, key);
      line.stop(key);
      deleted = (await deleteSession(key)) || deleted;
    }
    return jsonResponse({ deleted });
  },
  pairing: async ({ options }) => jsonResponse((await options.pairing()).list()),
  approvePairing: async ({ options }, { request, parameters }) => {
    const level = new URL(request.url).searchParams.get("level") ?? "1";
    if (level !== "1" && level !== "2") return errorResponse(invalidRequest("level is 1 or 2", "level"));
    const pairing = await options.pairing();
    return jsonResponse(await pairing.approve(parameters["code"] ?? "", level === "2" ? 2 : 1));
  },
  revokePairing: async ({ options }, { parameters: { channel = "", sender = "" } }) => {
    return jsonResponse({ revoked: await (await options.pairing()).revoke({ channel, sender }) });
  },
  openapi: async ({ options }) => {
    const { openApiDocument } = await import("./openapi.ts");
    return jsonResponse(openApiDocument(options.version));
  },
};

/** Throws `usage`: the name is the client's own. */
function expectSession(check: GatewayOptions["checkSession"], key: string): void {
  try {
    check(key);
  } catch (error) {
    throw new WeftError("usage", WeftError.from(error).message);
  }
}

/** Everything an answer gets that does not depend on its route. */
async function answer(gateway: Gateway, app: App, from: Pick<Exchange, "request" | "remote">): Promise<Response> {
  const { options } = gateway;
  const { headers, method, url } = from.request;
  const given = headers.get(headerNames.requestId) ?? "";
  const requestId = /^[\w.:-]{1,128}$/.test(given) ? given : options.randomId();
  const presented = gateway.presented(headers.get("authorization"));
  const exchange: Exchange = { ...from, requestId, presented, route: "other", parameters: {} };
  const startedAt = options.monotonic();
  gateway.logins.seen(presented, from.remote);
  const response = await app.fetch(from.request, exchange);
  const { status } = response;
  response.headers.set(headerNames.requestId, requestId);
  response.headers.set("cache-control", "no-store");
  response.headers.set("x-content-type-options", "nosniff");
  if (verdictOf(gateway, exchange) === "allowed") allowPage(response.headers, headers.get("origin") ?? "");
  options.metrics.request(exchange.route, status);
  const path = new URL(url).pathname.slice(0, 200);
  const ms = options.monotonic() - startedAt;
  const turn = response.headers.get(headerNames.turn);
  accessLog(options.bus, { requestId, method, path, route: exchange.route, remote: from.remote, status, ms, turn });
  return response;
}

/** Host, Origin and the rate; what is asked for does not matter yet. */
function checkSender(gateway: Gateway, exchange: Exchange): Response | undefined {
  const { options, limiter } = gateway;
  const { request, remote } = exchange;
  const host = hostOf(request);
  if (!isKnownHost(host, [options.bindHost, ...options.allowedHosts])) {
    const name = JSON.stringify(host.slice(0, 100));
    return errorResponse(
      forbidden("host_not_allowed", `the host name ${name} is not known here: add it to gateway.allowed_hosts`),
    );
  }
  const origin = request.headers.get("origin") ?? "";
  const verdict = verdictOf(gateway, exchange);
  if (verdict === "refused") {
    const name = JSON.stringify(origin.slice(0, 100));
    return errorResponse(
      forbidden("origin_not_allowed", `pages of ${name} may not use this API: add it to gateway.allowed_origins`),
    );
  }
  if (isPreflight(request)) return verdict === "allowed" ? preflight(request) : undefined;
  if (isProbe(request)) return undefined;
  // Strangers have a budget of their own, so that they cannot use up that of the owner behind the same address.
  const waitMs = limiter.take(`${exchange.presented === "valid" ? "owner" : "stranger"} ${remote}`);
  return waitMs > 0 ? errorResponse(tooMany(options.limits.rateLimitRpm, waitMs)) : undefined;
}

function checkToken({ options }: Gateway, { presented }: Exchange): Response | undefined {
  if (presented === "valid") return undefined;
  const problem = presented === "missing" ? "send the header `Authorization: Bearer TOKEN`" : "the token is wrong";
  return errorResponse({
    status: 401,
    message: `${problem}. ${options.tokenHint}`,
    type: "invalid_request_error",
    code: "invalid_api_key",
    headers: { "www-authenticate": 'Bearer realm="weft"' },
  });
}

function hostOf(request: Request): string {
  return request.headers.get("host") ?? new URL(request.url).host;
}

function verdictOf({ options }: Gateway, { request }: Exchange) {
  return judgeOrigin(request.headers.get("origin"), { host: hostOf(request), allowed: options.allowedOrigins });
}

function isProbe({ url }: Request): boolean {
  const { pathname } = new URL(url);
  return routes.some((route) => "open" in route && route.path === pathname);
}

function isPreflight({ method, headers }: Request): boolean {
  return method === "OPTIONS" && headers.has("origin") && headers.has("access-control-request-method");
}

function preflight({ headers }: Request): Response {
  const wanted = headers.get("access-control-request-headers") ?? "";
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-methods": "GET, POST, DELETE",
      "access-control-allow-headers": /^[\w, -]*$/.test(wanted) ? wanted : "",
      "access-control-max-age": "600",
    },
  });
}

function allowPage(headers: Headers, origin: string): void {
  headers.set("access-control-allow-origin", origin);
  headers.set("access-control-expose-headers", Object.values(headerNames).join(", "));
  headers.append("vary", "Origin");
}

function forbidden(code: string, message: string): ApiError {
  return { status: 403, message, type: "invalid_request_error", code };
}

function tooMany(perMinute: number, waitMs: number): ApiError {
  const seconds = Math.ceil(waitMs / 1000);
  const message = `more than ${perMinute} requests in a minute (gateway.rate_limit_rpm): wait ${seconds} s`;
  return apiErrorOf({ code: "limit", message, retryAfterMs: waitMs });
}

function notFound(): Response {
  const known = routes.map(({ method, path }) => `${method} ${path}`).join(", ");
  return errorResponse(apiErrorOf({ code: "missing", message: `there is nothing here; known are ${known}` }));
}

function wrongMethod({ method, path }: Route, used: string): Response {
  const allow = method === "GET" ? "GET, HEAD" : method;
  return errorResponse({
    status: 405,
    message: `${path} does not take ${used}: use ${method}`,
    type: "invalid_request_error",
    code: "method_not_allowed",
    headers: { allow },
  });
}

/** The door of every request. A mistake of ours is told to the log; the client gets its number there. */
function failed({ options }: Gateway, { requestId }: Exchange, thrown: unknown): Response {
  const error = WeftError.from(thrown);
  const { code, retryAfterMs } = error;
  if (code !== "internal") {
    return errorResponse(apiErrorOf({ code, message: options.redact(error.message), retryAfterMs }));
  }
  options.bus.publish({ type: "failure", where: "gateway", error });
  return errorResponse(
    apiErrorOf({ code, message: `weft made a mistake; its log has more under request ${requestId}` }),
  );
}
