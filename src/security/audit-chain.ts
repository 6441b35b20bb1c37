import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { Files } from "../core/platform.ts";
import { canonicalJson } from "../lib/canonical-json.ts";
import { genesis, linkHash, type Sha256 } from "../lib/hash-chain.ts";
import { hexOf } from "../lib/hex.ts";

/** How the chain lies on the disk; docs/audit.md says the same for others. */

/** The end of a chain: from here it can be gone on with, or verified. */
export interface Head {
  /** How many entries it has; the last one has this number. */
  readonly entries: number;
  readonly hash: Uint8Array;
}

export const noEntries: Head = { entries: 0, hash: genesis };

/** Where it lies in a workspace. */
export function auditPaths(root: string) {
  return {
    current: `${root}/audit.jsonl`,
    /** Full files, `00000001.jsonl` and so on. */
    older: `${root}/.weft/audit`,
    /** Entries of commands that ran beside the owner of the workspace. */
    inbox: `${root}/.weft/audit/inbox`,
    key: `${root}/.weft/audit.key`,
    head: `${root}/audit.head.json`,
  };
}

/** The files of a chain, the oldest first; the last one is written. */
export async function chainFiles(files: Files, root: string): Promise<string[]> {
  const paths = auditPaths(root);
  const names = (await files.stat(paths.older)) ? (await files.list(paths.older)).map(({ name }) => name) : [];
  const older = names.filter((name) => /^\d{8}\.jsonl$/.test(name)).map((name) => `${paths.older}/${name}`);
  return (await files.stat(paths.current)) ? [...older, paths.current] : older;
}

/** `,"hash":"` and 64 digits and `"}` */
const endBytes = 75;
/** Longer than any entry: its texts are cut. */
export const mostLineBytes = 64 * 1024;

/** The line of an entry behind `head`, and the head it makes. */
export function sealed(sha256: Sha256, entry: JsonObject, head: Head): { readonly line: string; readonly head: Head } {
  const entries = head.entries + 1;
  const content = canonicalJson({ ...entry, n: entries });
  const hash = linkHash(sha256, [new TextEncoder().encode(content)], head.hash);
  return { line: `${content.slice(0, -1)},"hash":"${hexOf(hash)}"}\n`, head: { entries, hash } };
}

/** The hash of a line behind `previous` when it is the one that the line says; else undefined. */
export function checkedHash(sha256: Sha256, line: Uint8Array, previous: Uint8Array): Uint8Array | undefined {
  const end = line.length - endBytes;
  if (end < 1) return undefined;
  const hash = linkHash(sha256, [line.subarray(0, end), brace], previous);
  for (let i = 0; i < before.length; i++) if (line[end + i] !== before[i]) return undefined;
  if (line[line.length - 2] !== 34 || line[line.length - 1] !== 125) return undefined;
  for (let i = 0, at = end + before.length; i < 32; i++, at += 2) {
    const byte = hash[i] ?? 0;
    if (line[at] !== digits[byte >> 4] || line[at + 1] !== digits[byte & 15]) return undefined;
  }
  return hash;
}

const brace = Uint8Array.of(125);
/** `,"hash":"` */
const before = Uint8Array.of(44, 34, 104, 97, 115, 104, 34, 58, 34);
/** `0123456789abcdef` */
const digits = Uint8Array.of(48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 97, 98, 99, 100, 101, 102);

/** A line as it says of itself, unverified; undefined when it is none of ours. */
export function entryIn(line: string): (JsonObject & { readonly n: number; readonly hash: string }) | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (!isJsonObject(value)) return undefined;
    const { n, hash } = value;
    return typeof n === "number" && typeof hash === "string" ? { ...value, n, hash } : undefined;
  } catch {
    return undefined;
  }
}
