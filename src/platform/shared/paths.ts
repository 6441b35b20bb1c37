/** Paths of POSIX (XBD 4.16), without asking the file system. */

export function isAbsolute(path: string): boolean {
  return path.startsWith("/");
}

/** Without `.`, `..` (where it can be known) and doubled slashes. */
export function normalize(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (!isAbsolute(path)) parts.push("..");
  }
  const joined = parts.join("/");
  return isAbsolute(path) ? `/${joined}` : joined === "" ? "." : joined;
}

export function join(...parts: readonly string[]): string {
  return normalize(parts.filter((part) => part !== "").join("/"));
}

export function dirname(path: string): string {
  const plain = withoutSlash(path);
  const at = plain.lastIndexOf("/");
  return at < 0 ? "." : at === 0 ? "/" : withoutSlash(plain.slice(0, at));
}

export function basename(path: string): string {
  const plain = withoutSlash(path);
  return plain.slice(plain.lastIndexOf("/") + 1);
}

function withoutSlash(path: string): string {
  return path.length > 1 ? path.replace(/(?<=.)\/+$/, "") : path;
}
