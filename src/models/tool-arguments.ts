import { jsonrepair } from "jsonrepair";
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
export function toolArguments(text: string, whole: boolean): ToolArguments {
  if (text.trim() === "") return { input: {} };
  const value = parse(text) ?? (whole ? repaired(text) : undefined);
  return isJsonObject(value) ? { input: value } : { input: {}, invalid: text };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function repaired(text: string): unknown {
  try {
    return parse(jsonrepair(text));
  } catch {
    return undefined;
  }
}
