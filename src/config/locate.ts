import { WeftError } from "../core/error.ts";
import type { Platform } from "../core/platform.ts";
import { expandHome } from "./references.ts";

export interface Located {
  /** Absolute; where the file should be when there is none. */
  readonly path: string;
  readonly warnings: readonly string[];
}

/** `-c FILE`, else CLAWFT_CONFIG, else ~/.clawft/config.json, else ~/.nanobot/config.json. */
export async function locateConfig({ env, files, cwd }: Platform, explicit: string | undefined): Promise<Located> {
  const home = env["HOME"];
  const named = explicit ?? env["CLAWFT_CONFIG"];
  if (named) {
    const path = absolutePath(expandHome(named, home), cwd);
    if (await files.stat(path)) return { path, warnings: [] };
    if (explicit !== undefined) throw new WeftError("config", `config file not found: ${path}`);
    return { path, warnings: [`CLAWFT_CONFIG names ${path}, which does not exist: the defaults are used`] };
  }
  const path = expandHome("~/.clawft/config.json", home);
  const older = expandHome("~/.nanobot/config.json", home);
  if (!(await files.stat(path)) && (await files.stat(older))) return { path: older, warnings: [] };
  return { path, warnings: [] };
}

/** Without `.` and `..`, seen from `base`. */
export function absolutePath(path: string, base: string): string {
  const whole = path.startsWith("/") ? path : `${base}/${path}`;
  const parts: string[] = [];
  for (const part of whole.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
