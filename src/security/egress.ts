import type { DoorRequest, OuterDoor, ProviderDoor } from "../core/door.ts";
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
  readonly providers?: (name: string) => ProviderSecrets;
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

/** What only the door holds of a provider of models. */
export interface ProviderSecrets {
  /** Scheme, host and port that get it; empty where the provider has no address. */
  readonly origin: string;
  readonly keys: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
}

/** See `OuterDoor`. */
export function egressDoor(options: DoorOptions): OuterDoor {
  return {
    toModel: (provider, key) => providerDoor(options, provider, key),
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

/** No key has the number -1. */
function providerDoor(options: DoorOptions, provider: string, index = -1): ProviderDoor {
  const { platform, policy, providers = () => nothing } = options;
  return {
    async fetch(url, { keyIn, ...request }) {
      const to = parse(url);
      const isMetadata = metadataHosts.includes(hostOf(to));
      judge(policy, models, { ...placeOf(to), purpose: "model", target: { isMetadata } });
      const { origin, keys, headers } = providers(provider);
      if (to.origin !== origin) {
        const where = `only to ${origin || "an address yet to be set"}: see providers.${provider}.api_base`;
        throw new WeftError("refused", `what belongs to ${provider} does not go to ${to.origin}, ${where}`);
      }
      const key = keys[index];
      const added = key !== undefined && { [keyIn]: keyIn === "authorization" ? `Bearer ${key}` : key };
      return await platform.fetch(url, { ...request, headers: { ...headers, ...request.headers, ...added } });
    },
    hide(text) {
      const key = providers(provider).keys[index] ?? "";
      return key.length < 4 ? text : text.replaceAll(key, "[key]");
    },
  };
}

const nothing: ProviderSecrets = { origin: "", keys: [], headers: {} };

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
