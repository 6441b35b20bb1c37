import { WeftError } from "../core/error.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import type { Files } from "../core/platform.ts";
import { parseDocument, readDocument } from "./document.ts";
import { resolvePath } from "./overrides.ts";
import { masked } from "./references.ts";
import { bare, childOf, hintOf, isSecret, normalise, pathKey, root, type Shape } from "./shape.ts";

/** `a.b["c.d"].e` as its keys. Throws `usage`. */
export function parseKey(written: string): string[] {
  const keys: string[] = [];
  const pattern = /(?:^|\.)([^.[\]"]+)|\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]/gy;
  while (pattern.lastIndex < written.length) {
    const match = pattern.exec(written);
    if (!match)
      throw new WeftError(
        "usage",
        `"${written}" is no key: write it like gateway.port or providers["my.server"].api_base`,
      );
    keys.push(match[1] ?? match[3] ?? JSON.parse(`"${match[2]}"`));
  }
  if (keys.length === 0) throw new WeftError("usage", "the key is empty: write it like gateway.port");
  return keys;
}

/** A known path in the schema's spelling. Throws `usage` with the nearest known key. */
export function knownPath(written: string): Exclude<ReturnType<typeof resolvePath>, { readonly unknown: unknown }> {
  const found = resolvePath(parseKey(written));
  if (!("unknown" in found)) return found;
  const { unknown } = found;
  throw new WeftError("usage", `unknown key ${unknown.path.join(".")}.${hintOf(unknown)}`);
}

/**
 * The file's text with one value changed; comments, order and the spelling of keys stay. `undefined` takes the key
 * away. `check` is given the result before anything is written, and throws when it is wrong.
 */
export async function changeValue(
  files: Files,
  path: string,
  change: {
    readonly key: readonly string[];
    readonly value: Json | undefined;
    readonly check: (after: JsonObject) => Promise<void>;
  },
): Promise<void> {
  const document = await readDocument(files, path);
  const text = document?.text.trim() ? document.text : "{}\n";
  const { modify, applyEdits } = await import("jsonc-parser");
  const edits = modify(text, spelling(document?.value ?? {}, change.key), change.value, {
    formattingOptions: { insertSpaces: true, tabSize: 2, eol: text.includes("\r\n") ? "\r\n" : "\n" },
  });
  const after = applyEdits(text, edits);
  await change.check((await parseDocument(path, after)).value);
  if (!document) await files.makeDirectory(path.slice(0, path.lastIndexOf("/")));
  await files.write(path, new TextEncoder().encode(after.endsWith("\n") ? after : `${after}\n`));
}

/** The path as the file spells it, as far as it has it: `apiKey` stays `apiKey`. */
function spelling(document: JsonObject, path: readonly string[]): (string | number)[] {
  const { written } = normalise(document);
  for (let length = path.length; length >= 0; length--) {
    const known = written.get(pathKey(path.slice(0, length)));
    if (known) return [...known, ...path.slice(length)].map((key, i, all) => arrayIndex(document, all, i) ?? key);
  }
  return [...path];
}

function arrayIndex(document: JsonObject, path: readonly string[], index: number): number | undefined {
  let value: Json | undefined = document;
  for (const key of path.slice(0, index)) value = isJsonObject(value) ? value[key] : undefined;
  return Array.isArray(value) ? Number(path[index]) : undefined;
}

/** Every key that has a fixed name, dotted. */
export function knownKeys(shape: Shape = root, path = ""): string[] {
  return Object.entries(bare(shape).entries ?? {}).flatMap(([key, child]) => {
    const name = path === "" ? key : `${path}.${key}`;
    return [name, ...knownKeys(child, name)];
  });
}

/** With `[masked]` for each secret that is written out; references like ${NAME} are no secrets. */
export function maskSecrets(value: Json, shape: Shape | undefined = root, secret = false): Json {
  if (typeof value === "string") return secret && value !== "" && !/^\$\{\w+\}$/.test(value) ? masked : value;
  if (Array.isArray(value)) return value.map((each: Json) => maskSecrets(each, shape && bare(shape).item, secret));
  if (!isJsonObject(value)) return value;
  const pairs = Object.entries(value).map(([key, inner]) => {
    const child = shape && childOf(shape, key);
    return [key, maskSecrets(inner, child, secret || (child !== undefined && isSecret(child)))] as const;
  });
  return Object.fromEntries(pairs);
}
