// `npm run build [-- --features wasm-plugins] [--out=DIR]`: bundles and says how large the result is. The other tasks bundle too, but only what has changed.
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { buildNode, sizeOf } from "./build.mjs";
import { featuresOf } from "./features.mjs";

const { names, rest } = featuresOf(process.argv.slice(2));
const onlyIfChanged = rest.includes("--if-changed");
const out = rest.find((word) => word.startsWith("--out="))?.slice("--out=".length) ?? "dist/node";
const entry = `${out}/weft.js`;

if (
  !onlyIfChanged ||
  !existsSync(entry) ||
  newest(["src", "scripts", "package.json", "package-lock.json"]) > statSync(entry).mtimeMs
) {
  await buildNode(names, out);
}
if (!onlyIfChanged) console.log(`${out} (${names.join(", ") || "no features"}): ${(sizeOf(out) / 1024).toFixed(0)} KB`);

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
