import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** When the newest of these was changed, folders with all that is in them. */
export function newest(paths) {
  return Math.max(
    ...paths.map((path) => {
      const stat = statSync(path);
      if (!stat.isDirectory()) return stat.mtimeMs;
      return Math.max(stat.mtimeMs, newest(readdirSync(path).map((name) => join(path, name))));
    }),
  );
}
