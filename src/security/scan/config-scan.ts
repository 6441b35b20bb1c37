import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { configChecks, plainKey, unreadableConfig } from "./checks/configuration.ts";
import type { Secret } from "./excerpt.ts";
import { readJson } from "./json-text.ts";
import type { TextFindings } from "./text-scan.ts";

/** What the room of the configuration knows about one. */
export interface ConfigShape {
  /** In the schema's spelling, and each path of it as it is written. */
  normalise(document: JsonObject): { readonly value: JsonObject; written(path: readonly string[]): readonly string[] };
  /** Whether a value at this path of the schema is a key, token or password. */
  isSecret(path: readonly string[]): boolean;
}

/** Sections by which a `config.json` is known to be one of weft's. */
const sections = ["agents", "providers", "gateway", "tools", "channels", "delegation", "routing", "models"];

/** Undefined when the file is no configuration of weft. `isOwn`: its place says that it is one. */
export async function scanConfig(
  text: string,
  { normalise, isSecret }: ConfigShape,
  isOwn: boolean,
): Promise<TextFindings | undefined> {
  const json = text.trim() === "" ? undefined : await readJson(text);
  if (!json) {
    const hit = { check: unreadableConfig, severity: unreadableConfig.severity, at: 0, length: 0 };
    return isOwn && text.trim() !== "" ? { hits: [hit], secrets: [] } : undefined;
  }
  const { value, written } = normalise(json.value);
  if (!isOwn && !sections.some((section) => isJsonObject(value[section]))) return undefined;
  const place = (path: readonly string[]) => json.at(written(path));
  const keys = plainKeys(value, isSecret).map((path) => ({ path, ...place(path) }));
  const secrets: Secret[] = keys.map(({ at, length }) => ({ at, length }));
  const hits = [
    ...keys.map(({ path, at, length }) => ({
      check: plainKey,
      severity: plainKey.severity,
      at,
      length,
      note: path.join("."),
    })),
    ...configChecks.flatMap((check) =>
      check.look(value).map(({ path, note }) => ({
        check,
        severity: check.severity,
        ...place(path),
        note: note === undefined ? path.join(".") : `${path.join(".")}: ${note}`,
      })),
    ),
  ];
  return { hits, secrets };
}

/** Paths of secrets that are written out; references like `${NAME}` are as they should be. */
function plainKeys(
  value: Json,
  isSecret: (path: readonly string[]) => boolean,
  path: readonly string[] = [],
): string[][] {
  if (typeof value === "string") {
    const isPlain = value.trim().length >= 6 && !/\$\{[^}]{1,100}\}/.test(value) && value !== "[masked]";
    return isPlain && isSecret(path) ? [[...path]] : [];
  }
  const inner = Array.isArray(value) || isJsonObject(value) ? Object.entries(value) : [];
  return inner.flatMap(([key, each]) => plainKeys(each, isSecret, [...path, key]));
}
