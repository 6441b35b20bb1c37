import type { Message } from "../core/message.ts";
import type { Effort, Model, Prompt } from "../core/model.ts";
import type { Entry } from "../core/session.ts";
import type { ToolSpec } from "../core/tool.ts";
import { tokensOfMessages, tokensOfSystem, tokensOfTools } from "../lib/tokens.ts";
import { type Compacted, compact, fitInto } from "./compaction.ts";
import { blocksOf, type History, historyOf } from "./history.ts";

export interface PromptSettings {
  readonly maxOutputTokens: number;
  readonly temperature?: number;
  readonly thinking?: Effort;
  /** Upper bound for the context, below the model's own; absent = the model's. */
  readonly contextTokens?: number;
  /** Messages kept word for word; 0 = as many as fit. */
  readonly memoryWindow: number;
}

export interface PromptInput {
  readonly model: Model;
  readonly session: string;
  readonly system: string;
  readonly tools: readonly ToolSpec[];
  readonly settings: PromptSettings;
  /** How many tokens this model counted for each one of ours so far. */
  readonly ratio: number;
  readonly signal: AbortSignal;
}

/** From here on older messages are summed up, so that there is room before the limit. */
const compactAt = 0.8;
const compactTo = 0.4;

interface Budget {
  readonly outputTokens: number;
  /** What everything but the messages takes, in our own count. */
  readonly fixedTokens: number;
  /** What the messages may take, in our own count. */
  readonly messageTokens: number;
}

/** The conversation as it stands, and the room there is for it. */
export interface View {
  readonly history: History;
  /** Of its messages. */
  readonly tokens: number;
  readonly budget: Budget;
}

export function viewOf(entries: readonly Entry[], input: PromptInput): View {
  const history = historyOf(entries);
  const tokens = tokensOfMessages(history.messages);
  return { history, tokens, budget: budgetOf(input, history.summaryTokens) };
}

function budgetOf({ model, system, tools, settings, ratio }: PromptInput, summaryTokens: number): Budget {
  const contextTokens = Math.min(model.contextTokens, settings.contextTokens ?? model.contextTokens);
  const outputTokens = Math.max(1, Math.min(settings.maxOutputTokens, Math.floor(contextTokens / 3)));
  const fixedTokens = tokensOfSystem(system) + summaryTokens + tokensOfTools(tools);
  const forPrompt = ((contextTokens - outputTokens) * 0.97) / ratio;
  return { outputTokens, fixedTokens, messageTokens: Math.max(200, Math.floor(forPrompt - fixedTokens)) };
}

/**
 * Sums up older messages when they come near the limit, or when `must` says that the model found the prompt too long.
 * Undefined when all is well as it is.
 */
export async function compactIfNeeded(
  { history, tokens, budget: { messageTokens } }: View,
  input: PromptInput,
  must: boolean,
): Promise<Compacted | undefined> {
  const window = input.settings.memoryWindow;
  const crowded = window > 0 && history.messages.length > window;
  const full = tokens > messageTokens * compactAt;
  if (!must && !crowded && !full) return undefined;
  return await compact(history, {
    model: input.model,
    signal: input.signal,
    session: input.session,
    // The model knows better than our count how much is too much.
    keepTokens: must ? Math.min(messageTokens, tokens) / 3 : messageTokens * compactTo,
    keepMessages: window > 0 ? Math.ceil(window / 2) : Number.POSITIVE_INFINITY,
  });
}

export type Counted = Prompt & { readonly tokens: number };

export function promptOf(view: View, input: PromptInput, extra: readonly Message[] = []): Counted {
  const { history, budget } = view;
  const { outputTokens, messageTokens, fixedTokens } = budget;
  const { temperature, thinking } = input.settings;
  const fits = view.tokens <= messageTokens;
  const kept = fits ? blocksOf(history.messages).flat() : fitInto(history.messages, messageTokens);
  const messages = [...kept, ...extra];
  return {
    system: withSummary(input.system, history),
    messages,
    tools: input.tools,
    maxOutputTokens: outputTokens,
    session: input.session,
    ...(temperature !== undefined && { temperature }),
    ...(thinking && { thinking }),
    tokens: fixedTokens + (fits ? view.tokens + tokensOfMessages(extra) : tokensOfMessages(messages)),
  };
}

function withSummary(system: string, { summary }: History): string {
  return summary === "" ? system : `${system}\n\n# The conversation so far, in short\n${summary}`;
}
