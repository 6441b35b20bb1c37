import type { Crypto } from "../core/crypto.ts";
import { WeftError } from "../core/error.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { canonicalJson } from "../lib/canonical-json.ts";
import { bytesOfHex, hexOf } from "../lib/hex.ts";
import type { Head } from "./audit-chain.ts";

/** A head that the holder of a key vouches for. */
export interface SignedHead extends Head {
  /** Unix milliseconds. */
  readonly at: number;
  readonly publicKey: Uint8Array;
}

type Ed25519 = Crypto["ed25519"];

/** The signature is over the canonical JSON of the other members. */
export function signedHead(
  ed25519: Ed25519,
  seed: Uint8Array,
  { entries, hash, at }: Head & { at: number },
): JsonObject {
  const said = { at, entries, hash: hexOf(hash), publicKey: hexOf(ed25519.publicKey(seed)) };
  return { ...said, signature: hexOf(ed25519.sign(seed, bytesOf(said))) };
}

/** Throws `invalid` when it is not signed by the key that it names. */
export function checkedHead(ed25519: Ed25519, text: string, where: string): SignedHead {
  const value = parsed(text);
  const { at, entries, hash, publicKey, signature } = isJsonObject(value) ? value : {};
  const bytes = (hex: unknown, length: number) => (typeof hex === "string" ? bytesOfHex(hex, length) : undefined);
  const key = bytes(publicKey, 32);
  const link = bytes(hash, 32);
  const signed = bytes(signature, 64);
  if (typeof at !== "number" || typeof entries !== "number" || !key || !link || !signed) {
    throw new WeftError("invalid", `${where} is no signed head: make one with weft audit sign`);
  }
  const said = bytesOf({ at, entries, hash: hexOf(link), publicKey: hexOf(key) });
  if (!ed25519.verify(key, said, signed)) {
    throw new WeftError("invalid", `${where} was changed: its signature is not that of the key it names`);
  }
  return { at, entries, hash: link, publicKey: key };
}

function bytesOf(said: JsonObject): Uint8Array {
  return new TextEncoder().encode(canonicalJson(said));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
