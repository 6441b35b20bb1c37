export type Presented = "valid" | "missing" | "wrong";

/** Tells whether an `Authorization` header carries the token, in a time that says nothing about the token. */
export function tokenCheck(
  token: string,
  sha256: (bytes: Uint8Array) => Uint8Array,
): (authorization: string | null) => Presented {
  const digestOf = (text: string) => sha256(new TextEncoder().encode(text));
  const expected = digestOf(token);
  return (authorization) => {
    const given = /^bearer +(\S+)$/i.exec(authorization?.trim() ?? "")?.[1];
    if (given === undefined) return "missing";
    return sameBytes(digestOf(given), expected) ? "valid" : "wrong";
  };
}

/**
 * Against DNS rebinding: a page of a foreign name that resolves to us sends that name as `Host`. An address cannot be
 * rebound, so any IP literal is fine.
 */
export function isKnownHost(host: string, known: readonly string[]): boolean {
  const wanted = splitHost(host);
  if (!wanted) return false;
  if (wanted.name === "localhost" || isAddress(wanted.name)) return true;
  return known.some((entry) => {
    const allowed = splitHost(entry);
    return allowed?.name === wanted.name && (allowed.port === "" || allowed.port === wanted.port);
  });
}

export type OriginVerdict = "none" | "same" | "allowed" | "refused";

/** Against requests that a foreign page makes in the user's browser. `host` was checked before. */
export function judgeOrigin(
  origin: string | null,
  { host, allowed }: { readonly host: string; readonly allowed: readonly string[] },
): OriginVerdict {
  if (origin === null) return "none";
  if (allowed.some((entry) => normalOrigin(entry) === normalOrigin(origin))) return "allowed";
  // Behind a proxy that ends TLS the scheme of the page is not the one we see, so only the host counts.
  const page = /^https?:\/\/(.+)$/i.exec(origin)?.[1];
  return page !== undefined && page.toLowerCase() === host.toLowerCase() ? "same" : "refused";
}

function normalOrigin(origin: string): string {
  return origin.toLowerCase().replace(/\/$/, "");
}

/** `name` as the URL standard spells it: lower case, IPv6 in brackets, odd spellings of IPv4 made plain. */
function splitHost(host: string): { readonly name: string; readonly port: string } | undefined {
  if (!/^[A-Za-z0-9._:[\]-]+$/.test(host)) return undefined;
  const bare = /^[^[\]]*:[^[\]]*:/.test(host) ? `[${host}]` : host;
  if (!URL.canParse(`http://${bare}/`)) return undefined;
  const { hostname } = new URL(`http://${bare}/`);
  const port = /:(\d+)$/.exec(bare)?.[1] ?? "";
  return { name: hostname.replace(/\.$/, ""), port };
}

function isAddress(name: string): boolean {
  return name.startsWith("[") || /^\d+\.\d+\.\d+\.\d+$/.test(name);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < b.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}
