import type { Files } from "../core/platform.ts";
import { bytesOfHex } from "../lib/hex.ts";
import { auditPaths, chainFiles, entryIn, type Head, mostLineBytes, noEntries } from "./audit-chain.ts";

export interface Last {
  readonly head: Head;
  /** Of the file that is written, as far as its lines are whole; 0 when there is none. */
  readonly bytes: number;
  /** What stands behind the last whole line. */
  readonly torn?: { readonly bytes: number; readonly text: string };
  /** The file whose last line is no entry. */
  readonly unreadable?: string;
}

/** Where a chain ends, without reading more than that end. */
export async function lastOf(files: Files, root: string): Promise<Last> {
  const { current } = auditPaths(root);
  const all = await chainFiles(files, root);
  const isThere = all.at(-1) === current;
  const end = isThere ? await endOf(files, current) : { whole: 0, line: undefined, rest: new Uint8Array() };
  const torn = end.rest.length > 0 && {
    torn: { bytes: end.rest.length, text: new TextDecoder().decode(end.rest.subarray(0, 1000)) },
  };
  const path = end.whole > 0 ? current : all.filter((each) => each !== current).at(-1);
  if (path === undefined) return { head: noEntries, bytes: 0, ...torn };
  const line = end.whole > 0 ? end.line : (await endOf(files, path)).line;
  const entry = line === undefined ? undefined : entryIn(line);
  const hash = entry && bytesOfHex(entry.hash, 32);
  if (!entry || !hash) return { head: noEntries, bytes: end.whole, ...torn, unreadable: path };
  return { head: { entries: entry.n, hash }, bytes: end.whole, ...torn };
}

interface End {
  /** Bytes up to the last line end. */
  readonly whole: number;
  /** The last whole line; undefined when it is too long to be one. */
  readonly line: string | undefined;
  readonly rest: Uint8Array;
}

async function endOf(files: Files, path: string): Promise<End> {
  const size = (await files.stat(path))?.bytes ?? 0;
  const offset = Math.max(0, size - 2 * mostLineBytes);
  const bytes = size === 0 ? new Uint8Array() : await files.read(path, { offset, length: size - offset });
  const end = bytes.lastIndexOf(10);
  const begin = end <= 0 ? -1 : bytes.lastIndexOf(10, end - 1);
  const isWhole = end >= 0 && (begin >= 0 || offset === 0);
  const line = isWhole ? new TextDecoder().decode(bytes.subarray(begin + 1, end)) : undefined;
  return { whole: end < 0 ? (offset === 0 ? 0 : size) : offset + end + 1, line, rest: restOf(bytes, end, offset) };
}

/** Nothing is cut off where no line end is in sight: that is no torn entry. */
function restOf(bytes: Uint8Array, end: number, offset: number): Uint8Array {
  return end < 0 && offset > 0 ? new Uint8Array() : bytes.subarray(end + 1);
}
