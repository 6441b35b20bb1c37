import { readFileSync } from "node:fs";

/** The `sh` blocks of a document, each with the last heading above it. */
export function shellBlocks(file: string): { readonly heading: string; readonly script: string }[] {
  const found: { heading: string; script: string }[] = [];
  let heading = "";
  for (const match of readFileSync(file, "utf8").matchAll(/^#+ (.*)$|^```(\w*)\n([\s\S]*?)^```/gm)) {
    if (match[1] !== undefined) heading = match[1];
    else if (match[2] === "sh") found.push({ heading, script: match[3] ?? "" });
  }
  return found;
}
