import { WeftError } from "../core/error.ts";
import type { Message, Part, ResultPart } from "../core/message.ts";
import { textOf } from "../core/message.ts";
import type { ModelEvent, Prompt } from "../core/model.ts";
import type { ToolSpec } from "../core/tool.ts";
import { nearest } from "../lib/nearest.ts";
import { parameterNames, slashInput } from "./slash-input.ts";

/** What the offline model answers. */
export async function* answer(prompt: Prompt, signal: AbortSignal, now: () => number): AsyncGenerator<ModelEvent> {
  // Without this the agent would keep our help text as the memory of the conversation; so it shortens by code.
  if (prompt.session.endsWith("#summary")) throw new WeftError("refused", "the offline model cannot sum up");
  const parts = answerTo(prompt, now());
  for (const part of parts) {
    if (part.type !== "text") continue;
    for (const delta of pieces(part.text)) {
      if (signal.aborted) throw new WeftError("aborted", "stopped", { cause: signal.reason });
      yield { type: "text", delta };
    }
  }
  if (signal.aborted) throw new WeftError("aborted", "stopped", { cause: signal.reason });
  const stop = parts.some(({ type }) => type === "call") ? "calls" : "end";
  const message: Message = { role: "assistant", parts, at: now() };
  yield { type: "done", message, usage: { inputTokens: 0, outputTokens: 0 }, stop, model: "offline" };
}

function answerTo({ messages, tools }: Prompt, at: number): Part[] {
  const last = messages.at(-1);
  if (last?.role === "tool") return [says(resultsText(messages))];
  const text = last ? textOf(last).trim() : "";
  const command = /^\/([\w.-]+)(?:\s+(.*))?$/s.exec(text);
  if (!command) return [says(plainAnswer(text))];
  const [, name = "", rest = ""] = command;
  const tool = tools.find((each) => each.name === name);
  if (tool) return runTool(tool, rest, at);
  return [says(name === "help" || name === "tools" ? helpText(tools) : unknownTool(name, tools))];
}

function runTool(tool: ToolSpec, rest: string, at: number): Part[] {
  const parsed = slashInput(tool, rest);
  if ("problem" in parsed) return [says(`${parsed.problem}\nUsage: ${usageOf(tool)}`)];
  return [{ type: "call", id: `offline-${at}`, tool: tool.name, input: parsed.input }];
}

const addKey = `To connect one, set a key as an environment variable (ANTHROPIC_API_KEY, OPENAI_API_KEY, GEMINI_API_KEY, …)
or in the configuration:
  weft config set providers.anthropic.api_key YOUR_KEY
or use a local model, for example with Ollama:
  weft config set agents.defaults.model ollama/llama3.2`;

function plainAnswer(text: string): string {
  if (/^ping[.!?]?$/i.test(text)) {
    return "pong (weft's offline model: no AI is connected; set ANTHROPIC_API_KEY or another provider's key to connect one)";
  }
  const heard = text === "" ? "" : `\nYour message arrived: “${shortened(text)}”`;
  return `I am weft's built-in offline model: weft works, but no AI is connected.${heard}

${addKey}

Until then I can run tools: /help lists them.`;
}

function helpText(tools: readonly ToolSpec[]): string {
  if (tools.length === 0) return `No tools are available here.\n\n${addKey}`;
  const rows = tools.map((tool) => `${usageOf(tool)}\n    ${tool.description.split(/(?<=\.)\s/, 1)[0] ?? ""}`);
  return `I am weft's built-in offline model: no AI is connected, but I run these tools for you.
${rows.join("\n")}

Write a tool's parameters as name=value, with quotes around spaces, or all of them as JSON: /tool {"name": "value"}.`;
}

function unknownTool(name: string, tools: readonly ToolSpec[]): string {
  const meant = nearest(
    name,
    tools.map((tool) => tool.name),
  );
  const hint = meant === undefined ? "" : ` Did you mean /${meant}?`;
  return `There is no tool /${name}.${hint} /help lists the tools.`;
}

function usageOf(tool: ToolSpec): string {
  const { required, optional } = parameterNames(tool);
  const words = [...required.map((name) => `${name}=…`), ...optional.map((name) => `[${name}=…]`)];
  return [`/${tool.name}`, ...words].join(" ");
}

/** The results since the last call, as the tool gave them. */
function resultsText(messages: readonly Message[]): string {
  const from = messages.findLastIndex(({ role }) => role !== "tool") + 1;
  const results = messages.slice(from).flatMap(({ parts }) => parts.filter((part) => part.type === "result"));
  return results.map(resultText).join("\n\n");
}

function resultText({ text, failed, images }: ResultPart): string {
  const shown = images?.length ? `${text}\n(${images.length} picture(s), which cannot be shown here)` : text;
  const body = shown.trim() === "" ? "(no output)" : shown;
  return failed ? `The tool failed: ${body}` : body;
}

function says(text: string): Part {
  return { type: "text", text };
}

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length <= 120 ? line : `${[...line].slice(0, 120).join("")}…`;
}

/** A few deltas of whole lines, so that streaming can be seen to work. */
function pieces(text: string): string[] {
  const lines = text.split(/(?<=\n)/);
  const perPiece = Math.ceil(lines.length / 4);
  return Array.from({ length: Math.ceil(lines.length / perPiece) }, (_, piece) =>
    lines.slice(piece * perPiece, (piece + 1) * perPiece).join(""),
  );
}
