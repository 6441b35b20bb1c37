import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";

/** What the workspace's own configuration may set; the agent can write it, so nothing here widens its rights. */
const allowed: readonly string[] = [
  "agents.defaults.model",
  "agents.defaults.max_tokens",
  "agents.defaults.temperature",
  "agents.defaults.thinking",
  "agents.defaults.memory_window",
  "agents.defaults.context_tokens",
  "tools.web.search.max_results",
];

/** The part of a workspace's configuration that counts, and a warning for each key that does not. */
export function ownOfWorkspace(
  value: JsonObject,
  path: string,
): { readonly value: JsonObject; readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  const keep = (inner: JsonObject, at: string): JsonObject => {
    const pairs = Object.entries(inner).flatMap(([key, child]): [string, Json][] => {
      const name = at === "" ? key : `${at}.${key}`;
      if (allowed.includes(name)) return [[key, child]];
      if (isJsonObject(child) && allowed.some((each) => each.startsWith(`${name}.`))) return [[key, keep(child, name)]];
      warnings.push(`${path}: ${name} is ignored: only the user's configuration may set it`);
      return [];
    });
    return Object.fromEntries(pairs);
  };
  return { value: keep(value, ""), warnings };
}
