// Bundles the program for Node into dist/node: one entry, chunks that load when a command needs them.
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { build } from "esbuild";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));

/** Returns the size of all chunks in bytes. */
export async function buildNode() {
  rmSync("dist/node", { recursive: true, force: true });
  await build({
    entryPoints: { weft: "src/node.ts" },
    outdir: "dist/node",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node22",
    minify: true,
    keepNames: false,
    legalComments: "none",
    conditions: ["import", "default"],
    mainFields: ["module", "main"],
    define: { WEFT_VERSION: JSON.stringify(version) },
    banner: { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' },
    logLevel: "warning",
  });
  return readdirSync("dist/node").reduce((sum, file) => sum + statSync(`dist/node/${file}`).size, 0);
}
