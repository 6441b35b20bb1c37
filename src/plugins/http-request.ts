import { WeftError } from "../core/error.ts";
import { isJsonObject, type JsonObject, objectIn } from "../core/json.ts";
import { base64Of } from "../lib/base64.ts";
import { readUpTo } from "../lib/body.ts";
import { checkedHeaders } from "../lib/checked-headers.ts";
import { nameMatches } from "../lib/glob.ts";
import type { CallContext } from "./host.ts";
import { httpBodyBytes } from "./limits.ts";

const methods: readonly string[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

export interface HttpRules {
  readonly plugin: string;
  /** `permissions.network`. */
  readonly network: readonly string[];
  /** False when this minute's requests are used up. */
  readonly mayRequest: () => boolean;
  readonly perMinute: number;
}

/** `{method?, url, headers?, body?}` to `{status, headers, body | base64}`. */
export async function httpRequest(rules: HttpRules, request: JsonObject, context: CallContext): Promise<JsonObject> {
  const url = checkedUrl(rules, request["url"]);
  const method = methodOf(request);
  const headers = checkedHeaders(textsOf(objectIn(request, "headers")));
  const body = bodyOf(request["body"]);
  if (!rules.mayRequest()) {
    throw new WeftError("limit", `more than ${rules.perMinute} requests in a minute: wait, then try again`);
  }
  const { response } = await context.door.fetch(context.actor, url.href, {
    method,
    headers,
    ...(body !== undefined && { body }),
    signal: context.signal,
    mayGo: (next) => checkHost(rules, next),
  });
  const { bytes, cut } = await readUpTo(response, httpBodyBytes);
  if (cut) throw new WeftError("limit", `the answer is larger than ${httpBodyBytes} bytes (1 MiB): ask for less`);
  const received: Record<string, string> = {};
  response.headers.forEach((value, name) => {
    received[name] = value;
  });
  return { status: response.status, headers: received, ...textOrBase64(bytes, "body") };
}

/** What the audit says of a request: nothing that could be a key. */
export function aboutRequest(request: JsonObject): string {
  const url = request["url"];
  const { method } = { method: "GET", ...request };
  const known = typeof method === "string" && methods.includes(method.toUpperCase()) ? method.toUpperCase() : "?";
  if (typeof url !== "string" || !URL.canParse(url)) return `${known} an invalid URL`;
  const { protocol, host } = new URL(url);
  return `${known} ${protocol}//${host}`;
}

/** Addresses in a message without user names, paths and queries. */
export function withoutPaths(message: string): string {
  return message.replace(/([a-z][a-z0-9+.-]*:\/\/)(?:[^\s/@]*@)?([^\s/?#]*)[^\s]*/gi, "$1$2");
}

/** As text when it is UTF-8. */
export function textOrBase64(bytes: Uint8Array, name: string): JsonObject {
  try {
    return { [name]: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { base64: base64Of(bytes) };
  }
}

function checkedUrl(rules: HttpRules, given: unknown): URL {
  if (typeof given !== "string" || !URL.canParse(given))
    throw new WeftError("invalid", "url: expected a whole address");
  const url = new URL(given);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new WeftError("refused", `the scheme ${url.protocol} is not allowed: only http and https`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new WeftError("refused", "url: user names and passwords in it are not allowed: send a header");
  }
  checkHost(rules, url);
  return url;
}

function checkHost({ plugin, network }: HttpRules, url: URL): void {
  const host = url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (network.some((pattern) => hostMatches(pattern.toLowerCase(), host.toLowerCase()))) return;
  throw new WeftError("refused", `the host ${host} is not in permissions.network of plugin ${plugin}`);
}

/** `*.example.com` stands for every host below it, not for itself. */
function hostMatches(pattern: string, host: string): boolean {
  return pattern.startsWith("*") ? nameMatches(pattern, host) && host.length >= pattern.length : pattern === host;
}

function methodOf({ method = "GET" }: JsonObject): string {
  const name = typeof method === "string" ? method.toUpperCase() : "";
  if (methods.includes(name)) return name;
  throw new WeftError("invalid", `method: expected one of ${methods.join(", ")}`);
}

function textsOf(headers: JsonObject): Readonly<Record<string, string>> {
  const pairs = Object.entries(headers).map(([name, value]) => {
    if (typeof value !== "string") throw new WeftError("invalid", `headers: ${name} must be a text`);
    return [name, value] as const;
  });
  return Object.fromEntries(pairs);
}

function bodyOf(body: unknown): string | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body !== "string") {
    const hint = isJsonObject(body) ? ": write the JSON into a text" : "";
    throw new WeftError("invalid", `body: expected a text${hint}`);
  }
  const { length } = new TextEncoder().encode(body);
  if (length <= httpBodyBytes) return body;
  throw new WeftError("refused", `the body has ${length} bytes, at most ${httpBodyBytes} (1 MiB)`);
}
