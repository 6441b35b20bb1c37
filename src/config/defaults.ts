import defaults from "./defaults.json" with { type: "json" };
import type { Config, ConfigFile, Written } from "./schema.ts";
import { camelCase, camelised } from "./shape.ts";

/** With what each section is where nobody wrote one: a test keeps defaults.json equal to the schema. */
export function withDefaults(written: Written): ConfigFile {
  return { ...defaults, ...written } as ConfigFile;
}

/** The same in the program's own names. */
export function configOf(written: Written): Config {
  const absent = Object.entries(defaults).filter(([section]) => !Object.hasOwn(written, section));
  return { ...(camelled(Object.fromEntries(absent)) as object), ...(camelised(written) as object) } as Config;
}

/** Defaults have no keys that are data. */
function camelled(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [camelCase(key), camelled(inner)]));
}
