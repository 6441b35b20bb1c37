import type { Agent } from "node:http";
import { WeftError } from "../../core/error.ts";

type Env = Readonly<Record<string, string | undefined>>;

export interface Route {
  readonly agent: Agent;
  /** The proxy without its password. */
  readonly proxy?: string;
}

/** Keep-alive connections, by how they are made. */
export interface Agents {
  /** How to reach a URL. A connection to a given address is not shared with others. */
  route(url: URL, address: string | undefined): Promise<Route>;
}

export function agents(env: Env): Agents {
  const made = new Map<string, Promise<Agent>>();
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
        };
      if (address !== undefined) return { agent: await direct(url, env, { keepAlive: false }) };
      return { agent: await once(url.protocol, () => direct(url, env, { keepAlive: true })) };
    },
  };
}

/** HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, in upper or lower case; undefined = straight. */
export function proxyOf(url: URL, env: Env): URL | undefined {
  const variable = (name: string) => env[name.toLowerCase()] || env[name] || "";
  const value = variable(url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY") || variable("ALL_PROXY");
  if (value === "" || isExempt(url, variable("NO_PROXY"))) return undefined;
  const written = /^[a-z0-9+.-]+:\/\//i.test(value) ? value : `http://${value}`;
  if (!URL.canParse(written)) throw new WeftError("config", "the proxy variable of the environment is not a URL");
  const proxy = new URL(written);
  if (proxy.protocol !== "http:" && proxy.protocol !== "https:") {
    throw new WeftError("config", `proxies of type ${proxy.protocol}// are not supported: use an http or https proxy`);
  }
  return proxy;
}

/** `example.com` and `.example.com` stand for the host and its subdomains, `*` for all; a port narrows it. */
function isExempt(url: URL, noProxy: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .some((entry) => {
      if (entry === "*") return true;
      const [, name = "", only] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(entry) ?? [];
      const plain = name.replace(/^\*?\./, "");
      return (only === undefined || only === port) && (host === plain || host.endsWith(`.${plain}`));
    });
}

export function withoutSecret(proxy: URL): string {
  return `${proxy.protocol}//${proxy.host}`;
}

const connections = { maxSockets: 256, maxFreeSockets: 32, scheduling: "lifo" as const };

async function direct(url: URL, env: Env, { keepAlive }: { readonly keepAlive: boolean }): Promise<Agent> {
  if (url.protocol === "http:") return new (await import("node:http")).Agent({ keepAlive, ...connections });
  const { Agent: SecureAgent } = await import("node:https");
  return new SecureAgent({ keepAlive, ...connections, ...(await trust(env)) });
}

async function proxied(url: URL, proxy: URL, env: Env): Promise<Agent> {
  const options = { keepAlive: true, ...connections, ...(await trust(env)) };
  if (url.protocol === "https:") {
    const { HttpsProxyAgent } = await import("https-proxy-agent");
    return new HttpsProxyAgent(proxy, options);
  }
  const { HttpProxyAgent } = await import("http-proxy-agent");
  return new HttpProxyAgent(proxy, options);
}

/** SSL_CERT_FILE and SSL_CERT_DIR add to the built-in roots; what cannot be read there breaks nothing. */
async function trust(env: Env): Promise<{ readonly ca?: string[] }> {
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
