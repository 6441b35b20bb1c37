import { type ModelChoices, modelChoices } from "./agent/choices.ts";
import type { Outbox } from "./agent/outbox.ts";
import { resultFiles } from "./agent/results.ts";
import { systemPrompt } from "./agent/system-prompt.ts";
import { createWorker, type Worker, type WorkerOptions } from "./agent/worker.ts";
import { turnModels } from "./app-models.ts";
import {
  credentials,
  delegationOptions,
  keyVariables,
  policyRules,
  providerSecrets,
  randomOf,
  toolOptions,
} from "./app-options.ts";
import { type AppPairing, appPairing } from "./app-pairing.ts";
import { busFor, openPlugins, type Plugins, usableModels } from "./app-parts.ts";
import type { Loaded } from "./config/load.ts";
import { type Audit, noAudit } from "./core/audit.ts";
import type { Bus } from "./core/bus.ts";
import type { Channel } from "./core/channel.ts";
import type { BackgroundAgents } from "./core/delegation.ts";
import type { OuterDoor } from "./core/door.ts";
import { WeftError } from "./core/error.ts";
import type { JournalTurn } from "./core/journal.ts";
import type { Line } from "./core/line.ts";
import type { Platform } from "./core/platform.ts";
import { type Policy, refusalText, type Standing } from "./core/policy.ts";
import type { SessionStore } from "./core/session.ts";
import type { Spending } from "./core/spending.ts";
import type { Actor, Tool } from "./core/tool.ts";
import { type WorkspacePaths, workspacePaths } from "./core/workspace.ts";
import { absentTools, loadDelegation } from "./features.ts";
import { hexOf } from "./lib/hex.ts";
import { type HiddenWords, hiddenWords } from "./lib/hidden-words.ts";
import type { ModelCatalog } from "./models/catalog.ts";
import { auditedPolicy } from "./security/audited-policy.ts";
import { egressDoor } from "./security/egress.ts";
import { policyOf } from "./security/policy.ts";
import { redactor } from "./security/redact.ts";
import { jsonlStore } from "./sessions/jsonl-store.ts";
import { builtinTools } from "./tools/builtin.ts";

/** Everything that follows from the configuration alone. */
export interface Brain {
  readonly loaded: Loaded;
  readonly models: ModelCatalog;
  readonly tools: readonly Tool[];
  readonly policy: Policy;
  readonly door: OuterDoor;
  readonly worker: Worker;
  /** Our own keys. */
  readonly hidden: HiddenWords;
  /** Every model that the configuration names, the one in use first. */
  modelIds(): string[];
  redact(text: string): string;
}

/** What a brain works with. */
export interface BrainBase {
  readonly platform: Platform;
  readonly paths: WorkspacePaths;
  readonly bus: Bus;
  readonly audit: Audit;
  readonly store: SessionStore;
  readonly channels: ReadonlyMap<string, Channel>;
  readonly outbox: Pick<Outbox, "post">;
  readonly choices: ModelChoices;
  newId(): string;
  /** Loaded with the first call of a model. */
  readonly spending: () => Promise<Spending>;
  readonly delegation: DelegationBase | undefined;
  /** Absent in a build without them. */
  readonly plugins: Plugins | undefined;
  readonly pairing: AppPairing;
}

/** What sub-agents are begun with; absent in a build without them. */
export interface DelegationBase {
  readonly module: DelegationModule;
  /** There once everything is joined. */
  readonly line: () => Pick<Line, "receive" | "stop">;
  readonly open: () => JournalTurn[];
  /** False in a process that ends with its answer. */
  readonly stays: boolean;
}

export type DelegationModule = Awaited<ReturnType<NonNullable<typeof loadDelegation>>>;

/** A brain for looking only: nothing is locked or written. Throws like `openApp` when the model cannot be used. */
export async function lookingBrain(
  platform: Platform,
  loaded: Loaded,
  audit: Audit = noAudit,
): Promise<Brain & { readonly sessions: SessionStore; readonly plugins: Plugins | undefined }> {
  const paths = workspacePaths(loaded.workspace);
  const kept = keptIn(platform, paths);
  const [plugins, pairing] = await Promise.all([
    openPlugins({ platform, paths, bus: kept.bus, audit, writes: false }),
    appPairing({ platform, paths, audit, post: justLooking }),
  ]);
  const base: BrainBase = {
    platform,
    paths,
    ...kept,
    audit,
    plugins,
    pairing,
    channels: new Map(),
    outbox: { post: async () => justLooking() },
    spending: async () => justLooking(),
    delegation: loadDelegation && { module: await loadDelegation(), line: justLooking, open: () => [], stays: false },
  };
  return { ...brainOf(base, loaded), sessions: base.store, plugins };
}

function justLooking(): never {
  throw new WeftError("internal", "a brain for looking sends nothing");
}

export function keptIn(
  platform: Platform,
  paths: WorkspacePaths,
): Pick<BrainBase, "bus" | "store" | "choices" | "newId"> {
  const { files, now } = platform;
  const bus = busFor(platform);
  const warn = (message: string) => bus.publish({ type: "log", level: "warn", message });
  return {
    bus,
    store: jsonlStore({ files, folder: paths.sessions, now, warn }),
    choices: modelChoices(files, `${paths.root}/.weft/session-models.json`),
    newId: () => hexOf(platform.randomBytes(12)),
  };
}

/** Throws `config` or `auth` when the configured model cannot be used. */
export function brainOf(base: BrainBase, loaded: Loaded): Brain {
  const { platform, paths, channels } = base;
  const rules = policyRules(loaded, base.pairing.levelOf);
  const quiet = policyOf(rules);
  const policy = auditedPolicy(quiet, base.audit);
  const door = egressDoor({ platform, policy, credentials: credentials(loaded), providers: providerSecrets(loaded) });
  const models = usableModels(platform, loaded, door.toModel);
  const delegation = delegationOf(base, { loaded, models });
  const builtin = builtinTools({
    ...toolOptions(loaded),
    platform,
    policy,
    door,
    workspace: paths.root,
    channels: () => [...channels.keys()],
  });
  const own = [...builtin, ...(delegation?.tools ?? [])];
  const taken = own.map(({ name }) => name);
  const tools = [...own, ...(base.plugins?.tools({ door, taken, keyVariables: keyVariables(loaded) }) ?? [])];
  const approveAlways = async (names: readonly string[]) => {
    const { approved } = rules.tools;
    const more = names.filter((name) => !approved.includes(name));
    await addToList(platform, loaded.path, { key: ["tools", "approved"], values: [...approved, ...more] });
    // What is on the disk holds at once, also for other conversations.
    approved.push(...more);
  };
  const background = delegation?.background;
  const offers = offersOf(quiet);
  const why = async (actor: Actor, question: readonly string[]) => {
    const [{ whyOf, verdictOf }, { targetOf }] = await Promise.all([
      import("./security/why.ts"),
      import("./security/addresses.ts"),
    ]);
    const asking = { policy: quiet, tools, targetOf, resolve: platform.resolve };
    return verdictOf(await whyOf(asking, actor, question), actor).join("\n");
  };
  const hidden = hiddenWords(loaded.secrets);
  const pairing = pairingWords(base.pairing, policy);
  const shared = { policy, hidden, offers, why, background, approveAlways, pairing };
  const worker = workerOf(base, { loaded, models, tools, ...shared });
  return {
    loaded,
    models,
    tools,
    policy,
    door,
    worker,
    hidden,
    modelIds: () => modelIds(models, loaded),
    redact: redactor(loaded.secrets),
  };
}

/** What only admins may do, in a chat as well as at the terminal. */
function pairingWords({ open }: AppPairing, policy: Policy): WorkerOptions["pairing"] {
  return async (actor, words) => {
    const decision = policy.decide(actor, { kind: "manage", what: "pairing" });
    if (!decision.allowed) return refusalText(decision);
    const [pairing, { pairingCommand }] = await Promise.all([open(), import("./security/pairing-words.ts")]);
    return await pairingCommand(pairing, words);
  };
}

/** Asked of every tool in every turn, and the same for everybody of the same standing. */
function offersOf(policy: Pick<Policy, "decide" | "standingOf">): WorkerOptions["offers"] {
  const known = new WeakMap<Standing, Map<string, boolean>>();
  return (actor, { name, effect, egress }) => {
    const standing = policy.standingOf(actor);
    const ofTools = known.get(standing) ?? new Map<string, boolean>();
    known.set(standing, ofTools);
    const before = ofTools.get(name);
    if (before !== undefined) return before;
    const decision = policy.decide(actor, { kind: "tool", tool: name, effect, egress, input: {} });
    const isOffered = decision.allowed || decision.ask === true;
    ofTools.set(name, isOffered);
    return isOffered;
  };
}

function delegationOf(base: BrainBase, { loaded, models }: Pick<Brain, "loaded" | "models">) {
  if (!base.delegation) return undefined;
  const { module, ...joined } = base.delegation;
  return module.createDelegation({
    ...joined,
    ...delegationOptions(loaded.config),
    checkModel: (id) => void models.get(id),
    newId: base.newId,
    now: base.platform.now,
  });
}

function modelIds(models: ModelCatalog, { config }: Loaded): string[] {
  const configured = Object.entries(config.providers).flatMap(([vendor, provider]) =>
    Object.keys(provider.models).map((name) => `${vendor}/${name}`),
  );
  const tiered = config.routing.mode === "tiered" ? config.routing.tiers.flatMap((tier) => tier.models) : [];
  const { fallbacks } = config.agents.defaults;
  return [...new Set([models.defaultId(), ...fallbacks, ...tiered, ...configured, "offline"])];
}

function workerOf(
  base: BrainBase,
  {
    loaded,
    models,
    tools,
    policy,
    hidden,
    offers,
    why,
    background,
    approveAlways,
    pairing,
  }: Pick<Brain, "loaded" | "models" | "tools" | "policy" | "hidden"> &
    Pick<WorkerOptions, "approveAlways" | "offers" | "why" | "pairing"> & {
      readonly background: BackgroundAgents | undefined;
    },
): Worker {
  const { platform, paths } = base;
  const { defaults } = loaded.config.agents;
  return createWorker({
    ...base,
    tools,
    absentTools: absentTools(),
    background,
    policy,
    offers,
    why,
    hidden,
    keepLong: resultFiles(platform.files, paths.results),
    systemPrompt: systemPrompt({ files: platform.files, workspace: paths.root, now: platform.now }),
    model: turnModels({ models, config: loaded.config, spending: base.spending, random: randomOf(platform) }),
    spending: {
      standing: async (payer) => await (await base.spending()).standing(payer),
      extend: async (extension) => await (await base.spending()).extend(extension),
    },
    priceOf: models.priceOf,
    checkModel: (id) => void models.get(id),
    knownModels: models.known,
    defaultModel: models.defaultId,
    settings: {
      maxOutputTokens: defaults.maxTokens,
      memoryWindow: defaults.memoryWindow,
      ...(typeof defaults.temperature === "number" && { temperature: defaults.temperature }),
      ...(defaults.thinking && { thinking: defaults.thinking }),
      ...(typeof defaults.contextTokens === "number" && { contextTokens: defaults.contextTokens }),
    },
    maxIterations: defaults.maxToolIterations,
    approvalMs: loaded.config.tools.approvalTimeoutSecs * 1000,
    approveAlways,
    pairing,
    now: platform.now,
    monotonic: platform.monotonic,
  });
}

async function addToList(
  { files }: Platform,
  path: string,
  { key, values }: { readonly key: readonly string[]; readonly values: readonly string[] },
): Promise<void> {
  const { changeValue } = await import("./config/edit.ts");
  const { checkDocument } = await import("./config/load.ts");
  await changeValue(files, path, { key, value: [...values], check: checkDocument });
}
