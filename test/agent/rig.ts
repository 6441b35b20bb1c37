import { modelChoices } from "../../src/agent/choices.ts";
import { hidingInbound } from "../../src/agent/hiding.ts";
import { lanes } from "../../src/agent/lanes.ts";
import { createLine, type LineOptions, type RunningLine } from "../../src/agent/line.ts";
import { type Outbox, outbox } from "../../src/agent/outbox.ts";
import { resultFiles } from "../../src/agent/results.ts";
import { systemPrompt } from "../../src/agent/system-prompt.ts";
import type { ModelUse, TurnModel } from "../../src/agent/turn-model.ts";
import { createWorker } from "../../src/agent/worker.ts";
import { type Audit, noAudit } from "../../src/core/audit.ts";
import type { BusEvent } from "../../src/core/bus.ts";
import type { Channel, Deliverer } from "../../src/core/channel.ts";
import type { Journal } from "../../src/core/journal.ts";
import type { Model } from "../../src/core/model.ts";
import type { Platform } from "../../src/core/platform.ts";
import type { Permissions, Policy } from "../../src/core/policy.ts";
import type { SessionStore } from "../../src/core/session.ts";
import type { Payer, Spending } from "../../src/core/spending.ts";
import type { Tool } from "../../src/core/tool.ts";
import { answersOf, createDelegation, type DelegationOptions } from "../../src/delegation/delegation.ts";
import { createBus } from "../../src/lib/bus.ts";
import { hiddenWords } from "../../src/lib/hidden-words.ts";
import { memoryPlatform } from "../../src/platform/memory.ts";
import { openJournal } from "../../src/sessions/journal.ts";
import { jsonlStore } from "../../src/sessions/jsonl-store.ts";
import { policyWith, yes } from "../security/rules.ts";
import { says, scriptedModel } from "./scripted.ts";

export interface RigOptions {
  readonly files?: Platform["files"];
  readonly model?: Model;
  readonly tools?: readonly Tool[];
  readonly channels?: readonly Channel[];
  readonly policy?: Pick<Policy, "decide">;
  readonly audit?: Audit;
  readonly secrets?: readonly string[];
  readonly maxIterations?: number;
  readonly memoryWindow?: number;
  readonly turnTimeoutMs?: number;
  /** What runs instead of `model` for these ids. */
  readonly models?: Readonly<Record<string, Model>>;
  /** With the tools that begin sub-agents. */
  readonly delegation?: Partial<DelegationOptions>;
  readonly concurrent?: number;
  readonly now?: () => number;
  /** What the router says. */
  readonly route?: Omit<TurnModel, "model">;
  /** Gets what models were asked for by. */
  readonly uses?: ModelUse[];
  readonly admit?: LineOptions["admit"];
  readonly permissions?: Partial<Permissions>;
  readonly paid?: (model: Model, payer: Payer) => Model;
  readonly spending?: Pick<Spending, "standing" | "extend">;
  readonly approveAlways?: (names: readonly string[]) => Promise<void>;
}

export interface Rig {
  readonly line: RunningLine;
  readonly store: SessionStore;
  readonly journal: Journal;
  readonly files: Platform["files"];
  readonly outbox: Outbox;
  readonly events: BusEvent[];
  /** Tools that the user approved for ever. */
  readonly always: readonly string[];
}

let ids = 0;

const everything = policyWith().permissionsOf({ channel: "", sender: "" });

/** The whole line over files in RAM, with a scripted model; made again over the same files it is the next process. */
export async function rig(options: RigOptions = {}): Promise<Rig> {
  const files = options.files ?? memoryPlatform().files;
  const now = options.now ?? (() => 1_000_000);
  const monotonic = () => performance.now();
  const warn = () => {};
  const store = jsonlStore({ files, folder: "/w/sessions", now, warn });
  const journal = await openJournal({ files, folder: "/w/journal", store, now, warn });
  const channels = new Map<string, Deliverer>((options.channels ?? []).map((channel) => [channel.name, channel]));
  const bus = createBus((thrown) => {
    throw thrown;
  });
  const events: BusEvent[] = [];
  bus.subscribe((event) => events.push(event));
  const failed = (where: string, error: Error) => bus.publish({ type: "failure", where, error: error as never });
  const joined: { line?: RunningLine } = {};
  const delegationOptions: DelegationOptions = {
    line: () => {
      if (!joined.line) throw new Error("no line yet");
      return joined.line;
    },
    open: () => journal.open(),
    stays: true,
    claudeEnabled: true,
    claudeModel: "claude",
    flowEnabled: false,
    maxTurns: 10,
    maxTokens: 4096,
    rules: [],
    excludedTools: [],
    checkModel: () => {},
    newId: () => `t${ids++}`,
    now,
    ...options.delegation,
  };
  const delegation = options.delegation && createDelegation(delegationOptions);
  if (delegation) {
    const answers = answersOf(delegationOptions);
    channels.set(answers.name, answers);
  }
  const out = outbox({ journal, channels, failed, sleep: () => Promise.resolve() });
  const newId = () => `t${ids++}`;
  const always: string[] = [];
  const model = options.model ?? scriptedModel(() => says("hello"));
  const worker = createWorker({
    store,
    tools: [...(options.tools ?? []), ...(delegation?.tools ?? [])],
    background: delegation?.background,
    policy: {
      decide: () => yes,
      permissionsOf: () => ({ ...everything, ...options.permissions }),
      ...options.policy,
    },
    offers: () => true,
    why: async (actor, words) => `${actor.sender} asks why ${words.join(" ")}`,
    audit: options.audit ?? noAudit,
    hidden: hiddenWords(options.secrets ?? []),
    keepLong: resultFiles(files, "/w/results"),
    systemPrompt: systemPrompt({ files, workspace: "/w", now }),
    choices: modelChoices(files, "/w/.weft/session-models.json"),
    bus,
    outbox: out,
    model: async (use) => {
      options.uses?.push(use);
      const asked = options.models?.[use.named ?? use.wished ?? ""] ?? model;
      const paid = options.paid && use.payer ? options.paid(asked, use.payer) : asked;
      return { model: paid, ...options.route };
    },
    spending: options.spending ?? { standing: async () => [], extend: async () => [] },
    priceOf: async () => undefined,
    pairing: async () => "",
    checkModel: () => {},
    knownModels: () => ["test"],
    defaultModel: () => model.id,
    settings: { maxOutputTokens: 1000, memoryWindow: options.memoryWindow ?? 50 },
    maxIterations: options.maxIterations ?? 20,
    approvalMs: 60_000,
    approveAlways: options.approveAlways ?? (async (names) => void always.push(...names)),
    now,
    monotonic,
    newId,
  });
  const line = createLine({
    journal,
    channels,
    bus,
    outbox: out,
    lanes: lanes({ concurrent: options.concurrent ?? 8, perUser: 4, queuedPerSession: 8 }),
    admit: options.admit ?? (() => {}),
    cleaned: (inbound) => hidingInbound(inbound, hiddenWords(options.secrets ?? [])),
    work: worker.work,
    turnTimeoutMs: options.turnTimeoutMs ?? 10_000,
    now,
    monotonic,
    newId,
    timer: (ms, elapsed) => {
      const id = setTimeout(elapsed, ms);
      return () => clearTimeout(id);
    },
  });
  joined.line = line;
  return { line, store, journal, files, outbox: out, events, always };
}

/** The texts of a session, `role: text`, with calls and results. */
export async function transcript({ store }: Rig, session = "http:s"): Promise<string[]> {
  return (await store.read(session)).map((entry) => {
    if (entry.type === "summary") return `summary: ${entry.text}`;
    if (entry.type !== "message") return `${entry.type}: ${entry.type === "ask" ? entry.tools : entry.verdict}`;
    const parts = entry.message.parts.map((part) => {
      if (part.type === "text") return part.text;
      if (part.type === "call") return `call ${part.tool}`;
      return part.type === "result" ? part.text : part.type;
    });
    return `${entry.message.role}: ${parts.join(" + ")}`;
  });
}
