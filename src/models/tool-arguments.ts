import { isJsonObject, type JsonObject } from "../core/json.ts";

export interface ToolArguments {
  readonly input: JsonObject;
  /** What the model wrote, when no object could be made of it. */
  readonly invalid?: string;
}

/**
 * A call's arguments as the model wrote them. Small mistakes are repaired; not when the answer was cut (`whole` false),
 * for half a text is no smaller version of it.
 */
export async function toolArguments(text: string, whole: boolean): Promise<ToolArguments> {
  if (text.trim() === "") return { input: {} };
  const value = parse(text) ?? (whole ? await repaired(text) : undefined);
  return isJsonObject(value) ? { input: value } : { input: {}, invalid: text };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function repaired(text: string): Promise<unknown> {
  const { jsonrepair } = await import("jsonrepair");
  try {
    return parse(jsonrepair(text));
  } catch {
    return undefined;
  }
}
