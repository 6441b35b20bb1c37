import { WeftError } from "../core/error.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import type { FileTree, Platform } from "../core/platform.ts";
import { genesis, linkHash, type Sha256 } from "../lib/hash-chain.ts";
import { bytesOfHex, hexOf } from "../lib/hex.ts";
import { cleaned, historyFile, memoryFile, paragraphs, readText } from "./memory.ts";

/** The file of `memory export`: version 1 as clawft has it, and `witness`, which vouches for the contents. */

const contents = ["memory_content", "history_content"] as const;
const filesOf = { memory_content: memoryFile, history_content: historyFile };

/** One link of a WITNESS chain; hashes in hexadecimal. */
interface Segment {
  /** UUID, version 4. */
  readonly segment_id: string;
  /** RFC 3339, UTC. */
  readonly timestamp: string;
  readonly operation: string;
  /** Of the content. */
  readonly data_hash: string;
  readonly previous_hash: string;
  /** Of the id's 16 bytes, the timestamp, the operation, the data's hash and the previous hash. */
  readonly segment_hash: string;
}

type Machine = Pick<Platform, "now" | "randomBytes">;

export async function memoryExport(files: FileTree, machine: Machine, sha256: Sha256): Promise<JsonObject> {
  const timestamp = new Date(machine.now()).toISOString();
  const texts = await Promise.all(contents.map(async (name) => (await readText(files, filesOf[name])) ?? ""));
  const segments: Segment[] = [];
  for (const text of texts) {
    const previous_hash = segments.at(-1)?.segment_hash ?? hexOf(genesis);
    const data_hash = hexOf(sha256(new TextEncoder().encode(text)));
    const open = { segment_id: uuid(machine.randomBytes(16)), timestamp, operation: "store", data_hash, previous_hash };
    segments.push({ ...open, segment_hash: hexOf(segmentHash(sha256, open)) });
  }
  return {
    version: 1,
    agent_id: "weft",
    format: "json",
    exported_at: timestamp,
    ...Object.fromEntries(contents.map((name, i) => [name, texts[i] ?? ""])),
    witness: { segments: segments.map((segment) => ({ ...segment })) },
  };
}

function uuid(random: Uint8Array): string {
  const bytes = random.slice();
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return hexOf(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Throws `invalid` where a member has not the form of its kind. */
function segmentHash(sha256: Sha256, segment: Omit<Segment, "segment_hash">): Uint8Array {
  const { segment_id, timestamp, operation, data_hash, previous_hash } = segment;
  const parts = [
    bytesOfHex(segment_id.replaceAll("-", ""), 16),
    new TextEncoder().encode(`${timestamp}${operation}`),
    bytesOfHex(data_hash, 32),
  ];
  const previous = bytesOfHex(previous_hash, 32);
  const content = parts.filter((part) => part !== undefined);
  if (!previous || content.length < parts.length) throw new WeftError("invalid", "an id or a hash is none");
  return linkHash(sha256, content, previous);
}

export interface MemoryImport {
  readonly texts: Readonly<Record<(typeof contents)[number], string>>;
  /** False: the file has no chain, as older exports. */
  readonly verified: boolean;
}

/** Throws `invalid` naming what is wrong: nothing of such a file may be used. */
export function readMemoryExport(text: string, sha256: Sha256): MemoryImport {
  const value = parsed(text);
  if (!isJsonObject(value) || typeof value["version"] !== "number") throw wrong("it is no memory export");
  if (value["version"] > 1) throw wrong(`its version ${value["version"]} is newer than this weft`);
  const texts = contents.map((name) => {
    const content = value[name] ?? "";
    if (typeof content !== "string") throw wrong(`${name} is no text`);
    return content;
  });
  const { witness } = value;
  if (witness !== undefined) verify(segmentsIn(witness), texts, sha256);
  const [memory_content = "", history_content = ""] = texts;
  return { texts: { memory_content, history_content }, verified: witness !== undefined };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function wrong(what: string): WeftError {
  return new WeftError("invalid", `this file cannot be imported: ${what}. Nothing was changed: export it again`);
}

function segmentsIn(witness: Json): Segment[] {
  const list = isJsonObject(witness) ? witness["segments"] : undefined;
  if (!Array.isArray(list) || list.length !== contents.length) {
    throw wrong(`WITNESS chain: expected ${contents.length} segments, one for each content`);
  }
  return list.map((each: Json, index) => {
    const text = (name: keyof Segment) => {
      const member = isJsonObject(each) ? each[name] : undefined;
      if (typeof member !== "string") throw wrong(`WITNESS chain corrupted at index ${index}: ${name} is missing`);
      return member;
    };
    return {
      segment_id: text("segment_id"),
      timestamp: text("timestamp"),
      operation: text("operation"),
      data_hash: text("data_hash"),
      previous_hash: text("previous_hash"),
      segment_hash: text("segment_hash"),
    };
  });
}

function verify(segments: readonly Segment[], texts: readonly string[], sha256: Sha256): void {
  let previous = hexOf(genesis);
  for (const [index, segment] of segments.entries()) {
    if (segment.previous_hash !== previous) throw wrong(`WITNESS chain link broken at index ${index}`);
    const data = hexOf(sha256(new TextEncoder().encode(texts[index] ?? "")));
    if (segment.data_hash !== data || hashOf(segment, sha256) !== segment.segment_hash) {
      throw wrong(`WITNESS chain corrupted at index ${index} (${contents[index] ?? ""})`);
    }
    previous = segment.segment_hash;
  }
}

function hashOf(segment: Segment, sha256: Sha256): string | undefined {
  try {
    return hexOf(segmentHash(sha256, segment));
  } catch {
    return undefined;
  }
}

/** How many paragraphs each file got. What it has already is not added: the same import twice changes nothing. */
export async function addMemory(files: FileTree, { texts }: MemoryImport): Promise<Record<string, number>> {
  const added: Record<string, number> = {};
  for (const name of contents) {
    const path = filesOf[name];
    const before = (await readText(files, path)) ?? "";
    const text = cleaned(texts[name]).trimEnd();
    const known = new Set(paragraphs(before));
    const missing = paragraphs(text).filter((each) => !known.has(each));
    added[path] = missing.length;
    if (missing.length === 0) continue;
    // Into an empty file as it was, blank lines and all.
    const whole = known.size === 0 ? text : `${before.trimEnd()}\n\n${missing.join("\n\n")}`;
    await files.makeDirectory("memory");
    await files.write(path, new TextEncoder().encode(`${whole}\n\n`));
  }
  return added;
}
