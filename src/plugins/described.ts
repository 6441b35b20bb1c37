import * as v from "valibot";
import { WeftError } from "../core/error.ts";
import type { JsonObject } from "../core/json.ts";
import { jsonIn } from "./host.ts";
import { descriptionCharacters, mostTools, parametersCharacters } from "./limits.ts";

/** A tool as its guest describes it, made fit. */
export interface GuestTool {
  /** As the guest knows it. */
  readonly name: string;
  readonly description: string;
  /** JSON Schema of an object. */
  readonly parameters: JsonObject;
  readonly effect: "read" | "write";
}

const parametersSchema = v.pipe(
  v.looseObject({ type: v.literal("object") }),
  v.check((value) => JSON.stringify(value).length <= parametersCharacters, `a schema of at most 16 KiB`),
);

const toolsSchema = v.object({
  tools: v.pipe(
    v.array(
      v.object({
        name: v.pipe(v.string(), v.regex(/^[\w.:/-]{1,64}$/, "a name of 1 to 64 letters, digits and _.:/-")),
        description: v.optional(v.string(), ""),
        parameters: v.optional(parametersSchema, { type: "object" }),
        effect: v.optional(v.picklist(["read", "write"]), "write"),
      }),
    ),
    v.maxLength(mostTools, `at most ${mostTools} tools`),
  ),
});

/** What `describe` gave, or its copy on the disk. Throws `invalid`. */
export function describedTools(bytes: Uint8Array, plugin: string): GuestTool[] {
  const parsed = v.safeParse(toolsSchema, jsonIn(bytes));
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const where = (issue.path ?? []).map(({ key }) => String(key)).join(".") || "its answer";
    const what = issue.kind === "schema" ? `expected ${issue.expected ?? "something else"}` : issue.message;
    throw new WeftError("invalid", `plugin ${plugin}: describe: ${where}: ${what}. Mend the plugin`);
  }
  const { tools } = parsed.output;
  const twice = tools.find(({ name }, i) => tools.findIndex((other) => other.name === name) < i);
  if (twice) throw new WeftError("invalid", `plugin ${plugin}: describe: two tools ${twice.name}. Mend the plugin`);
  return tools.map(({ name, description, parameters, effect }) => ({
    name,
    description: oneLine(description) || `The tool ${name} of the plugin ${plugin}.`,
    parameters: { properties: {}, ...(parameters as JsonObject) },
    effect,
  }));
}

function oneLine(text: string): string {
  const plain = text.replace(/[\p{Cc}\s]+/gu, " ").trim();
  return plain.length > descriptionCharacters ? `${plain.slice(0, descriptionCharacters - 1)}…` : plain;
}

/** `PLUGIN_TOOL` in the characters that all providers take, at most 64. */
export function toolName(plugin: string, tool: string): string {
  const name = `${plugin}_${tool}`.replace(/[^A-Za-z0-9_-]/g, "_");
  return (/^[A-Za-z]/.test(name) ? name : `p_${name}`).slice(0, 64);
}
