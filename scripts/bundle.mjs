// `npm run build [-- --features wasm-plugins] [--out=DIR]`: bundles and says how large the result is. The other tasks bundle too, but only what has changed.
import { existsSync, statSync } from "node:fs";
import { buildNode, sizeOf } from "./build.mjs";
import { featuresOf } from "./features.mjs";
import { newest } from "./newest.mjs";

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
