import { existsSync } from "node:fs";

/** The end-to-end tests drive an executable: `WEFT`, or the bundle that `npm test` has just built. */
export function setup(): void {
  if (process.env["WEFT"] === undefined && !existsSync("dist/node/weft.js")) {
    throw new Error("dist/node/weft.js is missing: run `npm run build` first");
  }
}
