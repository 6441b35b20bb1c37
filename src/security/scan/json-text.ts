import type { Node } from "jsonc-parser";
import { isJsonObject, type JsonObject } from "../../core/json.ts";

/** JSON, comments and all, with the places of its values. */
export interface JsonText {
  readonly value: JsonObject;
  /** Where a value stands, or the nearest one above it. */
  at(path: readonly string[]): { readonly at: number; readonly length: number };
}

/** Undefined for what is no JSON object. */
export async function readJson(text: string): Promise<JsonText | undefined> {
  const { parseTree, getNodeValue, findNodeAtLocation } = await import("jsonc-parser");
  const errors: unknown[] = [];
  const tree = parseTree(text, errors as never[], { allowTrailingComma: true });
  const value: unknown = tree && errors.length === 0 ? getNodeValue(tree) : undefined;
  if (!tree || !isJsonObject(value)) return undefined;
  return {
    value,
    at(path) {
      let node: Node = tree;
      for (const key of path) {
        const inner = findNodeAtLocation(node, [node.type === "array" ? Number(key) : key]);
        if (!inner) break;
        node = inner;
      }
      return { at: node.offset, length: node.length };
    },
  };
}
