import type { Audit } from "../core/audit.ts";
import type { TurnEvent } from "../core/channel.ts";
import { WeftError } from "../core/error.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { CallPart, ResultPart } from "../core/message.ts";
import { type Action, type Policy, refusalText } from "../core/policy.ts";
import type { Tool, ToolContext, ToolOutput } from "../core/tool.ts";
import type { HiddenWords } from "../lib/hidden-words.ts";
import { marked } from "../lib/marks.ts";
import { auditedCall } from "./audited-call.ts";
import { aftermathOf, type Read } from "./untrusted.ts";

export interface ToolRunOptions {
  readonly tools: ReadonlyMap<string, Tool>;
  /** Tools that are known and not there, by name: why. */
  readonly absent: ReadonlyMap<string, string>;
  readonly policy: Pick<Policy, "decide">;
  /** Keeps a long text as a file and returns the path that `read_file` takes. */
  readonly keepLong: (name: string, text: string) => Promise<string>;
  readonly monotonic: () => number;
  /** A mark that nobody outside can guess. */
  readonly newMark: () => string;
  readonly audit: Audit;
  /** Words that neither the model nor a session gets to see. */
  readonly hidden: HiddenWords;
}

export interface ToolRun {
  /** What needs no more asking. */
  readonly approved: Approved;
  /** What was read of strangers before these calls. */
  readonly read: Read | undefined;
  readonly context: ToolContext;
  /** Names the files of long results. */
  readonly turn: string;
  readonly emit: (event: TurnEvent) => void;
  /** Called in the order of the calls, as soon as these results are there; what follows waits for it. */
  readonly record: (results: readonly ResultPart[]) => Promise<void>;
  readonly measured: (tool: string, failed: boolean, ms: number) => void;
}

/** The user's word. */
export interface Approved {
  /** Ids of calls. */
  readonly calls: ReadonlySet<string>;
  readonly tools: ReadonlySet<string>;
}

/** Why a call needs the user's word first; undefined when it does not, or is refused anyway. */
export function questionOf(call: CallPart, { tools, policy }: ToolRunOptions, run: Asking): string | undefined {
  if (run.approved.calls.has(call.id) || run.approved.tools.has(call.tool)) return undefined;
  const tool = tools.get(call.tool);
  if (!tool || call.invalid !== undefined || !isJsonObject(call.input)) return undefined;
  const decision = policy.decide(run.context.actor, actionOf(tool, call.input, run.read));
  return !decision.allowed && decision.ask ? decision.reason : undefined;
}

function actionOf(tool: Tool, input: JsonObject, read: Read | undefined): Action {
  const { name, effect, egress } = tool;
  return { kind: "tool", tool: name, effect, egress, input, after: aftermathOf(tool, input, read) };
}

type Asking = Pick<ToolRun, "approved" | "read"> & { readonly context: Pick<ToolContext, "actor"> };

/** Results longer than this go to a file. */
const mostBytes = 64 * 1024;
const mostAtOnce = 8;

/** Reads run side by side; a write runs alone, after what stands before it and before what stands behind it. */
export async function runCalls(calls: readonly CallPart[], options: ToolRunOptions, run: ToolRun): Promise<void> {
  for (const group of groupsOf(calls, options.tools)) {
    run.context.signal.throwIfAborted();
    await run.record(await Promise.all(group.map((call) => runCall(call, options, run))));
  }
}

/** After a crash: what only reads runs again; a write may have had its effect, and what stood behind it waits. */
export async function resumeCalls(calls: readonly CallPart[], options: ToolRunOptions, run: ToolRun): Promise<void> {
  const firstWrite = calls.findIndex(({ tool }) => options.tools.get(tool)?.effect === "write");
  const reads = firstWrite < 0 ? calls : calls.slice(0, firstWrite);
  await runCalls(reads, options, run);
  if (firstWrite < 0) return;
  await run.record(unfinished(calls.slice(firstWrite), "weft was restarted"));
}

/** Answers for calls that were cut short: the first may have had its effect, the others were never begun. */
export function unfinished(calls: readonly CallPart[], why: string): ResultPart[] {
  return calls.map(({ id }, index) => ({
    type: "result",
    id,
    text: index === 0 ? `interrupted, outcome unknown: ${why}` : `not run: ${why} while an earlier call was running`,
    failed: true,
  }));
}

function groupsOf(calls: readonly CallPart[], tools: ReadonlyMap<string, Tool>): CallPart[][] {
  const groups: CallPart[][] = [];
  let reading = false;
  for (const call of calls) {
    const reads = tools.get(call.tool)?.effect !== "write";
    const last = groups.at(-1);
    if (reads && reading && last && last.length < mostAtOnce) last.push(call);
    else groups.push([call]);
    reading = reads;
  }
  return groups;
}

async function runCall(call: CallPart, options: ToolRunOptions, run: ToolRun): Promise<ResultPart> {
  const began = options.monotonic();
  run.emit({ type: "tool", id: call.id, name: call.tool, state: "started", summary: oneLine(argumentsOf(call)) });
  const result = await outcomeOf(call, options, run);
  run.measured(call.tool, result.failed === true, options.monotonic() - began);
  const state = result.failed ? "failed" : "finished";
  run.emit({ type: "tool", id: call.id, name: call.tool, state, summary: oneLine(result.text) });
  return result;
}

/** One of the four doors: whatever a tool throws becomes a result, but an aborted turn ends. */
async function outcomeOf(call: CallPart, options: ToolRunOptions, run: ToolRun): Promise<ResultPart> {
  const strangers = options.tools.get(call.tool)?.strangers;
  const keep = (untrusted: true | undefined): Kept => ({
    name: `${run.turn}-${call.id}`,
    wrap: (text) => (untrusted ? marked(text, call.tool, options.newMark()) : text),
  });
  try {
    const output = await auditedCall(callAudit(call, options, run), (begin) =>
      allowedRun(call, options, { ...run, begin }),
    );
    const { text, images, untrusted = strangers }: ToolOutput = typeof output === "string" ? { text: output } : output;
    const short = await shortened(options.hidden.clean(text), keep(untrusted), options);
    return { type: "result", id: call.id, text: short, ...(images && { images }), ...(untrusted && { untrusted }) };
  } catch (thrown) {
    run.context.signal.throwIfAborted();
    const error = WeftError.from(thrown);
    // A refusal is ours, and the model should heed it; what else is said may quote the other side.
    const untrusted = error.code === "refused" || error.code === "invalid" ? undefined : strangers;
    const text = await shortened(options.hidden.clean(error.message), keep(untrusted), options);
    return { type: "result", id: call.id, text, failed: true, ...(untrusted && { untrusted }) };
  }
}

function callAudit(call: CallPart, { audit, monotonic }: ToolRunOptions, { context, turn }: ToolRun) {
  const { actor, session, signal } = context;
  const detail = call.invalid ?? call.input;
  return { audit, monotonic, signal, about: { subject: call.tool, call: call.id, actor, session, turn, detail } };
}

interface Beginning extends ToolRun {
  /** Called before a tool that changes something runs. */
  readonly begin: () => Promise<void>;
}

async function allowedRun(
  call: CallPart,
  { tools, absent, policy }: ToolRunOptions,
  { context, approved, read, begin }: Beginning,
): Promise<string | ToolOutput> {
  const tool = tools.get(call.tool);
  if (!tool) {
    const why = absent.get(call.tool);
    if (why !== undefined) throw new WeftError("missing", `tool not found: ${call.tool}. ${why}`);
    throw new WeftError("missing", `tool not found: ${call.tool}. There are: ${[...tools.keys()].sort().join(", ")}`);
  }
  if (call.invalid !== undefined || !isJsonObject(call.input)) {
    throw new WeftError("invalid", `invalid arguments: not a JSON object: ${(call.invalid ?? "").slice(0, 200)}`);
  }
  const decision = policy.decide(context.actor, actionOf(tool, call.input, read));
  const isApproved = approved.calls.has(call.id) || approved.tools.has(call.tool);
  if (!decision.allowed && !(decision.ask && isApproved)) {
    throw new WeftError("refused", `permission denied for tool '${call.tool}': ${refusalText(decision)}`);
  }
  if (tool.effect === "write") await begin();
  return await Promise.race([tool.run(call.input, context), abortOf(context.signal)]);
}

/** Rejects when the turn is aborted, so that a tool which does not listen holds up nobody. */
function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

interface Kept {
  /** Of the file with the whole of it. */
  readonly name: string;
  /** Marks what strangers wrote. */
  wrap(text: string): string;
}

async function shortened(text: string, { name, wrap }: Kept, { keepLong }: ToolRunOptions): Promise<string> {
  const bytes = text.length * 3 <= mostBytes ? 0 : new TextEncoder().encode(text).length;
  if (bytes <= mostBytes) return wrap(text);
  const path = await keepLong(`${name.replace(/[^A-Za-z0-9_-]/g, "_")}.txt`, wrap(text));
  let head = text.slice(0, mostBytes / 2);
  while (new TextEncoder().encode(head).length > mostBytes - 1024) head = head.slice(0, Math.floor(head.length * 0.8));
  const line = head.split("\n").length;
  return `${wrap(head)}\n[cut here: ${bytes} bytes in all; the whole is in ${path}: go on with read_file path=${path} offset=${line}]`;
}

function argumentsOf(call: CallPart): string {
  return call.invalid ?? JSON.stringify(call.input);
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 160 ? `${line.slice(0, 159)}…` : line;
}
