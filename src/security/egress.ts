import type { DoorRequest, OuterDoor } from "../core/door.ts";
import { WeftError } from "../core/error.ts";
import type { Platform } from "../core/platform.ts";
import { type Action, type Policy, refusalText, type Target } from "../core/policy.ts";
import type { Actor } from "../core/tool.ts";

const mostRedirects = 5;
const connectTimeoutMs = 10_000;
const redirects: readonly number[] = [301, 302, 303, 307, 308];

export interface DoorOptions {
  readonly platform: Pick<Platform, "fetch" | "resolve" | "proxyFor">;
  readonly credentials?: readonly Credential[];
  readonly policy: Pick<Policy, "decide">;
}

/** A secret that only the door holds. */
export interface Credential {
  readonly name: string;
  /** Scheme, host and port that get it. */
  readonly origin: string;
  readonly header: string;
  readonly value: string;
}

/** See `OuterDoor`. */
export function egressDoor(options: DoorOptions): OuterDoor {
  return {
    toModel: async (url, request) => {
      const to = parse(url);
      const isMetadata = metadataHosts.includes(hostOf(to));
      judge(options.policy, models, { ...placeOf(to), purpose: "model", target: { isMetadata } });
      return await options.platform.fetch(url, request);
    },
    async fetch(actor, url, request) {
      let hop: Hop = { url: parse(url), request };
      for (let count = 0; count <= mostRedirects; count++) {
        const response = await send(options, actor, hop);
        const location = response.headers.get("location");
        if (!redirects.includes(response.status) || location === null) return { response, url: hop.url.href };
        await response.body?.cancel();
        hop = redirected(hop, location, response.status);
      }
      throw new WeftError("refused", `more than ${mostRedirects} redirects from ${url}`);
    },
  };
}

/** Who asks for models: the turn's own actor has been judged when it chose one. */
const models: Actor = { channel: "weft", sender: "models" };
const metadataHosts: readonly string[] = ["169.254.169.254", "metadata.google.internal", "metadata.internal"];

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
}

function placeOf(url: URL): { readonly host: string; readonly port: number } {
  return { host: hostOf(url), port: Number(url.port || (url.protocol === "https:" ? 443 : 80)) };
}

type Connect = Omit<Extract<Action, { kind: "connect" }>, "kind">;

function judge(policy: DoorOptions["policy"], actor: Actor, connect: Connect): void {
  const decision = policy.decide(actor, { kind: "connect", ...connect });
  if (!decision.allowed) throw new WeftError("refused", refusalText(decision));
}

interface Hop {
  readonly url: URL;
  readonly request: DoorRequest;
}

function parse(url: string, base?: URL): URL {
  if (!URL.canParse(url, base?.href)) throw new WeftError("invalid", `invalid URL: ${url}`);
  const parsed = new URL(url, base?.href);
  if (parsed.protocol !== "http:" && parsed.protocol !== "https:") {
    throw new WeftError("refused", `invalid URL ${url}: only http and https may be fetched`);
  }
  if (parsed.username !== "" || parsed.password !== "") {
    throw new WeftError("refused", `invalid URL: it holds a user name or password`);
  }
  return parsed;
}

async function send({ platform, policy, credentials = [] }: DoorOptions, actor: Actor, hop: Hop): Promise<Response> {
  const { url } = hop;
  const { mayGo, credential, ...request } = hop.request;
  mayGo?.(url);
  const place = placeOf(url);
  const { host } = place;
  const { isAddress, targetOf } = await import("./addresses.ts");
  const check = (target: Target) => judge(policy, actor, { ...place, purpose: "tool", target });
  if (!isAddress(host)) check({ ...targetOf(host, undefined), isPending: true });
  const viaProxy = platform.proxyFor(url.href) !== undefined;
  const addresses = isAddress(host) ? [host] : await addressesOf(platform, host, viaProxy);
  // One bad address among good ones is refused too: which of them is used is the other side's choice.
  for (const address of addresses) check(targetOf(host, address));
  if (addresses.length === 0) check(targetOf(host, undefined));
  const [address] = addresses;
  const secret = credentials.find(({ name, origin }) => name === credential && origin === url.origin);
  return await platform.fetch(url.href, {
    ...request,
    ...(secret && { headers: { ...request.headers, [secret.header]: secret.value } }),
    connectTimeoutMs,
    ...(address !== undefined && !viaProxy && { address }),
  });
}

/** Behind a proxy our own DNS may know nothing; then the proxy alone decides where the name leads. */
async function addressesOf({ resolve }: DoorOptions["platform"], host: string, viaProxy: boolean): Promise<string[]> {
  try {
    return await resolve(host);
  } catch (error) {
    if (viaProxy) return [];
    throw error;
  }
}

/** RFC 9110 section 15.4: after 303, and by custom 301 and 302, a GET. Keys do not go along to another origin. */
function redirected({ url, request }: Hop, location: string, status: number): Hop {
  const next = parse(location, url);
  const keepsMethod = status === 307 || status === 308;
  const sameOrigin = next.origin === url.origin;
  const headers = Object.entries(request.headers ?? {}).filter(([name]) => {
    const isSecret = /^(authorization|cookie|proxy-authorization|x-.*(key|token).*)$/i.test(name);
    return (sameOrigin || !isSecret) && (keepsMethod || !/^content-/i.test(name));
  });
  const { body: _body, ...plain } = request;
  const method = request.method === "HEAD" ? "HEAD" : "GET";
  return {
    url: next,
    request: { ...(keepsMethod ? request : { ...plain, method }), headers: Object.fromEntries(headers) },
  };
}
