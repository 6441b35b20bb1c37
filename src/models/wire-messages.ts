import type { JsonObject } from "../core/json.ts";
import type { Message, Part, ResultPart } from "../core/message.ts";
import type { ToolSpec } from "../core/tool.ts";

/** Tools in the words of OpenAI's chat, which others have taken over. */
export function functionTools(tools: readonly ToolSpec[]): JsonObject[] {
  return tools.map(({ name, description, input }) => ({
    type: "function",
    function: { name, description, parameters: input },
  }));
}

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
