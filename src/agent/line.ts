import type { Bus } from "../core/bus.ts";
import type { Deliverer, Inbound, Reply } from "../core/channel.ts";
import { WeftError } from "../core/error.ts";
import type { Journal, JournalTurn } from "../core/journal.ts";
import type { Line, Receipt } from "../core/line.ts";
import type { Entry } from "../core/session.ts";
import { type EventHub, eventHub } from "../lib/event-hub.ts";
import { closingEntries, failedReply } from "./closing.ts";
import { commandIn } from "./command-names.ts";
import type { Lane, Lanes } from "./lanes.ts";
import { background, type Outbox } from "./outbox.ts";
import type { Outcome } from "./turn-state.ts";

export interface LineOptions {
  readonly journal: Journal;
  readonly lanes: Lanes;
  readonly outbox: Outbox;
  readonly channels: ReadonlyMap<string, Deliverer>;
  readonly bus: Bus;
  /** Throws `limit` for a message that comes too soon; asked before it is accepted. */
  readonly admit: (inbound: Inbound) => void;
  /** Runs the turn itself: a command or the model. Throws when it fails. */
  readonly work: (work: Work) => Promise<Outcome>;
  /** A message as it may be kept: without our own keys in it. */
  readonly cleaned: (inbound: Inbound) => Inbound;
  /** A turn may take this long, waiting for its lane not counted. */
  readonly turnTimeoutMs: number;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly monotonic: () => number;
  readonly newId: () => string;
  /** Calls back after `ms`; returns what cancels it. */
  readonly timer: (ms: number, elapsed: () => void) => () => void;
}

export interface Work {
  readonly turn: string;
  readonly inbound: Inbound;
  /** What it wrote before a crash. */
  readonly written: readonly Entry[];
  readonly signal: AbortSignal;
  readonly emit: EventHub["push"];
  readonly step: (entries: readonly Entry[]) => Promise<void>;
  /** Time until the deadline. */
  readonly leftMs: () => number;
}

export interface RunningLine extends Line {
  /** Takes up what a former process left unfinished; call once. */
  resume(): void;
  /** Ends intake, lets what runs finish for so long, then stops it; durable turns stay in the journal. */
  close(drainMs: number): Promise<void>;
}

export function createLine(options: LineOptions): RunningLine {
  const state: State = { options, active: new Map(), accepting: new Map(), closing: false };
  return {
    receive: (inbound) => receive(state, options.cleaned(inbound)),
    stop: (session) => stop(state, session),
    busy: () => options.lanes.counts(),
    resume: () => {
      for (const open of options.journal.open()) resume(state, open);
      options.outbox.resume();
    },
    close: (drainMs) => close(state, drainMs),
  };
}

interface State {
  readonly options: LineOptions;
  /** Turns accepted and without their reply yet, by turn. */
  readonly active: Map<string, Active>;
  /** Messages on their way into the journal, by channel and id. */
  readonly accepting: Map<string, Promise<void>>;
  closing: boolean;
}

interface Active {
  readonly turn: string;
  readonly inbound: Inbound;
  readonly written: Entry[];
  readonly hub: EventHub;
  readonly controller: AbortController;
  running: boolean;
}

async function receive(state: State, inbound: Inbound): Promise<Receipt> {
  if (state.closing)
    throw new WeftError("unavailable", "weft is shutting down: try again in a few seconds", { retryAfterMs: 5000 });
  const key = `${inbound.from.channel} ${inbound.id}`;
  // Between the last look and the `set` below nothing may be awaited, or two of the same get through.
  for (let other = state.accepting.get(key); other; other = state.accepting.get(key)) await other.catch(() => {});
  const known = duplicateOf(state, inbound);
  if (known) return known;
  // What agents write among themselves was let in with the message that began it; and nobody must wait to stop.
  if (!inbound.delegated && commandIn(inbound)?.name !== "stop") state.options.admit(inbound);
  const active = newActive(state.options.newId(), inbound, []);
  const accepted = accept(state, active);
  state.accepting.set(key, accepted);
  try {
    await accepted;
  } finally {
    state.accepting.delete(key);
  }
  return receiptOf(active, false);
}

function duplicateOf(state: State, inbound: Inbound): Receipt | undefined {
  const seen = state.options.journal.seen(inbound);
  if (!seen) return undefined;
  const active = state.active.get(seen.turn) ?? takeUpAgain(state, seen.turn);
  if (active) return receiptOf(active, true);
  if (seen.state === "open") throw new WeftError("conflict", "this message is waiting for its delivery already");
  const again = newActive(seen.turn, inbound, []);
  again.hub.push({ type: "text", delta: seen.reply.text });
  again.hub.push({ type: "reply", reply: seen.reply });
  return receiptOf(again, true);
}

/** A turn whose reply could not be written, for the disk was full: it is asked for again, so it goes on. */
function takeUpAgain(state: State, turn: string): Active | undefined {
  const { journal, channels } = state.options;
  const open = journal.open().find((each) => each.turn === turn);
  if (!open || open.reply || channels.has(open.inbound.from.channel)) return undefined;
  const active = newActive(open.turn, open.inbound, open.entries);
  state.active.set(open.turn, active);
  enterLane(state, active, Promise.resolve(true));
  return active;
}

/** Takes a place in the lane first, so that order is the order of arrival and a full lane accepts nothing. */
async function accept(state: State, active: Active): Promise<void> {
  const { options } = state;
  const { promise: safe, resolve } = deferred<boolean>();
  enterLane(state, active, safe);
  try {
    await options.journal.accept(active.turn, active.inbound);
  } catch (error) {
    resolve(false);
    throw error;
  }
  state.active.set(active.turn, active);
  options.bus.publish({ type: "turn", state: "accepted", turn: active.turn, session: active.inbound.session });
  resolve(true);
}

function enterLane(state: State, active: Active, safe: Promise<boolean>): void {
  const task = async () => {
    if (await safe) await runInLane(state, active);
  };
  const lane = laneOf(active);
  background({ failed: (where, error) => fail(state, where, error) }, "turn", state.options.lanes.enter(lane, task));
}

function laneOf({ turn, inbound }: Active): Lane {
  const agent = inbound.delegated?.agent;
  const { channel, sender } = agent?.actor ?? { channel: inbound.from.channel, sender: inbound.sender };
  const { session } = inbound;
  const user = `${channel} ${sender}`;
  // Its caller has a place and waits: a second one for it could be one that never comes free.
  if (agent && !agent.answerTo) return { session, user, kind: "nested" };
  if (agent) return { session, user: `${user} background`, kind: "background" };
  // A command to stop must not wait behind what it shall stop.
  if (commandIn(inbound)?.name === "stop") return { session: `${session} ${turn}`, user: `${user} stop` };
  return { session, user };
}

function newActive(turn: string, inbound: Inbound, written: readonly Entry[]): Active {
  const controller = new AbortController();
  return { turn, inbound, written: written.slice(), hub: eventHub(), controller, running: false };
}

function receiptOf(active: Active, duplicate: boolean): Receipt {
  return {
    turn: active.turn,
    duplicate,
    events: active.hub.read(),
    abandon: () => {
      if (active.inbound.durable || duplicate) return;
      active.controller.abort(new WeftError("aborted", "the sender went away"));
    },
  };
}

function stop(state: State, session: string): boolean {
  let stopped = false;
  for (const active of state.active.values()) {
    const { inbound, running } = active;
    const agent = inbound.delegated?.agent;
    // A message that waits is the user's next word; an agent that waits is part of what is to stop.
    const isMeant = agent ? [agent.parent, inbound.session].includes(session) : inbound.session === session && running;
    if (!isMeant || commandIn(inbound) || active.controller.signal.aborted) continue;
    active.controller.abort(new WeftError("aborted", "stopped by the user"));
    stopped = true;
  }
  return stopped;
}

/** The turn's door: whatever happens, there is a reply, and the lane goes on. */
async function runInLane(state: State, active: Active): Promise<void> {
  const { options } = state;
  const { turn, inbound } = active;
  const began = options.monotonic();
  active.running = true;
  options.bus.publish({ type: "turn", state: "started", turn, session: inbound.session });
  startDelivery(state, active);
  const outcome = await outcomeOf(state, active);
  const reply = outcome ? await makeReady(state, active, outcome) : parkedReply();
  state.active.delete(turn);
  // A chat hears nothing of a parked turn: the next process answers it.
  if (outcome || !options.channels.has(inbound.from.channel)) active.hub.push({ type: "reply", reply });
  const ms = options.monotonic() - began;
  options.bus.publish({
    type: "turn",
    state: "finished",
    turn,
    session: inbound.session,
    ms,
    stop: reply.error?.code ?? reply.stop,
  });
}

/** Undefined when the turn is parked: it stays in the journal for the next process. */
async function outcomeOf(state: State, active: Active): Promise<Outcome | undefined> {
  const { options } = state;
  const { turn, inbound, written, hub, controller } = active;
  const { signal } = controller;
  const limitMs = Math.min(options.turnTimeoutMs, inbound.delegated?.agent?.limits.ms ?? options.turnTimeoutMs);
  const limit = `${Math.round(limitMs / 1000)} s`;
  const late = () =>
    new WeftError("timeout", `the turn was stopped after ${limit} (agents.defaults.turn_timeout_secs)`);
  const cancelTimer = options.timer(limitMs, () => controller.abort(late()));
  const deadline = options.monotonic() + limitMs;
  const leftMs = () => Math.max(0, deadline - options.monotonic());
  const step = async (entries: readonly Entry[]) => {
    await options.journal.step(turn, entries);
    written.push(...entries);
  };
  try {
    signal.throwIfAborted();
    if (state.closing && inbound.durable) return undefined;
    const work = { turn, inbound, written: written.slice(), signal, emit: hub.push, step, leftMs };
    return commandIn(inbound)?.name === "stop" ? stopOutcome(state, inbound) : await options.work(work);
  } catch (thrown) {
    const error = WeftError.from(signal.aborted ? signal.reason : thrown);
    if (error === shutdown && inbound.durable) return undefined;
    if (error.code === "internal") fail(state, "turn", error);
    return { reply: failedReply(written, error), entries: closingEntries(active, error, options.now()) };
  } finally {
    cancelTimer();
  }
}

const shutdown = new WeftError("unavailable", "weft is shutting down: send the message again in a few seconds", {
  retryAfterMs: 5000,
});

function parkedReply(): Reply {
  const text = "weft is restarting; this message is kept and will be answered";
  return failedReply([], new WeftError("unavailable", text, { retryAfterMs: 5000 }));
}

function stopOutcome(state: State, inbound: Inbound): Outcome {
  const text = stop(state, inbound.session) ? "Stopped." : "Nothing is running.";
  return { reply: { text, usage: { inputTokens: 0, outputTokens: 0 }, model: "", stop: "end" }, entries: [] };
}

/** The reply is on the disk, or it says why it is not. */
async function makeReady(state: State, active: Active, { reply, entries }: Outcome): Promise<Reply> {
  const settled = !state.options.channels.has(active.inbound.from.channel);
  try {
    await state.options.journal.reply(active.turn, { entries, reply, settled });
    return reply;
  } catch (thrown) {
    const error = WeftError.from(thrown);
    fail(state, "journal", error);
    return { ...failedReply(active.written, error), text: reply.text };
  }
}

/** For channels that deliver by themselves; others read the receipt. */
function startDelivery(state: State, { turn, inbound, hub }: Active): void {
  const { options } = state;
  if (!options.channels.has(inbound.from.channel)) return;
  const deliver = async () => {
    await options.outbox.deliver({ id: turn, to: inbound.from, events: hub.read() });
    await options.journal.done(turn);
  };
  background({ failed: (where, error) => fail(state, where, error) }, inbound.from.channel, deliver());
}

function resume(state: State, open: JournalTurn): void {
  const { options } = state;
  const active = newActive(open.turn, open.inbound, open.entries);
  state.active.set(open.turn, active);
  if (open.reply) {
    state.active.delete(open.turn);
    active.hub.push({ type: "reply", reply: open.reply });
    if (options.channels.has(open.inbound.from.channel)) startDelivery(state, active);
    else
      background({ failed: (where, error) => fail(state, where, error) }, "journal", options.journal.done(open.turn));
    return;
  }
  if (!open.inbound.durable)
    active.controller.abort(new WeftError("aborted", "weft was restarted and the sender is gone"));
  enterLane(state, active, Promise.resolve(true));
}

async function close(state: State, drainMs: number): Promise<void> {
  const { lanes, timer } = state.options;
  state.closing = true;
  const stopAll = () => {
    for (const { controller } of state.active.values()) controller.abort(shutdown);
  };
  // What has not begun would only begin to be cut: durable turns wait for the next process, others are told.
  for (const active of state.active.values()) if (!active.running) active.controller.abort(shutdown);
  const cancel = timer(drainMs, stopAll);
  await lanes.idle();
  cancel();
}

function fail(state: State, where: string, error: WeftError): void {
  state.options.bus.publish({ type: "failure", where, error });
}

function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}
