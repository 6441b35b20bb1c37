// Bundles the program for Node into dist/node: one entry, chunks that load when a command needs them.
import { existsSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { bundle } from "./bundler.mjs";

/** `features` as `featuresOf` gives them; `out` is the folder. */
export async function buildNode(features, out = "dist/node") {
  const made = `${out}-${process.pid}`;
  await bundle("node", {
    input: {
      weft: "src/node.ts",
      ...(features.includes("wasm-plugins") && { "wasm-worker": "src/platform/node/wasm-worker.ts" }),
    },
    features,
    dir: made,
    target: "node22",
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
