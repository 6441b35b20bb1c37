import { WeftError } from "../core/error.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import type { Tool, ToolContext, ToolOutput } from "../core/tool.ts";

export interface Parameter<T extends Json = Json> {
  readonly schema: JsonObject;
  readonly optional: boolean;
  /** The value as this type, or why not: "must be …". */
  read(value: Json): { readonly value: T } | { readonly problem: string };
}

type Parameters = Readonly<Record<string, Parameter>>;
type ValueOf<P> = P extends Parameter<infer T> ? T : never;

/** The arguments by the parameters they were declared with; an optional one may be undefined. */
export type Arguments<P extends Parameters> = {
  readonly [K in keyof P]: P[K] extends { readonly optional: true } ? ValueOf<P[K]> | undefined : ValueOf<P[K]>;
};

export interface ToolDefinition<P extends Parameters> {
  readonly name: string;
  /** For the model; its first sentence also stands in lists for people. */
  readonly description: string;
  readonly effect: Tool["effect"];
  readonly strangers?: true;
  readonly egress?: true;
  readonly parameters: P;
  run(input: Arguments<P>, context: ToolContext): Promise<string | ToolOutput>;
}

/** A tool whose arguments are checked before it runs: "invalid arguments: …". */
export function defineTool<P extends Parameters>(definition: ToolDefinition<P>): Tool {
  const { name, description, effect, strangers, egress, parameters } = definition;
  const entries = Object.entries(parameters);
  return {
    name,
    description,
    effect,
    ...(strangers && { strangers }),
    ...(egress && { egress }),
    input: {
      type: "object",
      properties: Object.fromEntries(entries.map(([key, { schema }]) => [key, schema])),
      required: entries.filter(([, { optional }]) => !optional).map(([key]) => key),
      additionalProperties: false,
    },
    run: async (input, context) => await definition.run(argumentsOf(parameters, input), context),
  };
}

function argumentsOf<P extends Parameters>(parameters: P, input: Json): Arguments<P> {
  if (!isJsonObject(input)) throw new WeftError("invalid", "invalid arguments: expected an object");
  const pairs = Object.entries(parameters).map(([key, parameter]) => {
    const given = input[key];
    if (given === undefined || (given === null && parameter.optional)) {
      if (parameter.optional) return [key, undefined];
      throw new WeftError("invalid", `invalid arguments: missing required field: ${key}`);
    }
    const read = parameter.read(given);
    if ("problem" in read) throw new WeftError("invalid", `invalid arguments: ${key} ${read.problem}`);
    return [key, read.value];
  });
  return Object.fromEntries(pairs) as Arguments<P>;
}

export function text(description: string): Parameter<string> & { readonly optional: false } {
  return {
    schema: { type: "string", description },
    optional: false,
    read: (value) => (typeof value === "string" ? { value } : { problem: "must be a text" }),
  };
}

export function oneOf<const T extends string>(
  values: readonly T[],
  description: string,
): Parameter<T> & { readonly optional: false } {
  const known = (value: Json): value is T => values.some((each) => each === value);
  return {
    schema: { type: "string", enum: values, description },
    optional: false,
    read: (value) => (known(value) ? { value } : { problem: `must be one of ${values.join(", ")}` }),
  };
}

/** Models write numbers as texts now and then; those are taken. */
export function whole(
  [least, most]: readonly [least: number, most: number],
  description: string,
): Parameter<number> & { readonly optional: false } {
  return {
    schema: { type: "integer", minimum: least, maximum: most, description },
    optional: false,
    read: (value) => {
      const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
      if (typeof number !== "number" || !Number.isInteger(number)) return { problem: "must be a whole number" };
      return number < least || number > most ? { problem: `must be ${least} to ${most}` } : { value: number };
    },
  };
}

export function flag(description: string): Parameter<boolean> & { readonly optional: false } {
  return {
    schema: { type: "boolean", description },
    optional: false,
    read: (value) => {
      const known = value === "true" ? true : value === "false" ? false : value;
      return typeof known === "boolean" ? { value: known } : { problem: "must be true or false" };
    },
  };
}

/** An object of texts. */
export function textMap(
  description: string,
): Parameter<Readonly<Record<string, string>>> & { readonly optional: false } {
  return {
    schema: { type: "object", additionalProperties: { type: "string" }, description },
    optional: false,
    read: (value) => {
      const fits = isJsonObject(value) && Object.values(value).every((each) => typeof each === "string");
      return fits ? { value: value as Readonly<Record<string, string>> } : { problem: "must be an object of texts" };
    },
  };
}

export function optional<P extends Parameter>(parameter: P): Omit<P, "optional"> & { readonly optional: true } {
  return { ...parameter, optional: true };
}
