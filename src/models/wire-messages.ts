import type { JsonObject } from "../core/json.ts";
import type { Message, Part, ResultPart } from "../core/message.ts";
import type { ToolSpec } from "../core/tool.ts";

/**
 * Writes lists of tools as JSON, in a protocol's words; undefined where there are none. Each tool is written once in its
 * life: the same ones go out turn after turn, and are most of a request.
 */
export function toolWriter(
  inWords: (tool: ToolSpec) => JsonObject,
): (tools: readonly ToolSpec[]) => string | undefined {
  const written = new WeakMap<ToolSpec, string>();
  const textOf = (tool: ToolSpec) => {
    const text = written.get(tool) ?? JSON.stringify(inWords(tool));
    written.set(tool, text);
    return text;
  };
  return (tools) => (tools.length === 0 ? undefined : `[${tools.map(textOf).join(",")}]`);
}

/** In the words of OpenAI's chat, which others have taken over. */
export const functionTools = toolWriter(({ name, description, input }) => ({
  type: "function",
  function: { name, description, parameters: input },
}));

/** For protocols that have no field for a failure. */
export function resultText({ text, failed }: ResultPart): string {
  return failed ? `Error: ${text}` : text;
}

/** For protocols in which user and assistant must take turns: results are the user's, empty messages are left out. */
export function alternating(
  messages: readonly Message[],
  blocksOf: (part: Part) => readonly JsonObject[],
): { readonly role: "user" | "assistant"; readonly blocks: JsonObject[] }[] {
  const turns: { readonly role: "user" | "assistant"; readonly blocks: JsonObject[] }[] = [];
  for (const message of messages) {
    const role = message.role === "assistant" ? "assistant" : "user";
    const blocks = message.parts.flatMap(blocksOf);
    if (blocks.length === 0) continue;
    const last = turns.at(-1);
    if (last?.role === role) last.blocks.push(...blocks);
    else turns.push({ role, blocks });
  }
  return turns;
}
