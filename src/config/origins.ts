import { type ConfigDocument, placeOfPath } from "./document.ts";
import type { Overrides } from "./overrides.ts";
import type { Normal } from "./shape.ts";

/** One file of the configuration. */
export interface Level {
  readonly document: ConfigDocument;
  readonly normal: Normal;
}

export interface Origins {
  /** Later ones count more. */
  readonly levels: readonly (Level | undefined)[];
  readonly overrides: Overrides;
}

/** How a rule of the workspace's own configuration is named. */
const ofWorkspace = "the workspace's ";

/** The variable or the file that a setting's value comes from, else "the default". */
export function originOf(origins: Origins, setting: string): string {
  const found = levelOf(origins, setting);
  return typeof found === "string" ? found : (found?.level.document.path ?? "the default");
}

/** The same with line and column. */
export async function placeOf(origins: Origins, setting: string): Promise<string> {
  const found = levelOf(origins, setting);
  if (!found || typeof found === "string") return found ?? "the default";
  const { document } = found.level;
  return `${document.path}:${await placeOfPath(document, found.written)}`;
}

function levelOf(
  { levels, overrides }: Origins,
  setting: string,
): string | { readonly level: Level; readonly written: readonly string[] } | undefined {
  const isBelow = setting.startsWith(ofWorkspace);
  const name = isBelow ? setting.slice(ofWorkspace.length) : setting;
  const variable = isBelow ? undefined : [...overrides.variables].find(([at]) => isPart(at, name))?.[1];
  if (variable) return variable;
  const [user, workspace] = levels;
  const level = isBelow ? workspace : user;
  const written = [...(level?.normal.written ?? [])].find(([at]) => isPart(at.replaceAll("\0", "."), name))?.[1];
  return level && written && { level, written };
}

function isPart(at: string, name: string): boolean {
  return at === name || at.startsWith(`${name}.`);
}
