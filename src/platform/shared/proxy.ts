import { WeftError } from "../../core/error.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, in upper or lower case; undefined = straight. */
export function proxyOf(url: URL, env: Env): URL | undefined {
  const variable = (name: string) => env[name.toLowerCase()] || env[name] || "";
  const value = variable(isSecure(url) ? "HTTPS_PROXY" : "HTTP_PROXY") || variable("ALL_PROXY");
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
  const port = url.port || (isSecure(url) ? "443" : "80");
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

export function isSecure({ protocol }: URL): boolean {
  return protocol === "https:" || protocol === "wss:";
}
