import type { Target } from "../core/policy.ts";
import { nameMatches } from "./glob.ts";

/** Where a connection would lead. */
export interface Place {
  readonly host: string;
  readonly port?: number;
  readonly target?: Target;
}

/**
 * An entry of `allowed_domains` or `blocked_domains`: `example.com`, `*.example.com` for every subdomain, an address,
 * a range like `10.0.0.0/8`, each also with `:port` behind it (IPv6 in brackets then), or `:port` alone.
 */
export function placeMatches(entry: string, { host, port, target }: Place): boolean {
  const { name, port: wanted } = parsed(entry.trim().toLowerCase());
  if (wanted !== undefined && wanted !== port) return false;
  if (name === "") return wanted !== undefined;
  if (name.includes("/")) return target?.isIn?.(name) ?? false;
  const plain = host.toLowerCase().replace(/\.$/, "");
  return nameMatches(name, plain) || (target?.address !== undefined && isAddressLike(name) && name === target.address);
}

/** Only an address may be meant by an address that some name leads to. */
function isAddressLike(name: string): boolean {
  return /^[\d.]+$/.test(name) || name.includes(":");
}

function parsed(entry: string): { readonly name: string; readonly port?: number } {
  const bracketed = /^\[([^\]]*)\](?::(\d+))?$/.exec(entry);
  const match = bracketed ?? /^([^:]*):(\d+)$/.exec(entry);
  const [, name = entry, port] = match ?? [];
  return port === undefined ? { name } : { name, port: Number(port) };
}

/** Why an entry can mean nothing; undefined when it is well. */
export function entryProblem(entry: string): string | undefined {
  const { name, port } = parsed(entry.trim().toLowerCase());
  if (port !== undefined && (port < 1 || port > 65_535)) return "a port is 1 to 65535";
  if (name === "" && port === undefined) return "it is empty";
  if (/^[a-z]+:\/\//.test(entry)) return "write the host alone, without http:// or https://";
  const cidr = /^([0-9a-f.:]+)\/(\d+)$/.exec(name);
  if (name.includes("/") && !cidr) return "a path has no meaning here: only the host, address or range counts";
  const most = cidr?.[1]?.includes(":") ? 128 : 32;
  return cidr && Number(cidr[2]) > most ? `a range of ${cidr[1]} has at most /${most}` : undefined;
}
