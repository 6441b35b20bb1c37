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

/** What it may say to take rights away. */
const restricting: readonly string[] = ["tools.deny", "tools.paths", "routing.permissions"];

export interface OfWorkspace {
  /** Replaces what the user's configuration says. */
  readonly value: JsonObject;
  /** Holds beside what the user's configuration says. */
  readonly restrictions: JsonObject;
  /** For each key that does not count. */
  readonly warnings: readonly string[];
}

/** The parts of a workspace's configuration that count. */
export function ownOfWorkspace(value: JsonObject, path: string): OfWorkspace {
  const warnings: string[] = [];
  for (const name of outside(value, "", [...allowed, ...restricting])) {
    warnings.push(`${path}: ${name} is ignored: only the user's configuration may set it`);
  }
  return { value: only(value, "", allowed), restrictions: only(value, "", restricting), warnings };
}

function only(value: JsonObject, at: string, names: readonly string[]): JsonObject {
  const pairs = Object.entries(value).flatMap(([key, child]): [string, Json][] => {
    const name = under(at, key);
    if (names.includes(name)) return [[key, child]];
    return isJsonObject(child) && isAbove(name, names) ? [[key, only(child, name, names)]] : [];
  });
  return Object.fromEntries(pairs);
}

function outside(value: JsonObject, at: string, names: readonly string[]): string[] {
  return Object.entries(value).flatMap(([key, child]) => {
    const name = under(at, key);
    if (names.includes(name)) return [];
    return isJsonObject(child) && isAbove(name, names) ? outside(child, name, names) : [name];
  });
}

function under(at: string, key: string): string {
  return at === "" ? key : `${at}.${key}`;
}

function isAbove(name: string, names: readonly string[]): boolean {
  return names.some((each) => each.startsWith(`${name}.`));
}
