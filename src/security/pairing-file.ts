import type { Address } from "../core/address.ts";
import { WeftError } from "../core/error.ts";
import { isJsonObject, type Json } from "../core/json.ts";
import type { Paired, PendingPairing } from "../core/pairing.ts";
import type { Files } from "../core/platform.ts";

export interface PendingEntry extends PendingPairing {
  /** SHA-256 of the code, in hexadecimal: who reads the file cannot let anybody in before it expires. */
  readonly hash: string;
  readonly to: Address;
  /** The code is safely on its way to him. */
  readonly told: boolean;
}

export interface PairedEntry extends Paired {
  readonly to: Address;
  /** He has heard that he was let in. */
  readonly told: boolean;
}

/** `.weft/pairing.json` of the workspace. */
export interface PairingFile {
  readonly version: 1;
  readonly pending: readonly PendingEntry[];
  readonly paired: readonly PairedEntry[];
  /** When wrong codes were tried of late, Unix milliseconds. */
  readonly wrong: readonly number[];
}

const none: PairingFile = { version: 1, pending: [], paired: [], wrong: [] };

/** Throws `config` for what is no such file; then it is never overwritten. */
export async function readPairing(files: Files, path: string): Promise<PairingFile> {
  if (!(await files.stat(path))) return none;
  const value = parsed(new TextDecoder().decode(await files.read(path, { offset: 0, length: 16 * 1024 * 1024 })));
  if (isPairingFile(value)) return value;
  const mend = "put back a copy of it, or move it away: then nobody is paired";
  throw new WeftError("config", `${path} cannot be read as what weft pairing keeps: ${mend}`);
}

/** Whole or not at all, for its owner alone. */
export async function writePairing(files: Files, path: string, file: PairingFile): Promise<void> {
  await files.write(path, new TextEncoder().encode(`${JSON.stringify(file, null, 2)}\n`));
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}

function isPairingFile(value: unknown): value is PairingFile {
  if (!isJsonObject(value) || value["version"] !== 1) return false;
  const { pending, paired, wrong } = value;
  return (
    Array.isArray(pending) &&
    pending.every((each: Json) => isPerson(each) && typeof each["hash"] === "string" && isNumber(each["until"])) &&
    Array.isArray(paired) &&
    paired.every((each: Json) => isPerson(each) && (each["level"] === 1 || each["level"] === 2)) &&
    Array.isArray(wrong) &&
    wrong.every(isNumber)
  );
}

function isPerson(value: Json): value is { readonly [key: string]: Json } {
  if (!isJsonObject(value) || !isJsonObject(value["to"] ?? null)) return false;
  return typeof value["channel"] === "string" && typeof value["sender"] === "string" && isNumber(value["at"]);
}

function isNumber(value: unknown): boolean {
  return typeof value === "number";
}
