import * as v from "valibot";
import { expect, test } from "vitest";
import defaults from "../../src/config/defaults.json" with { type: "json" };
import { resolveReferences } from "../../src/config/references.ts";
import { configSchema } from "../../src/config/schema.ts";
import { memoryPlatform } from "../../src/platform/memory.ts";

test("defaults.json is what the schema makes of empty sections (npm test -- test/config/defaults.test.ts -u)", async () => {
  const empty = Object.fromEntries(Object.keys(configSchema.entries).map((section) => [section, {}]));
  const made = `${JSON.stringify(v.parse(configSchema, empty), null, 2)}\n`;
  await expect(made).toMatchFileSnapshot("../../src/config/defaults.json");
});

test("no default refers to anything, so absent sections need no resolving", async () => {
  const { files } = memoryPlatform();
  const env = new Proxy({}, { get: () => "x" });
  const store = () => Promise.reject(new Error("the store was asked"));
  const { value, secrets } = await resolveReferences(defaults, { env, files, home: "/home/ann", store });
  expect({ value, secrets }).toEqual({ value: defaults, secrets: [] });
});
