import { admission } from "./agent/admission.ts";
import { hidingInbound } from "./agent/hiding.ts";
import { lanes } from "./agent/lanes.ts";
import { createLine, type RunningLine } from "./agent/line.ts";
import { type Outbox, outbox } from "./agent/outbox.ts";
import { auditOf } from "./app-audit.ts";
import { type Brain, type BrainBase, brainOf, type DelegationModule, keptIn } from "./app-brain.ts";
import { rateLimits } from "./app-options.ts";
import { introduce, sleep, type Taking, takeWorkspace } from "./app-owner.ts";
import { appPairing } from "./app-pairing.ts";
import { openPlugins } from "./app-parts.ts";
import { lazySpending } from "./app-spending.ts";
import type { Loaded } from "./config/load.ts";
import type { Audit } from "./core/audit.ts";
import type { Bus } from "./core/bus.ts";
import type { Channel, Deliverer, Inbound } from "./core/channel.ts";
import { subSessionPrefix } from "./core/delegation.ts";
import { WeftError } from "./core/error.ts";
import type { Journal } from "./core/journal.ts";
import type { Line } from "./core/line.ts";
import type { Pairing } from "./core/pairing.ts";
import type { Lock, Platform } from "./core/platform.ts";
import type { PartStatus } from "./core/status.ts";
import { type WorkspacePaths, workspacePaths } from "./core/workspace.ts";
import { loadDelegation } from "./features.ts";
import type { AuditLog } from "./security/audit.ts";
import { pairingGate } from "./security/pairing-gate.ts";
import { redactor } from "./security/redact.ts";
import { openJournal } from "./sessions/journal.ts";

/** The running parts, joined. This and the files `app-*.ts` beside it are the only ones that know all rooms. */
export interface App {
  readonly platform: Platform;
  readonly paths: WorkspacePaths;
  readonly line: Line;
  readonly bus: Bus;
  readonly audit: Audit;
  /** What a reload of the configuration replaces; read it anew each time. */
  readonly brain: Brain;
  newId(): string;
  /** What channels give their messages to: strangers come no further. */
  admit(inbound: Inbound): Promise<void>;
  /** Loaded when first asked for. */
  pairing(): Promise<Pairing>;
  /** Names of the channels that are connected. */
  readonly channels: readonly string[];
  status(): Promise<PartStatus[]>;
  /** With those of its sub-agents. False when there was none. */
  deleteSession(session: string): Promise<boolean>;
  /** Turns that begin from now on follow the new configuration. Throws when it cannot be used; then nothing changes. */
  reload(loaded: Loaded): Promise<void>;
  /** Tells others where the workspace is served. */
  publishUrl(url: string): Promise<void>;
  /** Ends intake, lets running turns finish for so long, leaves the rest in the journal. */
  close(drainMs: number): Promise<void>;
}

export interface AppOptions extends Taking {
  readonly channels?: readonly Channel[];
  /** Take up what a former process left unfinished; a single question does not. */
  readonly resume: boolean;
  /** Called with the bus before anything is published on it. */
  readonly watch?: (bus: Bus) => void;
}

/** Throws `conflict` when another process owns the workspace, `full` or `refused` when it cannot be written. */
export async function openApp(platform: Platform, loaded: Loaded, options: AppOptions): Promise<App> {
  const paths = workspacePaths(loaded.workspace);
  const lock = await takeWorkspace(platform, paths, options);
  try {
    const base = await openBase({ platform, loaded, paths, lock, options });
    return appOf(base);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

interface Opening {
  readonly platform: Platform;
  readonly loaded: Loaded;
  readonly paths: WorkspacePaths;
  readonly lock: Lock;
  readonly options: AppOptions;
}

/** What stays while the program runs. */
interface Base extends BrainBase {
  readonly audit: AuditLog;
  readonly loaded: Loaded;
  readonly lock: Lock;
  readonly options: AppOptions;
  readonly journal: Journal;
  readonly outbox: Outbox;
  readonly closeSpending: () => Promise<void>;
  /** The channels, and what delivers within weft. */
  readonly deliverers: ReadonlyMap<string, Deliverer>;
  /** Filled once the line is there. */
  readonly joined: Joined;
}

interface Joined {
  line?: RunningLine;
  /** As it is now. */
  loaded: Loaded;
  redact: (text: string) => string;
}

async function openBase(opening: Opening): Promise<Base> {
  const { platform, paths, options } = opening;
  const { files, now } = platform;
  const kept = keptIn(platform, paths);
  const { bus, store } = kept;
  const warn = (message: string) => bus.publish({ type: "log", level: "warn", message });
  options.watch?.(bus);
  const joined: Joined = { loaded: opening.loaded, redact: redactor(opening.loaded.secrets) };
  const audit = auditOf(platform, paths, { redact: (text) => joined.redact(text), warn, stays: options.resume });
  const posting: { post: Outbox["post"] } = { post: notYet };
  const [journal, module, plugins, pairing] = await Promise.all([
    openJournal({ files, folder: paths.journal, store, now, warn }),
    loadDelegation?.(),
    openPlugins({ platform, paths, bus, audit, writes: true }),
    appPairing({ platform, paths, audit, post: (item) => posting.post(item) }),
  ]);
  const channels = new Map((options.channels ?? []).map((channel) => [channel.name, channel]));
  const failed = (where: string, error: WeftError) => bus.publish({ type: "failure", where, error });
  const delegation = module && delegationBase(module, { journal, joined, stays: options.resume });
  const own = module && delegation ? [module.answersOf({ ...delegation, now })] : [];
  const deliverers = new Map([...channels, ...own.map((each) => [each.name, each] as const)]);
  const { spending, closeSpending } = lazySpending({ ...kept, platform, paths, audit, loaded: () => joined.loaded });
  const out = outbox({ journal, channels: deliverers, failed, sleep });
  posting.post = out.post;
  return {
    ...opening,
    ...kept,
    audit,
    spending,
    closeSpending,
    journal,
    channels,
    deliverers,
    delegation,
    plugins,
    pairing,
    joined,
    outbox: out,
  };
}

async function notYet(): Promise<never> {
  throw new WeftError("internal", "a message before the outbox is there");
}

function delegationBase(
  module: DelegationModule,
  { journal, joined, stays }: { readonly journal: Journal; readonly joined: Joined; readonly stays: boolean },
): NonNullable<Base["delegation"]> {
  const line = () => {
    if (!joined.line) throw new WeftError("internal", "a sub-agent before the line is there");
    return joined.line;
  };
  return { module, line, open: () => journal.open(), stays };
}

function lineOf(base: Base, brain: () => Brain): RunningLine {
  const { limits, defaults } = base.loaded.config.agents;
  return createLine({
    ...base,
    channels: base.deliverers,
    lanes: lanes({
      concurrent: limits.concurrentTurns,
      perUser: limits.perUser,
      queuedPerSession: limits.queuedPerSession,
    }),
    admit: admission({
      permissionsOf: (actor) => brain().policy.permissionsOf(actor),
      limits: () => rateLimits(brain().loaded.config),
      monotonic: base.platform.monotonic,
    }),
    cleaned: (inbound) => hidingInbound(inbound, brain().hidden),
    work: (work) => brain().worker.work(work),
    turnTimeoutMs: defaults.turnTimeoutSecs * 1000,
    now: base.platform.now,
    monotonic: base.platform.monotonic,
    timer,
  });
}

/** Calls back after `ms`; returns what cancels it. */
export function timer(ms: number, elapsed: () => void): () => void {
  const id = setTimeout(elapsed, ms);
  return () => clearTimeout(id);
}

/** Those who were let in while no channel was there. */
function tellPaired({ pairing, bus }: Base): void {
  const tell = async () => (await pairing.open()).resume();
  tell().catch((thrown) => bus.publish({ type: "failure", where: "pairing", error: WeftError.from(thrown) }));
}

function appOf(base: Base): App {
  const { platform, paths, store, journal, choices, lock, options, audit } = base;
  const state = { brain: brainOf(base, base.loaded) };
  const line = lineOf(base, () => state.brain);
  base.joined.line = line;
  if (options.resume) line.resume();
  if (options.resume && base.channels.size > 0) tellPaired(base);
  return {
    platform,
    paths,
    line,
    bus: base.bus,
    audit,
    newId: base.newId,
    admit: pairingGate({
      standingOf: (actor) => state.brain.policy.standingOf(actor),
      pairing: base.pairing.open,
      receive: line.receive,
    }),
    pairing: base.pairing.open,
    channels: [...base.channels.keys()],
    get brain() {
      return state.brain;
    },
    status: async () => (await import("./app-status.ts")).partsStatus(base, state.brain),
    async deleteSession(session) {
      const below = (await store.list()).filter((info) => info.session.startsWith(subSessionPrefix(session)));
      for (const each of [...below.map((info) => info.session), session]) {
        await journal.forget(each);
        await choices.forget(each);
      }
      for (const info of below) await store.remove(info.session);
      const deleted = await store.remove(session);
      if (deleted) await audit.note({ kind: "session", subject: session, outcome: "ok", detail: "deleted" });
      return deleted;
    },
    async reload(loaded) {
      if (loaded.workspace !== paths.root) {
        throw new WeftError("config", "another workspace needs a restart: nothing was changed");
      }
      await base.plugins?.reload();
      state.brain = brainOf(base, loaded);
      base.joined.loaded = loaded;
      base.joined.redact = state.brain.redact;
    },
    publishUrl: (url) => introduce(platform, paths, { command: options.command, url }),
    async close(drainMs) {
      await line.close(drainMs);
      await base.plugins?.close();
      await Promise.all([journal.close(), audit.close(), base.closeSpending()]);
      await lock.release();
    },
  };
}
