import { describe, expect, test } from "vitest";
import { isJsonObject, type JsonObject, objectIn } from "../../src/core/json.ts";
import type { Tool, ToolContext } from "../../src/core/tool.ts";

/** What every tool owes the model: a schema it can trust, and words when its arguments are wrong. */
export function toolContract(tool: Tool, context: ToolContext): void {
  describe(`tool: ${tool.name}`, () => {
    const properties = objectIn(tool.input, "properties");
    const required = tool.input["required"];

    test("has a name and a description that models and people can read", () => {
      expect(tool.name).toMatch(/^[a-z][a-z0-9_]{2,40}$/);
      expect(tool.description).toMatch(/^[A-Z].{20,}/s);
    });

    test("declares an object whose required fields exist, each with a type and a description", () => {
      expect(tool.input["type"]).toBe("object");
      for (const schema of Object.values(properties)) {
        expect(isJsonObject(schema) && schema["type"]).toBeTypeOf("string");
        expect(isJsonObject(schema) && schema["description"]).toMatch(/.{3,}/);
      }
      for (const name of required as string[]) expect(Object.keys(properties)).toContain(name);
    });

    test("refuses what is no object", async () => {
      await expect(tool.run("text", context)).rejects.toMatchObject({ code: "invalid" });
    });

    for (const name of required as string[]) {
      test(`says that ${name} is missing`, async () => {
        const others = Object.fromEntries(
          (required as string[]).filter((each) => each !== name).map((each) => [each, "x"]),
        );
        await expect(tool.run(others, context)).rejects.toThrow(`invalid arguments: missing required field: ${name}`);
      });
    }

    for (const [name, schema] of Object.entries(properties)) {
      test(`says that ${name} has a wrong type`, async () => {
        const valid = Object.fromEntries((required as string[]).map((each) => [each, validValue(properties, each)]));
        await expect(tool.run({ ...valid, [name]: wrongValue(schema as JsonObject) }, context)).rejects.toThrow(
          `invalid arguments: ${name} must be`,
        );
      });
    }
  });
}

function validValue(properties: JsonObject, name: string) {
  const schema = objectIn(properties, name);
  if (Array.isArray(schema["enum"])) return schema["enum"][0] ?? "";
  return schema["type"] === "integer" ? 1 : "x";
}

function wrongValue(schema: JsonObject) {
  return schema["type"] === "object" ? [1] : { not: "this" };
}
