import type { CallPart, Message, Part, ThinkingPart } from "../core/message.ts";
import type { ModelDone, ModelEvent, Prompt, Usage } from "../core/model.ts";
import { type GrowingText, growingText } from "../lib/growing-text.ts";
import { tokensOfMessages, tokensOfText, tokensOfTools } from "../lib/tokens.ts";
import { providerError } from "./provider-error.ts";
import { toolArguments } from "./tool-arguments.ts";
import type { WireOptions } from "./wire.ts";

/** An answer while it arrives: what each protocol tells becomes the same parts and events. */
export interface Answer {
  text(delta: string): ModelEvent[];
  thinking(delta: string): ModelEvent[];
  /** What proves the newest thinking, or a new thinking without text. */
  sign(proof: Pick<ThinkingPart, "signature" | "id" | "redacted">): void;
  /** More of the call with this number; a protocol without ids gives none. */
  call(index: number, more: CallDelta): void;
  /** The newest figures; later ones replace earlier ones. */
  usage(figures: Partial<Usage>): void;
  /** Throws `unavailable` when the model said nothing at all. */
  done(stop: ModelDone["stop"]): Promise<ModelDone>;
}

export interface CallDelta {
  readonly id?: string | undefined;
  readonly tool?: string | undefined;
  /** The next piece of the arguments as JSON text. */
  readonly json?: string | undefined;
  readonly signature?: string | undefined;
}

export function newAnswer(options: WireOptions, prompt: Prompt, protocol: string): Answer {
  const state: State = { options, prompt, protocol, drafts: [], calls: new Map(), figures: {} };
  return {
    text: (delta) => addText(state, delta),
    thinking: (delta) => addThinking(state, delta),
    sign: (proof) => Object.assign(thinkingDraft(state), proof),
    call: (index, more) => addCall(state, index, more),
    usage: (figures) => Object.assign(state.figures, figures),
    done: (stop) => finish(state, stop),
  };
}

interface State {
  readonly options: WireOptions;
  readonly prompt: Prompt;
  readonly protocol: string;
  readonly drafts: Draft[];
  readonly calls: Map<number, CallDraft>;
  readonly figures: Partial<Usage>;
}

interface TextDraft {
  readonly type: "text";
  readonly text: GrowingText;
}
interface ThinkingDraft {
  readonly type: "thinking";
  readonly text: GrowingText;
  signature?: string;
  id?: string;
  redacted?: true;
}
interface CallDraft {
  readonly type: "call";
  id: string;
  tool: string;
  readonly json: GrowingText;
  signature?: string;
}
type Draft = TextDraft | ThinkingDraft | CallDraft;

function addText(state: State, delta: string): ModelEvent[] {
  if (delta === "") return [];
  const last = state.drafts.at(-1);
  if (last?.type === "text") last.text.add(delta);
  else state.drafts.push({ type: "text", text: growingText(delta) });
  return [{ type: "text", delta }];
}

function addThinking(state: State, delta: string): ModelEvent[] {
  if (delta === "") return [];
  thinkingDraft(state).text.add(delta);
  return [{ type: "thinking", delta }];
}

/** The thinking that is going on; one that was signed is finished. */
function thinkingDraft(state: State): ThinkingDraft {
  const last = state.drafts.at(-1);
  if (last?.type === "thinking" && last.signature === undefined) return last;
  const draft: ThinkingDraft = { type: "thinking", text: growingText() };
  state.drafts.push(draft);
  return draft;
}

function addCall(state: State, index: number, { id, tool, json, signature }: CallDelta): void {
  let draft = state.calls.get(index);
  if (!draft) {
    draft = { type: "call", id: "", tool: "", json: growingText() };
    state.calls.set(index, draft);
    state.drafts.push(draft);
  }
  if (id) draft.id = id;
  if (tool) draft.tool = tool;
  if (json) draft.json.add(json);
  if (signature) draft.signature = signature;
}

async function finish(state: State, stop: ModelDone["stop"]): Promise<ModelDone> {
  const { options, protocol } = state;
  const whole = stop !== "length";
  const parts = await Promise.all(
    state.drafts.map((draft, index) => partOf(draft, { whole, protocol, id: ownId(options, index) })),
  );
  const said = parts.some((part) => part.type === "call" || (part.type === "text" && part.text.trim() !== ""));
  const message: Message = { role: "assistant", parts, at: options.now() };
  if (!said && stop !== "length" && stop !== "filtered") {
    const usage = usageOf(state, message);
    throw providerError(options, { code: "unavailable", problem: "gave an empty answer", usage });
  }
  const calls = parts.some(({ type }) => type === "call");
  const why = calls && stop === "end" ? "calls" : stop;
  return { type: "done", message, usage: usageOf(state, message), stop: why, model: options.id };
}

/** For protocols without ids: nine letters and digits, the strictest of what the others take. */
function ownId({ now }: WireOptions, index: number): string {
  return `c${(now() * 100 + index).toString(36).slice(-8).padStart(8, "0")}`;
}

async function partOf(
  draft: Draft,
  { whole, protocol, id }: { readonly whole: boolean; readonly protocol: string; readonly id: string },
): Promise<Part> {
  if (draft.type === "text") return { type: "text", text: draft.text.toString() };
  if (draft.type === "thinking") return { ...draft, text: draft.text.toString(), protocol };
  const call: CallPart = {
    type: "call",
    id: draft.id || id,
    tool: draft.tool,
    ...(await toolArguments(draft.json.toString(), whole)),
  };
  return draft.signature === undefined ? call : { ...call, signature: draft.signature };
}

function usageOf({ figures, prompt }: State, message: Message): Usage {
  const { inputTokens, outputTokens, ...more } = figures;
  if (inputTokens !== undefined && outputTokens !== undefined) return { inputTokens, outputTokens, ...more };
  const ours = tokensOfText(prompt.system) + tokensOfTools(prompt.tools) + tokensOfMessages(prompt.messages);
  return {
    ...more,
    inputTokens: inputTokens ?? ours,
    outputTokens: outputTokens ?? tokensOfMessages([message]),
    estimated: true,
  };
}

/** A figure of a provider, when it is one. */
export function count(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** Without what the provider did not say. */
export function figures(known: { readonly [K in keyof Usage]?: Usage[K] | undefined }): Partial<Usage> {
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
}
