import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { knownKeys } from "../../src/config/edit.ts";
import { resolvePath } from "../../src/config/overrides.ts";
import { bare, describe, root, type Shape } from "../../src/config/shape.ts";

const path = "docs/config.md";
const marks = ["<!-- keys: made by `UPDATE_DOCS=1 npm test -- test/docs` -->", "<!-- end of keys -->"] as const;

/** Every key with its default and what it is for, by section. */
function keyTables(): string {
  const sections = Object.keys(bare(root).entries ?? {});
  return sections
    .map((section) => {
      const rows = rowsOf(section);
      return `### ${section}\n\n| Key | Default | What it does |\n| --- | --- | --- |\n${rows.join("\n")}\n`;
    })
    .join("\n");
}

function rowsOf(section: string): string[] {
  const keys = knownKeys().filter((key) => key.startsWith(`${section}.`));
  // All levels have the same keys.
  const all = (section === "providers" ? providerKeys() : keys).filter(
    (key) => !/^routing\.permissions\.(user|admin)\./.test(key),
  );
  return all.flatMap((key) => {
    const found = resolvePath(key.split("."));
    if ("unknown" in found || !found.shape || bare(found.shape).entries) return [];
    return `| \`${key}\` | ${standard(found.shape)} | ${describe(found.shape)} |`;
  });
}

function providerKeys(): string[] {
  const provider = bare(bare(root).entries?.["providers"] as Shape).value as Shape;
  return knownKeys(provider, "providers.NAME").flatMap((key) =>
    key === "providers.NAME.models"
      ? ["providers.NAME.models.MODEL.context_tokens", "providers.NAME.models.MODEL.max_output_tokens"]
      : key,
  );
}

function standard(shape: Shape): string {
  const value = shape.default;
  return value === undefined || value === "" || value === null ? "" : `\`${JSON.stringify(value)}\``;
}

test("docs/config.md has every key with its default", () => {
  const text = readFileSync(path, "utf8");
  const [begin, end] = marks.map((mark) => text.indexOf(mark));
  expect(begin).toBeGreaterThan(0);
  const made = `${text.slice(0, (begin ?? 0) + marks[0].length)}\n\n${keyTables()}\n${text.slice(end)}`;
  if (process.env["UPDATE_DOCS"]) writeFileSync(path, made);
  expect(readFileSync(path, "utf8").replace(/[ |-]+/g, " ")).toBe(made.replace(/[ |-]+/g, " "));
});
