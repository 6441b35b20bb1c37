// `npm run build`: bundles and says how large the result is.
import { buildNode } from "./build.mjs";

const bytes = await buildNode();
if (!process.argv.includes("--quiet")) console.log(`dist/node: ${(bytes / 1024).toFixed(0)} KB`);
