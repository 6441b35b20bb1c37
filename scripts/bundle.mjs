// `npm run build`: bundles and says how large the result is. The other tasks bundle too, but only what has changed.
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { buildNode, sizeOf } from "./build.mjs";

const entry = "dist/node/weft.js";
const onlyIfChanged = process.argv.includes("--if-changed");

if (
  !onlyIfChanged ||
  !existsSync(entry) ||
  newest(["src", "scripts", "package.json", "package-lock.json"]) > statSync(entry).mtimeMs
) {
  await buildNode();
}
if (!onlyIfChanged) console.log(`dist/node: ${(sizeOf("dist/node") / 1024).toFixed(0)} KB`);

/** When the newest of these was changed, folders with all that is in them. */
function newest(paths) {
  return Math.max(
    ...paths.map((path) => {
      const stat = statSync(path);
      if (!stat.isDirectory()) return stat.mtimeMs;
      return Math.max(stat.mtimeMs, newest(readdirSync(path).map((name) => join(path, name))));
    }),
  );
}
