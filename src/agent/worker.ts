import type { Audit } from "../core/audit.ts";
import type { Bus } from "../core/bus.ts";
import type { Inbound } from "../core/channel.ts";
import type { BackgroundAgents, SubAgent } from "../core/delegation.ts";
import { WeftError } from "../core/error.ts";
import { type Message, textOf } from "../core/message.ts";
import { type Permissions, type Policy, refusalText } from "../core/policy.ts";
import type { Entry, SessionStore } from "../core/session.ts";
import type { Payer, Spending } from "../core/spending.ts";
import type { Actor, Tool } from "../core/tool.ts";
import type { HiddenWords } from "../lib/hidden-words.ts";
import { tokensOfMessages, tokensOfText, tokensOfTools } from "../lib/tokens.ts";
import { actorOf } from "./actor.ts";
import { answerIn, pendingIn } from "./approvals.ts";
import { auditedTurn } from "./audited-turn.ts";
import type { ModelChoices } from "./choices.ts";
import { commandIn } from "./command-names.ts";
import type { CommandOptions } from "./commands.ts";
import { hidingModel } from "./hiding.ts";
import { historyOf } from "./history.ts";
import type { Work } from "./line.ts";
import type { Outbox } from "./outbox.ts";
import type { PromptSettings } from "./prompt.ts";
import { type SystemPrompt, systemText } from "./system-prompt.ts";
import type { ToolRunOptions } from "./tool-runs.ts";
import { runTurn } from "./turn.ts";
import { askedFor, limitedTo, type ModelUse, payerOf, type TurnModel, wholeOnly } from "./turn-model.ts";
import type { Calibration, Outcome, TurnOptions } from "./turn-state.ts";

export interface WorkerOptions {
  readonly store: SessionStore;
  readonly tools: readonly Tool[];
  readonly policy: Pick<Policy, "decide" | "permissionsOf">;
  /** Whether somebody may ever use a tool. */
  readonly offers: (actor: Actor, tool: Tool) => boolean;
  readonly keepLong: ToolRunOptions["keepLong"];
  readonly systemPrompt: SystemPrompt;
  readonly choices: ModelChoices;
  readonly bus: Bus;
  readonly audit: Audit;
  /** Words that neither the model nor a session gets to see: our keys. */
  readonly hidden: HiddenWords;
  readonly outbox: Pick<Outbox, "post">;
  /** The model ready for use: probed, and with its fallbacks behind it. Throws when it cannot be used. */
  readonly model: (use: ModelUse) => Promise<TurnModel>;
  readonly why: CommandOptions["why"];
  readonly spending: Pick<Spending, "standing" | "extend">;
  readonly priceOf: CommandOptions["priceOf"];
  /** Throws when there is no such model or its key is missing. */
  readonly checkModel: (id: string) => void;
  readonly knownModels: () => readonly string[];
  readonly defaultModel: () => string;
  readonly settings: PromptSettings;
  readonly maxIterations: number;
  /** How long a question to the user waits. */
  readonly approvalMs: number;
  /** Writes into the configuration that these tools need no more asking. */
  readonly approveAlways: (tools: readonly string[]) => Promise<void>;
  /** Tools that are known and not there, by name: why. */
  readonly absentTools?: ReadonlyMap<string, string>;
  /** Absent: this build has none. */
  readonly background?: BackgroundAgents | undefined;
  readonly pairing: CommandOptions["pairing"];
  readonly now: () => number;
  readonly monotonic: () => number;
  readonly newId: () => string;
}

export interface Worker {
  work(work: Work): Promise<Outcome>;
  /** What fills a session's prompt, in tokens of our own count. */
  context(session: string): Promise<ContextReport>;
}

export interface ContextReport {
  readonly model: string;
  readonly contextTokens: number;
  readonly maxOutputTokens: number;
  readonly sections: readonly { readonly name: string; readonly tokens: number; readonly detail: string }[];
}

export function createWorker(options: WorkerOptions): Worker {
  const turnOptions: TurnOptions = {
    toolRuns: {
      tools: new Map(options.tools.map((tool) => [tool.name, tool])),
      absent: options.absentTools ?? new Map(),
      policy: options.policy,
      keepLong: options.keepLong,
      monotonic: options.monotonic,
      newMark: options.newId,
      audit: options.audit,
      hidden: options.hidden,
    },
    maxIterations: options.maxIterations,
    approvalMs: options.approvalMs,
    approveAlways: options.approveAlways,
    now: options.now,
    monotonic: options.monotonic,
    calibration: calibration(),
  };
  const commandOptions: CommandOptions = {
    store: options.store,
    tools: options.tools,
    modelOf: (session) => modelOf(options, session),
    chooseModel: async ({ session, actor }, model) => {
      expectChoice(options, actor, model);
      options.checkModel(model);
      await options.choices.choose(session, model);
    },
    knownModels: options.knownModels,
    policy: options.policy,
    background: options.background,
    why: options.why,
    spending: options.spending,
    priceOf: options.priceOf,
    pairing: options.pairing,
    now: options.now,
  };
  return {
    work: (work) => run(options, { turnOptions, commandOptions }, work),
    context: (session) => report(options, session),
  };
}

async function run(
  options: WorkerOptions,
  prepared: { readonly turnOptions: TurnOptions; readonly commandOptions: CommandOptions },
  work: Work,
): Promise<Outcome> {
  const { turn, inbound, written, signal, emit, step } = work;
  const command = commandIn(inbound);
  const actor = actorOf(inbound);
  const permissions = options.policy.permissionsOf(actor);
  const payer = payerOf(work, permissions);
  if (command && !(await answersQuestion(options, work))) {
    const at = { turn, session: inbound.session, actor, payer, permissions };
    const { runCommand } = await import("./commands.ts");
    const { text, entries } = await runCommand(command, at, prepared.commandOptions);
    return ownWords(text, entries);
  }
  const absent = absentTool(options, inbound);
  if (absent !== undefined) return ownWords(absent);
  const agent = inbound.delegated?.agent;
  const audited = auditedTurn(options.audit, { actor, session: inbound.session, turn }, options.monotonic);
  const before = await entriesBefore(options, work);
  const chosen = await chosenModel(options, work, { permissions, payer, before });
  const model = hidingModel(audited.model(chosen.model, chosen.route), options.hidden);
  const sections = await options.systemPrompt.sections();
  const more = inbound.settings?.system;
  const role = agent ? `\n\n# Your task\n${agent.instructions}` : "";
  const client = more === undefined ? "" : `\n\n# Instructions of the client\n${more}`;
  const system = systemText(sections) + role + client;
  const offers = (tool: Tool) => options.offers(actor, tool);
  const settings = limitedTo(settingsOf(options, work), permissions, chosen.contextTokens);
  const job = { turn, inbound, before, written, model, system, settings, offers };
  const ended = runTurn(turnOptionsFor(prepared.turnOptions, agent), job, {
    signal,
    emit: permissions.mayStream ? emit : wholeOnly(emit),
    async step(entries) {
      await audited.noted();
      await step(entries);
    },
    leftMs: work.leftMs,
    answered: ({ model: id, usage }, ms) => options.bus.publish({ type: "model", turn, model: id, usage, ms }),
    toolRun: {
      context: {
        session: inbound.session,
        actor,
        signal,
        send: (to, text) => options.outbox.post({ id: options.newId(), to, text }),
      },
      measured: (tool, failed, ms) => options.bus.publish({ type: "tool", turn, tool, failed, ms }),
    },
  });
  return await ended.finally(audited.noted);
}

/** Throws `refused` when somebody may not name this model. */
function expectChoice({ policy, defaultModel }: WorkerOptions, actor: Actor, model: string): void {
  const decision = policy.decide(actor, { kind: "model", model, chosen: model !== defaultModel() });
  if (!decision.allowed) throw new WeftError("refused", refusalText(decision));
}

interface Chooser {
  readonly permissions: Permissions;
  readonly payer: Payer;
  readonly before: readonly Entry[];
}

/** The model for this turn, and how it came to be. */
async function chosenModel(
  options: WorkerOptions,
  { turn, inbound, emit }: Work,
  { permissions, payer, before }: Chooser,
): Promise<TurnModel> {
  const agent = inbound.delegated?.agent;
  const named = inbound.settings?.model;
  if (!agent && named !== undefined) expectChoice(options, actorOf(inbound), named);
  const use: ModelUse = {
    permissions,
    payer,
    named: agent ? undefined : named,
    wished: agent ? named : await options.choices.of(inbound.session),
    fallback: agent?.fallback,
    question: askedFor(inbound, before),
  };
  const chosen = await options.model(use);
  if (chosen.route) {
    emit({ type: "notice", text: `${chosen.route.model}: ${chosen.route.why}` });
    options.bus.publish({ type: "route", turn, ...chosen.route });
  }
  return chosen;
}

/** `/approve` and `/deny` are for the turn that takes up what waited for them. */
async function answersQuestion(options: WorkerOptions, work: Work): Promise<boolean> {
  const text = textOf({ role: "user", parts: work.inbound.parts, at: 0 });
  return answerIn(text) !== undefined && pendingIn(await entriesBefore(options, work)) !== undefined;
}

/** A sub-agent has its own limits and at most the tools it was given. */
function turnOptionsFor(options: TurnOptions, agent: SubAgent | undefined): TurnOptions {
  if (!agent) return options;
  const tools = new Map([...options.toolRuns.tools].filter(([name]) => agent.tools.includes(name)));
  const { rounds, outputTokens } = agent.limits;
  return { ...options, toolRuns: { ...options.toolRuns, tools }, maxIterations: rounds, outputTokens };
}

/** Somebody asks for a tool by its name, as `/tool …`, that this build does not have. */
function absentTool({ absentTools }: WorkerOptions, inbound: Inbound): string | undefined {
  const text = textOf({ role: "user", parts: inbound.parts, at: 0 });
  return absentTools?.get(/^\s*\/(\w+)/.exec(text)?.[1] ?? "");
}

function ownWords(text: string, entries: readonly Entry[] = []): Outcome {
  return { reply: { text, usage: { inputTokens: 0, outputTokens: 0 }, model: "", stop: "end" }, entries };
}

async function modelOf({ choices, defaultModel }: WorkerOptions, session: string): Promise<string> {
  return (await choices.of(session)) ?? defaultModel();
}

function settingsOf({ settings }: WorkerOptions, { inbound }: Work): PromptSettings {
  const { maxOutputTokens, temperature, thinking } = inbound.settings ?? {};
  return {
    ...settings,
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(thinking && { thinking }),
  };
}

/** Reading stops far enough back for the window and what a summary keeps; more never reaches the prompt. */
function readLimit({ settings }: WorkerOptions): number {
  return settings.memoryWindow === 0 ? mostRead : Math.min(mostRead, settings.memoryWindow * 4 + 100);
}
const mostRead = 500;

async function entriesBefore(options: WorkerOptions, { turn, inbound }: Work): Promise<Entry[]> {
  if (!inbound.history) {
    const entries = await options.store.read(inbound.session, readLimit(options));
    return entries.filter((entry) => !entry.id.startsWith(`${turn}-`));
  }
  return inbound.history.map((message, index) => ({ type: "message", id: `given-${index}`, turn: "", message }));
}

/** Who looks, at the terminal. */
const owner: Actor = { channel: "cli", sender: "local" };

async function report(options: WorkerOptions, session: string): Promise<ContextReport> {
  const permissions = options.policy.permissionsOf(owner);
  const question = { text: "", before: "", images: 0, conversationTokens: 0 };
  const wished = await options.choices.of(session);
  const { model, ...chosen } = await options.model({ permissions, wished, question });
  const settings = limitedTo(options.settings, permissions, chosen.contextTokens);
  const sections = await options.systemPrompt.sections();
  const { summary, summaryTokens, messages } = historyOf(await options.store.read(session, readLimit(options)));
  const ofRole = (role: Message["role"]) => messages.filter((message) => message.role === role);
  const row = (name: string, role: Message["role"]) => {
    const list = ofRole(role);
    return { name, tokens: tokensOfMessages(list), detail: `${list.length} message(s)` };
  };
  return {
    model: model.id,
    contextTokens: Math.min(model.contextTokens, settings.contextTokens ?? model.contextTokens),
    maxOutputTokens: settings.maxOutputTokens,
    sections: [
      ...sections.map(({ name, text }) => ({ name, tokens: tokensOfText(text), detail: `${text.length} characters` })),
      { name: "tools", tokens: tokensOfTools(options.tools), detail: `${options.tools.length} tools` },
      { name: "summary", tokens: summaryTokens, detail: summary === "" ? "none" : "of the older conversation" },
      row("messages of the user", "user"),
      row("answers of the agent", "assistant"),
      row("tool results", "tool"),
    ],
  };
}

/** Follows the provider's count slowly. Never below ours: one that counts too little must not fill the context. */
function calibration(): Calibration {
  const ratios = new Map<string, number>();
  return {
    ratio: (model) => ratios.get(model) ?? 1,
    learn(model, ours, theirs) {
      if (ours < 200 || theirs <= 0 || !Number.isFinite(theirs)) return;
      const measured = Math.min(3, Math.max(1, theirs / ours));
      const known = ratios.get(model) ?? measured;
      ratios.set(model, known + (measured - known) * 0.3);
    },
  };
}
