import ipaddr, { type IPv4, type IPv6 } from "ipaddr.js";
import type { Target } from "../core/policy.ts";

/** Cloud services that hand out keys to who asks from inside. */
const metadataHosts: readonly string[] = ["metadata.google.internal", "metadata.internal", "metadata"];
const metadataAddresses: readonly string[] = ["169.254.169.254", "169.254.170.2", "100.100.100.200", "fd00:ec2::254"];

/** Where a connection to `host` leads, when its name is resolved to `address`. */
export function targetOf(host: string, address: string | undefined): Target {
  const range = address === undefined ? undefined : notPublic(address);
  return {
    ...(address !== undefined && { address }),
    ...(range !== undefined && { range }),
    isMetadata: isMetadata(host, address),
    isIn: (cidr) => address !== undefined && isInRange(address, cidr),
  };
}

/** False for what is no address, no range, or of the other family; an IPv4 address may come in an IPv6 one. */
function isInRange(address: string, cidr: string): boolean {
  const ip = parsed(plain(address));
  try {
    const [base, bits] = ipaddr.parseCIDR(cidr);
    return ip !== undefined && ip.kind() === base.kind() && ip.match(base, bits);
  } catch {
    return false;
  }
}

function isMetadata(host: string, address: string | undefined): boolean {
  const name = host.toLowerCase().replace(/\.$/, "");
  if (metadataHosts.includes(name)) return true;
  return [name, address ?? ""].some((each) => metadataAddresses.includes(plain(each)));
}

/**
 * Why an address is not on the public Internet (RFC 6890 and the registries after it); undefined when it is. What is
 * no address at all is not public either.
 */
export function notPublic(address: string): string | undefined {
  const ip = parsed(address);
  if (!ip) return "not an address";
  const embedded = "isIPv4MappedAddress" in ip ? embeddedIn(ip) : undefined;
  if (embedded !== undefined) return notPublic(embedded);
  const range = ip.range();
  return range === "unicast" ? undefined : range;
}

export function isAddress(host: string): boolean {
  return parsed(host) !== undefined;
}

function parsed(address: string): IPv4 | IPv6 | undefined {
  try {
    return ipaddr.parse(address.replace(/^\[|\]$/g, ""));
  } catch {
    return undefined;
  }
}

/** The IPv4 address behind an IPv6 one that only carries it: mapped, or NAT64 (RFC 6052). */
function embeddedIn(ip: IPv6): string | undefined {
  if (ip.isIPv4MappedAddress()) return ip.toIPv4Address().toString();
  return ip.range() === "rfc6052" ? ip.toByteArray().slice(12).join(".") : undefined;
}

function plain(address: string): string {
  const ip = parsed(address);
  if (!ip) return address;
  const embedded = "isIPv4MappedAddress" in ip ? embeddedIn(ip) : undefined;
  return embedded ?? ip.toString();
}
