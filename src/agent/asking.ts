import { WeftError } from "../core/error.ts";
import { type CallPart, callsOf, textOf } from "../core/message.ts";
import type { Entry } from "../core/session.ts";
import {
  isApproval,
  type Pending,
  pendingIn,
  type Question,
  questionText,
  refusalOf,
  type Verdict,
  verdictOf,
} from "./approvals.ts";
import { questionOf, resumeCalls, runCalls } from "./tool-runs.ts";
import {
  addUsage,
  entry,
  nextId,
  type Outcome,
  replyOf,
  resultsOf,
  show,
  step,
  type Turn,
  toolRun,
} from "./turn-state.ts";

/**
 * Brings the conversation to where the model is asked: what waited for the user's word, what a crash cut, and the
 * message itself. Returns the turn's end when a question comes first.
 */
export async function begin(turn: Turn): Promise<Outcome | undefined> {
  const { job, entries } = turn;
  const isNew = entries.length === 0;
  const pending = job.inbound.history ? undefined : pendingIn(job.before);
  const isAnswer = pending !== undefined && (await settle(turn, pending));
  const asked = isNew ? undefined : await goOn(turn);
  if (asked) return asked;
  const isSaid = entries.some((written) => written.type === "message" && written.message.role === "user");
  // The message itself is safe since it was accepted, so its entry can wait for the first step.
  if (!isAnswer && !isSaid)
    turn.unsaved.push(entry(turn, { role: "user", parts: job.inbound.parts, at: job.inbound.at }));
  return undefined;
}

/** Deals with the calls that waited for this message. True when it was an answer to the question and nothing else. */
async function settle(turn: Turn, pending: Pending): Promise<boolean> {
  const { job, entries, options, io } = turn;
  const { ask, calls } = pending;
  const known = entries.find((written) => written.type === "answer");
  const verdict = known?.type === "answer" ? known.verdict : await verdictNow(turn, pending);
  if (!known) {
    const { id, tools } = ask;
    const at = options.now();
    const outcome = isApproval(verdict) ? "ok" : "refused";
    const { actor } = io.toolRun.context;
    const about = { actor, session: job.inbound.session, turn: job.turn, reason: `answered: ${verdict}` };
    // Before what follows from it.
    await options.toolRuns.audit.note({ kind: "approval", subject: tools.join(", "), outcome, ...about });
    await step(turn, [{ type: "answer", id: nextId(turn), turn: job.turn, ask: id, verdict, tools, at }]);
  }
  const run = toolRun(turn, [], isApproval(verdict) ? calls : []);
  const open = openCalls(calls, entries);
  if (!isApproval(verdict)) {
    const text = refusalOf(verdict);
    await run.record(open.map(({ id }) => ({ type: "result", id, text, failed: true })));
  } else if (known) await resumeCalls(open, options.toolRuns, run);
  else await runCalls(open, options.toolRuns, run);
  io.signal.throwIfAborted();
  return verdict !== "else" && verdict !== "late";
}

async function verdictNow({ job, io, options }: Turn, pending: Pending): Promise<Verdict> {
  const text = textOf({ role: "user", parts: job.inbound.parts, at: 0 });
  const verdict = verdictOf(pending, { text, actor: io.toolRun.context.actor, now: options.now() });
  if (verdict !== "always") return verdict;
  try {
    await options.approveAlways(pending.ask.tools);
    return "always";
  } catch (thrown) {
    const why = WeftError.from(thrown).message;
    io.emit({ type: "notice", text: `approved for this conversation only, for it could not be written down: ${why}` });
    return "session";
  }
}

function openCalls(calls: readonly CallPart[], entries: readonly Entry[]): CallPart[] {
  const messages = entries.flatMap((written) => (written.type === "message" ? written.message : []));
  const answered = new Set(messages.flatMap((message) => resultsOf(message).map(({ id }) => id)));
  return calls.filter(({ id }) => !answered.has(id));
}

/** The turn's end with a question, when one of the calls needs it; then all calls of the message wait for the answer. */
export function askFirst(turn: Turn, calls: readonly CallPart[]): Outcome | undefined {
  const { job, options, io } = turn;
  // Nobody reads a sub-agent's words, and who keeps the conversation himself could not be asked again.
  if (job.inbound.history || job.inbound.delegated) return undefined;
  const run = toolRun(turn);
  const questions = calls.flatMap((call): Question[] => {
    const reason = questionOf(call, options.toolRuns, run);
    return reason === undefined ? [] : [{ call, reason }];
  });
  if (questions.length === 0) return undefined;
  const { channel, sender } = io.toolRun.context.actor;
  const at = options.now();
  const until = at + options.approvalMs;
  const tools = [...new Set(questions.map(({ call }) => call.tool))];
  show(turn, questionText(questions, until));
  const { session } = job.inbound;
  const detail = calls.map(({ tool, input, invalid }) => ({ tool, input: invalid ?? input }));
  const reason = questions.map((question) => question.reason).join("; ");
  const actor = io.toolRun.context.actor;
  void options.toolRuns.audit.note({
    kind: "approval",
    subject: tools.join(", "),
    outcome: "begun",
    actor,
    session,
    turn: job.turn,
    detail,
    reason,
  });
  const ask: Entry = { type: "ask", id: nextId(turn), turn: job.turn, asked: { channel, sender }, tools, until, at };
  return { reply: replyOf(turn, "end"), entries: [...turn.unsaved, ask] };
}

/** Takes up a turn that a crash cut: shows what was said, and answers the calls that have no result. */
async function goOn(turn: Turn): Promise<Outcome | undefined> {
  const messages = turn.entries.filter((written) => written.type === "message");
  for (const { message, usage } of messages) {
    if (message.role === "assistant") show(turn, textOf(message));
    if (usage) turn.usage = addUsage(turn.usage, usage);
  }
  const last = messages.findLast(({ message }) => message.role === "assistant");
  const open = last ? openCalls(callsOf(last.message), turn.entries) : [];
  if (open.length === 0) return undefined;
  const asked = askFirst(turn, open);
  if (!asked) await resumeCalls(open, turn.options.toolRuns, toolRun(turn));
  return asked;
}
