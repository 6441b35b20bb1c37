import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import { bare, childOf, root, type Shape, schemaKey, type UnknownKey, unknownKey } from "./shape.ts";

/** `CLAWFT__gateway__port=8080` sets `gateway.port`; the value is JSON, or text where a text is wanted. */
export const prefix = "CLAWFT__";

export interface Overrides {
  readonly value: JsonObject;
  /** Path in the schema's spelling, joined by dots, to the variable's name. */
  readonly variables: ReadonlyMap<string, string>;
  readonly unknown: readonly (UnknownKey & { readonly variable: string })[];
}

export function environmentOverrides(env: Readonly<Record<string, string | undefined>>): Overrides {
  let value: JsonObject = {};
  const variables = new Map<string, string>();
  const unknown: (UnknownKey & { readonly variable: string })[] = [];
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(prefix) || text === undefined) continue;
    const found = resolvePath(variable.slice(prefix.length).split("__"));
    if ("unknown" in found) {
      unknown.push({ ...found.unknown, variable });
      continue;
    }
    variables.set(found.path.join("."), variable);
    value = merged(value, nested(found.path, typed(text, found.shape)));
  }
  return { value, variables, unknown };
}

export type Resolved =
  | { readonly path: readonly string[]; readonly shape: Shape | undefined }
  | { readonly unknown: UnknownKey };

/** A path in any spelling, in the schema's; or what of it is not known. */
export function resolvePath(written: readonly string[]): Resolved {
  let shape: Shape | undefined = root;
  const path: string[] = [];
  for (const [index, name] of written.entries()) {
    if (shape && isLeaf(shape)) return { unknown: { path: written.slice(0, index + 1) } };
    const known = knownKey(shape, name);
    if (known === undefined) return { unknown: unknownKey(written.slice(0, index + 1), shape ?? root) };
    path.push(known);
    shape = shape && childOf(shape, known);
  }
  return { path, shape };
}

function knownKey(shape: Shape | undefined, name: string): string | undefined {
  if (!shape) return name;
  return schemaKey(shape, name) ?? (bare(shape).type === "object_with_rest" ? name : undefined);
}

function isLeaf(shape: Shape): boolean {
  const { type } = bare(shape);
  return type === "string" || type === "number" || type === "boolean" || type === "picklist";
}

/** What a word of the command line or the environment means for a field. */
export function typed(text: string, shape: Shape | undefined): Json {
  if (shape && ["string", "picklist"].includes(bare(shape).type)) return text === "null" && shape.wrapped ? null : text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export function nested(path: readonly string[], value: Json): JsonObject {
  const [first = "", ...rest] = path;
  return { [first]: rest.length === 0 ? value : nested(rest, value) };
}

/** Objects are merged, `null` takes a key away, everything else replaces. */
export function merged(below: JsonObject, above: JsonObject): JsonObject {
  const result: Record<string, Json> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    if (value === null) delete result[key];
    else if (isJsonObject(value)) {
      const before = Object.hasOwn(result, key) ? result[key] : undefined;
      result[key] = merged(isJsonObject(before) ? before : {}, value);
    } else result[key] = value;
  }
  return result;
}
