import type { Agent } from "node:http";
import { type Env, isSecure, proxyOf, withoutSecret } from "../shared/proxy.ts";

export interface Route {
  readonly agent: Agent;
  /** The proxy without its password. */
  readonly proxy?: string;
  /** Whom to trust at the other end of a tunnel, which the agent does not care for. */
  readonly ca?: readonly string[];
}

/** Keep-alive connections, by how they are made. */
export interface Agents {
  /** How to reach a URL. A connection to a given address is not shared with others. */
  route(url: URL, address: string | undefined): Promise<Route>;
}

export function agents(env: Env): Agents {
  const made = new Map<string, Promise<Agent>>();
  let trusting: ReturnType<typeof trust> | undefined;
  const trusted = () => {
    trusting ??= trust(env);
    return trusting;
  };
  const once = (key: string, make: () => Promise<Agent>) => {
    const agent = made.get(key) ?? make();
    made.set(key, agent);
    return agent;
  };
  return {
    async route(url, address) {
      const proxy = proxyOf(url, env);
      if (proxy)
        return {
          agent: await once(`${url.protocol} ${proxy.href}`, () => proxied(url, proxy, env)),
          proxy: withoutSecret(proxy),
          ...(isSecure(url) && (await trusted())),
        };
      if (address !== undefined) return { agent: await direct(url, env, { keepAlive: false }) };
      return { agent: await once(url.protocol, () => direct(url, env, { keepAlive: true })) };
    },
  };
}

const connections = { maxSockets: 256, maxFreeSockets: 32, scheduling: "lifo" as const };

async function direct(url: URL, env: Env, { keepAlive }: { readonly keepAlive: boolean }): Promise<Agent> {
  if (!isSecure(url)) return new (await import("node:http")).Agent({ keepAlive, ...connections });
  const { Agent: SecureAgent } = await import("node:https");
  return new SecureAgent({ keepAlive, ...connections, ...(await trust(env)) });
}

async function proxied(url: URL, proxy: URL, env: Env): Promise<Agent> {
  // For a proxy that is itself spoken to by TLS.
  const options = { keepAlive: true, ...connections, ...(await trust(env)) };
  if (url.protocol !== "http:") {
    // A WebSocket needs a tunnel also where it is not encrypted.
    const { HttpsProxyAgent } = await import("https-proxy-agent");
    return new HttpsProxyAgent(proxy, options);
  }
  const { HttpProxyAgent } = await import("http-proxy-agent");
  return new HttpProxyAgent(proxy, options);
}

/** SSL_CERT_FILE and SSL_CERT_DIR add to the built-in roots; what cannot be read there breaks nothing. */
export async function trust(env: Env): Promise<{ readonly ca?: string[] }> {
  const { SSL_CERT_FILE: file, SSL_CERT_DIR: folder } = env;
  if (!file && !folder) return {};
  const { rootCertificates } = await import("node:tls");
  const { readFile, readdir } = await import("node:fs/promises");
  const names = folder ? await readdir(folder).catch(() => []) : [];
  const paths = [
    ...(file ? [file] : []),
    ...names.filter((name) => /\.(pem|crt)$/.test(name)).map((name) => `${folder}/${name}`),
  ];
  const texts = await Promise.all(paths.map((path) => readFile(path, "utf8").catch(() => "")));
  return { ca: [...rootCertificates, ...texts.filter((text) => text.includes("BEGIN CERTIFICATE"))] };
}
