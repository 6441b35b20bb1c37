import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import { nearest } from "../lib/nearest.ts";
import { configSchema } from "./schema.ts";

/** What a configuration schema looks like from outside; https://valibot.dev/guides/schemas/ */
export interface Shape {
  readonly type: string;
  readonly entries?: Readonly<Record<string, Shape>>;
  /** Of a record. */
  readonly value?: Shape;
  /** Of an array. */
  readonly item?: Shape;
  readonly wrapped?: Shape;
  /** Of a shape that is made when asked for. */
  readonly getter?: () => Shape;
  readonly default?: unknown;
  readonly options?: readonly unknown[];
  readonly pipe?: readonly { readonly type: string; readonly metadata?: unknown; readonly description?: unknown }[];
}

export const root: Shape = configSchema as unknown as Shape;

/** Without the wrappers that make a field optional or late. */
export function bare(shape: Shape): Shape {
  let inner = shape;
  for (;;) {
    const next = inner.wrapped ?? inner.getter?.();
    if (!next) return inner;
    inner = next;
  }
}

/** The shape under a key in the schema's spelling; undefined where there is none. */
export function childOf(shape: Shape, key: string): Shape | undefined {
  const { entries, value, item } = bare(shape);
  if (entries) return Object.hasOwn(entries, key) ? entries[key] : undefined;
  return value ?? item;
}

export function isSecret(shape: Shape): boolean {
  const pipe = [...(shape.pipe ?? []), ...(bare(shape).pipe ?? [])];
  return pipe.some(({ metadata }) => isJsonObject(metadata) && metadata["secret"] === true);
}

export function describe(shape: Shape): string {
  const texts = [...(shape.pipe ?? []), ...(bare(shape).pipe ?? [])].map(({ description }) => description);
  return String(texts.find((text) => typeof text === "string") ?? "");
}

/** `maxTokens`, `max_tokens` and `MAX_TOKENS` are the same key; keys of data (names, headers) are never changed. */
export function schemaKey(shape: Shape, written: string): string | undefined {
  const { entries } = bare(shape);
  if (!entries) return written;
  return [written, snakeCase(written), written.toLowerCase()].find((key) => Object.hasOwn(entries, key));
}

export function snakeCase(key: string): string {
  return key
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .toLowerCase();
}

export function camelCase(key: string): string {
  let name = key;
  for (let at = name.indexOf("_"); at >= 0; at = name.indexOf("_", at + 1)) {
    name = name.slice(0, at) + name.slice(at + 1, at + 2).toUpperCase() + name.slice(at + 2);
  }
  return name;
}

export interface Normal {
  readonly value: JsonObject;
  /** By path in the schema's spelling (`pathKey`): the path as it is written. */
  readonly written: ReadonlyMap<string, readonly string[]>;
  readonly unknown: readonly UnknownKey[];
  /** Lists where an object should be; valibot takes a list for one. */
  readonly lists: readonly (readonly string[])[];
}

export interface UnknownKey {
  readonly path: readonly string[];
  readonly meant?: string;
}

/** For the end of a message. */
export function hintOf({ path, meant }: UnknownKey): string {
  return meant === undefined ? "" : ` Did you mean ${[...path.slice(0, -1), meant].join(".")}?`;
}

export function pathKey(path: readonly string[]): string {
  return path.join("\0");
}

/** The document in the schema's spelling, without keys that the schema does not know. */
export function normalise(document: JsonObject): Normal {
  const written = new Map<string, readonly string[]>();
  const unknown: UnknownKey[] = [];
  const lists: (readonly string[])[] = [];
  const walk = (value: Json, shape: Shape | undefined, at: At): Json => {
    written.set(pathKey(at.path), at.written);
    if (!shape) return value;
    if (Array.isArray(value)) {
      if (bare(shape).entries ?? bare(shape).value) lists.push(at.written);
      return (value as readonly Json[]).map((each, i) => walk(each, bare(shape).item, below(at, [`${i}`, `${i}`])));
    }
    if (!isJsonObject(value)) return value;
    const pairs = Object.entries(value).flatMap(([name, inner]): [string, Json][] => {
      const key = schemaKey(shape, name);
      if (key !== undefined) return [[key, walk(inner, childOf(shape, key), below(at, [key, name]))]];
      if (bare(shape).type === "object_with_rest") return [[name, inner]];
      if (name !== "$schema") unknown.push(unknownKey([...at.written, name], shape));
      return [];
    });
    return Object.fromEntries(pairs);
  };
  const value = walk(document, root, { path: [], written: [] });
  return { value: value as JsonObject, written, unknown, lists };
}

interface At {
  readonly path: readonly string[];
  readonly written: readonly string[];
}

function below(at: At, [key, name]: readonly [string, string]): At {
  return { path: [...at.path, key], written: [...at.written, name] };
}

export function unknownKey(path: readonly string[], shape: Shape): UnknownKey {
  const meant = nearest(snakeCase(path.at(-1) ?? ""), Object.keys(bare(shape).entries ?? {}));
  return meant === undefined ? { path } : { path, meant };
}

/** Values in the schema's spelling, as the program's own names. */
export function camelised(value: unknown, shape: Shape | undefined = root): unknown {
  if (!shape || typeof value !== "object" || value === null) return value;
  const { entries, value: inRecord, item } = bare(shape);
  if (Array.isArray(value)) return value.map((each) => camelised(each, item));
  const result: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    if (entries) result[camelCase(key)] = camelised(inner, Object.hasOwn(entries, key) ? entries[key] : undefined);
    else result[key] = camelised(inner, inRecord ?? item);
  }
  return result;
}
