import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import type { ToolSpec } from "../core/tool.ts";
import { didYouMean } from "../lib/nearest.ts";

export type SlashInput = { readonly input: JsonObject } | { readonly problem: string };

/**
 * What a person typed after `/tool`, as the tool's arguments: a JSON object, or `name=value` with quotes around spaces,
 * or just the value of the only required parameter.
 */
export function slashInput(tool: ToolSpec, text: string): SlashInput {
  const rest = text.trim();
  if (rest.startsWith("{")) return jsonInput(rest);
  const parameters = parametersOf(tool);
  const bare = bareName(tool);
  const pairs = pairsIn(rest);
  if (pairs === undefined) {
    const [, name = "", value = ""] = /^([A-Za-z_][\w-]*)=(.*)$/s.exec(rest) ?? [];
    // `command=ls -la`: quotes are easily forgotten.
    if (Object.hasOwn(parameters, name)) return { input: { [name]: coerced(value, parameters[name]) } };
    if (bare === undefined) return { problem: `I cannot read “${rest}” as name=value.` };
    return { input: { [bare]: unquoted(rest) } };
  }
  const stranger = pairs.find(([name]) => !Object.hasOwn(parameters, name));
  if (stranger) {
    // `/exec_shell A=1 ls` is a command, not a parameter called A.
    if (bare !== undefined && !pairs.some(([name]) => name === bare)) return { input: { [bare]: rest } };
    const hint = didYouMean(stranger[0], Object.keys(parameters));
    return { problem: `${tool.name} has no parameter ${stranger[0]}.${hint}` };
  }
  return { input: Object.fromEntries(pairs.map(([name, value]) => [name, coerced(value, parameters[name])])) };
}

export function parameterNames(tool: ToolSpec): { readonly required: string[]; readonly optional: string[] } {
  const { required } = tool.input;
  const must = new Set(Array.isArray(required) ? required : []);
  const names = Object.keys(parametersOf(tool));
  return { required: names.filter((name) => must.has(name)), optional: names.filter((name) => !must.has(name)) };
}

function parametersOf({ input }: ToolSpec): JsonObject {
  return isJsonObject(input["properties"]) ? input["properties"] : {};
}

/** The parameter that may be given without its name. */
function bareName(tool: ToolSpec): string | undefined {
  const { required } = parameterNames(tool);
  const [only] = required;
  return required.length === 1 && only !== undefined && typeOf(parametersOf(tool)[only]) === "string"
    ? only
    : undefined;
}

function jsonInput(text: string): SlashInput {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: `This is not valid JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  return isJsonObject(value) ? { input: value } : { problem: "The arguments must be one JSON object." };
}

const pair = /\s*([A-Za-z_][\w-]*)=(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S*))(?=\s|$)/sy;

/** Undefined when there is anything that is not `name=value`. */
function pairsIn(text: string): [string, string][] | undefined {
  const pairs: [string, string][] = [];
  pair.lastIndex = 0;
  while (pair.lastIndex < text.length) {
    const match = pair.exec(text);
    if (!match) return undefined;
    const [, name = "", double, single, plain = ""] = match;
    pairs.push([name, double === undefined ? (single ?? plain) : unescaped(double)]);
  }
  return pairs;
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t" };

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/gs, (_, character: string) => escapes[character] ?? character);
}

function unquoted(text: string): string {
  const match = /^"((?:[^"\\]|\\.)*)"$|^'([^']*)'$/s.exec(text);
  if (!match) return text;
  return match[1] === undefined ? (match[2] ?? "") : unescaped(match[1]);
}

/** By the parameter's schema; what does not fit stays text, for the tool to refuse in its own words. */
function coerced(text: string, schema: Json | undefined): Json {
  const type = typeOf(schema);
  if (type === "number" || type === "integer") {
    const number = Number(text);
    return text.trim() !== "" && Number.isFinite(number) ? number : text;
  }
  if (type === "boolean") return text === "true" ? true : text === "false" ? false : text;
  if (type === "array" || type === "object") return parsedOr(text, type);
  return text;
}

/** `a,b` for an array, too. */
function parsedOr(text: string, type: "array" | "object"): Json {
  if (!/^\s*[[{]/.test(text)) return type === "array" ? text.split(",") : text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function typeOf(schema: Json | undefined): string | undefined {
  if (!isJsonObject(schema)) return undefined;
  const { type } = schema;
  const types: readonly Json[] = Array.isArray(type) ? type : [type ?? null];
  return types.find((each) => typeof each === "string" && each !== "null")?.toString();
}
