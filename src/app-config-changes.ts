import { maskSecrets } from "./config/edit.ts";
import type { Loaded } from "./config/load.ts";
import { isJsonObject, type Json, type JsonObject } from "./core/json.ts";
import type { Platform } from "./core/platform.ts";
import { canonicalJson } from "./lib/canonical-json.ts";
import { hexOf } from "./lib/hex.ts";

/** What tells two configurations apart; SHA-256 in hexadecimal, shortened. Secrets do not go into it. */
export function configDigest({ crypto }: Pick<Platform, "crypto">, { raw }: Pick<Loaded, "raw">): string {
  const bytes = new TextEncoder().encode(canonicalJson(maskSecrets(raw as unknown as Json)));
  return hexOf(crypto.hash("sha256", bytes)).slice(0, 16);
}

/** The keys whose values differ, dotted. */
export function changedKeys(before: Pick<Loaded, "raw">, after: Pick<Loaded, "raw">): string[] {
  return differing(before.raw as unknown as JsonObject, after.raw as unknown as JsonObject, "");
}

function differing(before: JsonObject, after: JsonObject, path: string): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) => {
    const [a, b] = [before[key], after[key]];
    const name = path === "" ? key : `${path}.${key}`;
    if (isJsonObject(a) && isJsonObject(b)) return differing(a, b, name);
    return canonicalJson(a ?? null) === canonicalJson(b ?? null) ? [] : [name];
  });
}
