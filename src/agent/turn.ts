import type { Reply } from "../core/channel.ts";
import { WeftError } from "../core/error.ts";
import { type CallPart, callsOf, type Message, type ResultPart, textOf } from "../core/message.ts";
import type { ModelDone } from "../core/model.ts";
import { askFirst, begin } from "./asking.ts";
import { isUsedUp, outputLeft } from "./budget.ts";
import { type Counted, compactIfNeeded, type PromptInput, promptOf, type View, viewOf } from "./prompt.ts";
import { runCalls } from "./tool-runs.ts";
import {
  addUsage,
  allEntries,
  beginTurn,
  entry,
  nextId,
  type Outcome,
  replyOf,
  roundsOf,
  show,
  step,
  type Turn,
  type TurnIo,
  type TurnJob,
  type TurnOptions,
  toolRun,
} from "./turn-state.ts";

/** Prompt, model, tools, repeat. Throws when the model cannot answer or the signal aborts; steps done stay done. */
export async function runTurn(options: TurnOptions, job: TurnJob, io: TurnIo): Promise<Outcome> {
  const turn = beginTurn(options, job, io);
  const asked = await begin(turn);
  if (asked) return asked;
  for (;;) {
    const { message, done } = await ask(turn, false);
    const calls = callsOf(message);
    if (calls.length === 0) {
      return finish(
        turn,
        { message: withWords(turn, message, done.stop), done },
        done.stop === "calls" ? "end" : done.stop,
      );
    }
    await step(turn, [entry(turn, message, done)]);
    const question = askFirst(turn, calls);
    if (question) return question;
    const why = await callTools(turn, calls);
    if (why !== undefined) return finish(turn, says(turn, `I stopped here: ${why}. Tell me how to go on.`), "loop");
    if (roundsOf(turn) >= options.maxIterations) {
      return await sumUp(turn, `all ${options.maxIterations} tool rounds of this message`);
    }
    if (isUsedUp(turn.budget, turn, job.settings.maxOutputTokens)) return await sumUp(turn, "the tokens of this task");
  }
}

/** An answer that ended before it said anything still says why. */
function withWords(turn: Turn, message: Message, stop: ModelDone["stop"]): Message {
  const why = silences[stop];
  if (why === undefined || textOf(message).trim() !== "") return message;
  show(turn, why);
  return { ...message, parts: [...message.parts, { type: "text", text: why }] };
}

const silences: Partial<Readonly<Record<ModelDone["stop"], string>>> = {
  length:
    "(The model used up all the tokens of its answer before it said anything. Raise agents.defaults.max_tokens, or ask for less thinking.)",
  filtered: "(The provider's filter held the answer back. Ask in other words, or use another model.)",
};

interface Answer {
  readonly message: Message;
  readonly done: ModelDone;
}

/** One call of the model, after compacting when the prompt comes near its limit. */
async function ask(turn: Turn, withoutTools: boolean, extra: readonly Message[] = []): Promise<Answer> {
  const input = promptInput(turn, withoutTools);
  const whole = viewOf(allEntries(turn), input);
  const view = (await makeRoom(turn, whole, { input, must: false })) ?? whole;
  try {
    return await stream(turn, promptOf(view, input, extra), input);
  } catch (error) {
    if (WeftError.from(error).code !== "overflow") throw error;
    const smaller = await makeRoom(turn, view, { input, must: true });
    if (!smaller) throw error;
    return await stream(turn, promptOf(smaller, input, extra), input);
  }
}

function promptInput(turn: Turn, withoutTools: boolean): PromptInput {
  const { job, options, tools, io, budget } = turn;
  const { model, inbound, system } = job;
  const most = budget.firm ? Math.max(1, outputLeft(budget, turn)) : job.settings.maxOutputTokens;
  const settings = { ...job.settings, maxOutputTokens: Math.min(most, job.settings.maxOutputTokens) };
  const ratio = options.calibration.ratio(model.id);
  return {
    model,
    session: inbound.session,
    system,
    tools: withoutTools ? [] : tools,
    settings,
    ratio,
    signal: io.signal,
  };
}

/** The conversation with its older part summed up; undefined when that is not called for. */
async function makeRoom(
  turn: Turn,
  view: View,
  { input, must }: { readonly input: PromptInput; readonly must: boolean },
): Promise<View | undefined> {
  const compacted = await compactIfNeeded(view, input, must);
  if (!compacted) return undefined;
  const how = compacted.why ? ` (without the model: ${compacted.why.message})` : "";
  turn.io.emit({ type: "notice", text: `the older part of the conversation was summed up${how}` });
  const { summary: text, keep } = compacted;
  await step(turn, [{ type: "summary", id: nextId(turn), text, keep, at: turn.options.now() }]);
  return viewOf(allEntries(turn), input);
}

async function stream(turn: Turn, prompt: Counted, input: PromptInput): Promise<Answer> {
  const { io, options } = turn;
  const began = options.monotonic();
  const before = turn.text.length;
  for await (const event of input.model.stream(prompt, io.signal)) {
    if (event.type === "done") {
      if (!event.usage.estimated) options.calibration.learn(input.model.id, prompt.tokens, event.usage.inputTokens);
      turn.usage = addUsage(turn.usage, event.usage);
      if (event.model !== input.model.id && event.model !== turn.model) {
        io.emit({ type: "notice", text: `${event.model} answers in place of ${input.model.id}` });
      }
      turn.model = event.model;
      io.answered(event, options.monotonic() - began);
      return { message: { ...event.message, at: options.now() }, done: event };
    }
    if (event.type === "text") show(turn, event.delta, turn.text.length === before);
    else {
      if (event.type === "restart") turn.text.cut(before);
      io.emit(event);
    }
  }
  io.signal.throwIfAborted();
  throw new WeftError("internal", `${input.model.id} ended without an answer`);
}

/** Returns why the turn should end, if it should. */
async function callTools(turn: Turn, calls: readonly CallPart[]): Promise<string | undefined> {
  const results: ResultPart[] = [];
  await runCalls(calls, turn.options.toolRuns, toolRun(turn, results));
  for (const result of results) {
    const call = calls.find(({ id }) => id === result.id);
    const why = call && turn.breaker.record(call, result);
    if (why !== undefined) return why;
  }
  return undefined;
}

/** The tool rounds or tokens are used up: the model says how far it came, and the user may send it on. */
async function sumUp(turn: Turn, what: string): Promise<Outcome> {
  const text = `[weft: ${what} are used up. Without tools now: tell the user
what you did, what you found and what is left, and offer to go on.]`;
  const note: Message = { role: "user", parts: [{ type: "text", text }], at: turn.options.now() };
  try {
    if (isUsedUp(turn.budget, turn, 1)) return finish(turn, says(turn, usedUp(what)), "limit");
    const answer = await ask(turn, true, [note]);
    if (textOf(answer.message).trim() !== "") return finish(turn, answer, "limit");
  } catch (error) {
    turn.io.signal.throwIfAborted();
    turn.io.emit({ type: "notice", text: `the model could not sum up: ${WeftError.from(error).message}` });
  }
  return finish(turn, says(turn, usedUp(what)), "limit");
}

function usedUp(what: string): string {
  return `I have used up ${what} and am not done. Shall I go on?`;
}

/** Words of our own, not the model's. */
function says(turn: Turn, text: string): Pick<Answer, "message"> {
  show(turn, text);
  return { message: { role: "assistant", parts: [{ type: "text", text }], at: turn.options.now() } };
}

function finish(
  turn: Turn,
  { message, done }: Pick<Answer, "message"> & Partial<Answer>,
  stop: Reply["stop"],
): Outcome {
  return {
    reply: replyOf(turn, stop),
    entries: [...turn.unsaved, entry(turn, message, done)],
  };
}
