import { type Loaded, loadConfig } from "../config/load.ts";
import { absentSections } from "../features.ts";
import type { Call } from "./command.ts";
import { errorStyle } from "./style.ts";

/** The configuration that `-c` or the environment names; its warnings go to standard error. */
export async function load({ platform, options }: Call): Promise<Loaded> {
  const loaded = await loadConfig(platform, { path: options["config"], without: absentSections() });
  const style = errorStyle(platform);
  for (const warning of loaded.warnings) await platform.terminal.error(`${style.yellow("warning:")} ${warning}\n`);
  return loaded;
}

/** `work` and `cli:work` are the same conversation. */
export function sessionKey(name: string | undefined): string {
  if (name === undefined || name === "") return "cli:cli-session";
  return name.includes(":") ? name : `cli:${name}`;
}
