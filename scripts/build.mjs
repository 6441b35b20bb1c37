// Bundles the program for Node into dist/node: one entry, chunks that load when a command needs them.
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { build } from "esbuild";
import { definesOf } from "./features.mjs";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));

/** `features` as `featuresOf` gives them; `out` is the folder. */
export async function buildNode(features, out = "dist/node") {
  const made = `${out}-${process.pid}`;
  await build({
    entryPoints: {
      weft: "src/node.ts",
      ...(features.includes("wasm-plugins") && { "wasm-worker": "src/platform/node/wasm-worker.ts" }),
    },
    outdir: made,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node22",
    minify: true,
    legalComments: "none",
    conditions: ["import", "default"],
    mainFields: ["module", "main"],
    define: { WEFT_VERSION: JSON.stringify(version), ...definesOf(features) },
    banner: { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' },
    logLevel: "warning",
  });
  // Whole or not at all: another task may be running what is there, or building the same.
  rmSync(out, { recursive: true, force: true });
  try {
    renameSync(made, out);
  } catch (error) {
    rmSync(made, { recursive: true, force: true });
    if (!existsSync(`${out}/weft.js`)) throw error;
  }
}

/** Bytes of all files in a folder. */
export function sizeOf(folder) {
  return readdirSync(folder).reduce((sum, file) => sum + statSync(`${folder}/${file}`).size, 0);
}
