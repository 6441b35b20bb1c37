import type { Files } from "../core/platform.ts";
import type { Sha256 } from "../lib/hash-chain.ts";
import { hexOf } from "../lib/hex.ts";
import { checkedHash, entryIn, type Head, mostLineBytes, noEntries } from "./audit-chain.ts";

export interface Problem {
  readonly file: string;
  /** Counted from 1, in that file. */
  readonly line: number;
  /** The number that the entry there should have. */
  readonly entry: number;
  readonly what: "changed" | "missing" | "reordered" | "duplicated" | "cut";
  /** One sentence. */
  readonly text: string;
}

export interface Verified {
  /** As far as all is well. */
  readonly head: Head;
  readonly problem?: Problem;
}

export interface ChainSource {
  readonly files: Files;
  readonly sha256: Sha256;
  /** The oldest first. */
  readonly paths: readonly string[];
  /** Bytes of the last file to look at; absent: all. */
  readonly bytes?: number;
  /** Where to go on; absent: from the beginning. */
  readonly from?: Head;
  /** An entry that somebody has vouched for. */
  readonly signed?: Head;
}

/** Reads a chain once, in pieces; stops at the first line that is not as it was written. */
export async function verifyChain(source: ChainSource): Promise<Verified> {
  const walk: Walk = { source, head: source.from ?? noEntries, problem: undefined };
  for (const [index, path] of source.paths.entries()) {
    const isLast = index === source.paths.length - 1;
    const bytes = (isLast ? source.bytes : undefined) ?? (await source.files.stat(path))?.bytes ?? 0;
    await verifyFile(walk, { path, bytes });
    if (walk.problem) return { head: walk.head, problem: walk.problem };
  }
  const { signed } = source;
  if (!signed || signed.entries <= walk.head.entries) return { head: walk.head };
  const file = source.paths.at(-1) ?? "audit.jsonl";
  const text = `the signed head says ${signed.entries} entries, there are ${walk.head.entries}: the end was cut off`;
  return { head: walk.head, problem: { file, line: 0, entry: walk.head.entries + 1, what: "cut", text } };
}

interface Walk {
  readonly source: ChainSource;
  head: Head;
  problem: Problem | undefined;
}

async function verifyFile(walk: Walk, { path, bytes }: Part): Promise<void> {
  const { files, sha256, signed } = walk.source;
  let number = 0;
  let bad: Uint8Array | undefined;
  let last: Uint8Array | undefined;
  const rest = await eachLine(files, { path, bytes }, (line) => {
    number++;
    const hash = checkedHash(sha256, line, walk.head.hash);
    if (!hash || (number === 1 && numberIn(line) !== walk.head.entries + 1)) {
      bad = line;
      return false;
    }
    walk.head = { entries: walk.head.entries + 1, hash };
    last = line;
    if (walk.head.entries !== signed?.entries || hexOf(signed.hash) === hexOf(hash)) return true;
    walk.problem = problem(walk, { path, line: number, what: "changed" }, "it is not the one that was signed");
    return false;
  });
  if (walk.problem) return;
  if (bad) walk.problem = await diagnosed(walk, { path, bytes, line: number, bad, last });
  else if (rest > 0) {
    walk.problem = problem(walk, { path, line: number + 1, what: "cut" }, `the line has no end (${rest} bytes)`);
  } else if (last && numberIn(last) !== walk.head.entries) {
    walk.problem = problem(walk, { path, line: number, what: "changed" }, "its number is wrong");
  }
}

function numberIn(line: Uint8Array): number | undefined {
  return entryIn(new TextDecoder().decode(line))?.n;
}

function problem(
  { head }: Walk,
  { path, line, what }: { readonly path: string; readonly line: number; readonly what: Problem["what"] },
  text: string,
): Problem {
  return { file: path, line, entry: head.entries + 1, what, text };
}

interface Bad extends Part {
  readonly line: number;
  readonly bad: Uint8Array;
  /** The line before it in this file. */
  readonly last: Uint8Array | undefined;
}

/** What happened to a line that does not fit, as far as the chain can tell. */
async function diagnosed(walk: Walk, { path, bytes, line, bad, last }: Bad): Promise<Problem> {
  const expected = walk.head.entries + 1;
  const n = numberIn(bad);
  const at = (what: Problem["what"]) => ({ path, line, what });
  if (n === undefined) return problem(walk, at("changed"), "this is no entry");
  if (n === expected) return problem(walk, at("changed"), `entry ${n} is not as it was written`);
  if (n < expected) {
    const isSame = last && hexOf(last) === hexOf(bad);
    const text = `entry ${n} stands here ${isSame ? "again" : "a second time or in the wrong place"}`;
    return problem(walk, at(isSame ? "duplicated" : "reordered"), text);
  }
  let isBehind = false;
  await eachLine(walk.source.files, { path, bytes }, (each) => {
    isBehind = numberIn(each) === expected;
    return !isBehind;
  });
  if (isBehind) return problem(walk, at("reordered"), `entry ${n} stands before entry ${expected}`);
  const those = n - expected === 1 ? `entry ${expected} is` : `entries ${expected} to ${n - 1} are`;
  return problem(walk, at("missing"), `${those} missing`);
}

interface Part {
  readonly path: string;
  /** Where to end. */
  readonly bytes: number;
  /** Where to begin, at the beginning of a line; absent: at the file's. */
  readonly offset?: number;
}

const chunkBytes = 1024 * 1024;

/** Hands over each whole line until `take` returns false; returns how many bytes stand behind the last line end. */
export async function eachLine(
  files: Files,
  { path, bytes, offset: first = 0 }: Part,
  take: (line: Uint8Array) => boolean,
): Promise<number> {
  let rest = new Uint8Array();
  for (let offset = first; offset < bytes; ) {
    const read = await files.read(path, { offset, length: Math.min(chunkBytes, bytes - offset) });
    if (read.length === 0) break;
    offset += read.length;
    const chunk = joined(rest, read);
    let begin = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, begin)) {
      if (!take(chunk.subarray(begin, end))) return 0;
      begin = end + 1;
    }
    rest = chunk.slice(begin);
    if (rest.length <= mostLineBytes) continue;
    // Longer than any entry: what else it is does not matter.
    if (!take(rest)) return 0;
    rest = new Uint8Array();
  }
  return rest.length;
}

function joined(rest: Uint8Array, read: Uint8Array): Uint8Array {
  if (rest.length === 0) return read;
  const both = new Uint8Array(rest.length + read.length);
  both.set(rest);
  both.set(read, rest.length);
  return both;
}
