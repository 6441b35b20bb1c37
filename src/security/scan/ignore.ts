import { globMatcher } from "../../lib/glob.ts";
import type { Finding } from "./check.ts";

export interface Ignoring {
  isIgnored(finding: Finding, relative: string): boolean;
  /** Entries that name no check there is. */
  readonly unknown: readonly string[];
}

/** `CHECK-ID`, or `CHECK-ID:GLOB` for some files: seen from the scanned folder or, with `/` before it, from the root. */
export function ignoring(entries: readonly string[], ids: ReadonlySet<string>): Ignoring {
  const rules = entries.map((entry) => {
    const colon = entry.indexOf(":");
    if (colon < 0) return { id: entry.trim(), fits: () => true };
    const glob = entry.slice(colon + 1).trim();
    const fits = globMatcher(glob.includes("/") ? glob : `**/${glob}`);
    const isAbsolute = glob.startsWith("/");
    return {
      id: entry.slice(0, colon).trim(),
      fits: (path: string, relative: string) => fits(isAbsolute ? path : relative),
    };
  });
  return {
    isIgnored: ({ check, path }, relative) => rules.some(({ id, fits }) => id === check.id && fits(path, relative)),
    unknown: entries.filter((_, i) => !ids.has(rules[i]?.id ?? "")),
  };
}
