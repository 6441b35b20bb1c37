import { createLine, type RunningLine } from "./agent/line.ts";
import { modelChoices } from "./agent/choices.ts";
import { lanes } from "./agent/lanes.ts";
import { outbox } from "./agent/outbox.ts";
import { resultFiles } from "./agent/results.ts";
import { systemPrompt } from "./agent/system-prompt.ts";
import { type ContextReport, createWorker, type Worker } from "./agent/worker.ts";
import type { Loaded } from "./config/load.ts";
import type { Config } from "./config/schema.ts";
import type { Bus } from "./core/bus.ts";
import type { Channel } from "./core/channel.ts";
import { WeftError } from "./core/error.ts";
import type { Journal } from "./core/journal.ts";
import type { Line } from "./core/line.ts";
import type { Lock, Platform } from "./core/platform.ts";
import type { Policy } from "./core/policy.ts";
import type { SessionStore } from "./core/session.ts";
import type { PartStatus } from "./core/status.ts";
import type { Tool } from "./core/tool.ts";
import { type Owner, type WorkspacePaths, workspacePaths } from "./core/workspace.ts";
import { createBus } from "./lib/bus.ts";
import { hexOf } from "./lib/hex.ts";
import { type ModelCatalog, modelCatalog } from "./models/catalog.ts";
import { egressDoor } from "./security/egress.ts";
import { simplePolicy } from "./security/policy.ts";
import { openJournal } from "./sessions/journal.ts";
import { jsonlStore } from "./sessions/jsonl-store.ts";
import { builtinTools } from "./tools/builtin.ts";

/** The running parts, joined. This is the only file that knows all rooms. */
export interface App {
  readonly config: Config;
  readonly paths: WorkspacePaths;
  readonly line: Line;
  readonly sessions: SessionStore;
  readonly tools: readonly Tool[];
  readonly models: ModelCatalog;
  readonly bus: Bus;
  status(): Promise<PartStatus[]>;
  /** What fills a session's prompt. */
  context(session: string): Promise<ContextReport>;
  /** False when there was none. */
  deleteSession(session: string): Promise<boolean>;
  serveGateway(): Promise<ServedGateway>;
  /** Ends intake, lets running turns finish for so long, parks the rest in the journal. */
  close(drainMs: number): Promise<void>;
}

export interface ServedGateway {
  readonly url: string;
  readonly token: string;
  readonly tokenIsNew: boolean;
  close(withinMs: number): Promise<void>;
}

export interface AppOptions {
  /** What runs, for others who find the workspace taken: `gateway`, `agent`. */
  readonly command: string;
  readonly channels?: readonly Channel[];
}

/** Throws `conflict` when another process owns the workspace, `full` or `refused` when it cannot be written. */
export async function openApp(platform: Platform, loaded: Loaded, options: AppOptions): Promise<App> {
  const paths = workspacePaths(loaded.workspace);
  const lock = await takeWorkspace(platform, paths, options.command);
  try {
    return await assemble({ platform, loaded, paths, lock, options });
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** The process that holds the workspace, as it described itself; undefined when nobody did. */
export async function readOwner(platform: Platform, paths: WorkspacePaths): Promise<Owner | undefined> {
  if (!(await platform.files.stat(paths.owner))) return undefined;
  return JSON.parse(new TextDecoder().decode(await platform.files.read(paths.owner))) as Owner;
}

async function takeWorkspace(platform: Platform, paths: WorkspacePaths, command: string): Promise<Lock> {
  await platform.files.makeDirectory(`${paths.root}/.weft`);
  const lock = await platform.files.lock(paths.lock);
  if (lock) {
    await writeOwner(platform, paths, { pid: platform.pid, command, startedAt: platform.now() });
    return lock;
  }
  const owner = await readOwner(platform, paths);
  const who = owner ? `weft ${owner.command} (pid ${owner.pid}${owner.url ? `, ${owner.url}` : ""})` : "another process";
  throw new WeftError("conflict", `${paths.root} is in use by ${who}: stop it, or use another workspace`);
}

async function writeOwner(platform: Platform, paths: WorkspacePaths, owner: Owner): Promise<void> {
  await platform.files.write(paths.owner, new TextEncoder().encode(JSON.stringify(owner)));
}

interface Parts {
  readonly platform: Platform;
  readonly loaded: Loaded;
  readonly paths: WorkspacePaths;
  readonly lock: Lock;
  readonly options: AppOptions;
}

interface Assembled extends Parts {
  readonly bus: Bus;
  readonly store: SessionStore;
  readonly journal: Journal;
  readonly models: ModelCatalog;
  readonly policy: Policy;
  readonly tools: readonly Tool[];
  readonly worker: Worker;
  readonly line: RunningLine;
}

async function assemble(parts: Parts): Promise<App> {
  const { platform, loaded, paths } = parts;
  const bus = createBus((thrown) => void platform.terminal.error(`weft: a log listener failed: ${String(thrown)}\n`));
  const warn = (message: string) => bus.publish({ type: "log", level: "warn", message });
  const { files, now } = platform;
  const store = jsonlStore({ files, folder: paths.sessions, now, warn });
  const journal = await openJournal({ files, folder: paths.journal, store, now, warn });
  const models = catalogOf(platform, loaded);
  const policy = policyOf(loaded);
  const tools = toolsOf(parts, policy);
  const assembled = joinLine({ ...parts, bus, store, journal, models, policy, tools });
  assembled.line.resume();
  return appOf(assembled);
}

function joinLine(parts: Omit<Assembled, "line" | "worker">): Assembled {
  const { platform, loaded, paths, bus, journal, options } = parts;
  const { config } = loaded;
  const { limits, defaults } = config.agents;
  const channels = new Map((options.channels ?? []).map((channel) => [channel.name, channel]));
  const newId = () => hexOf(platform.randomBytes(12));
  const failed = (where: string, error: WeftError) => bus.publish({ type: "failure", where, error });
  const sleep = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms));
  const out = outbox({ journal, channels, failed, sleep });
  const worker = workerOf(parts, { outbox: out, newId });
  const line = createLine({
    journal,
    channels,
    bus,
    outbox: out,
    lanes: lanes({
      concurrent: limits.concurrentTurns,
      perUser: limits.perUser,
      queuedPerSession: limits.queuedPerSession,
    }),
    work: worker.work,
    turnTimeoutMs: defaults.turnTimeoutSecs * 1000,
    now: platform.now,
    monotonic: platform.monotonic,
    newId,
    timer: (ms, elapsed) => {
      const id = setTimeout(elapsed, ms);
      return () => clearTimeout(id);
    },
  });
  return { ...parts, paths, worker, line };
}

function workerOf(
  parts: Omit<Assembled, "line" | "worker">,
  { outbox: out, newId }: { readonly outbox: Outbox; readonly newId: () => string },
): Worker {
  const { platform, loaded, paths, models, bus, store, tools, policy } = parts;
  const { defaults } = loaded.config.agents;
  return createWorker({
    store,
    tools,
    policy,
    bus,
    outbox: out,
    newId,
    keepLong: resultFiles(platform.files, paths.results),
    systemPrompt: systemPrompt({ files: platform.files, workspace: paths.root, now: platform.now }),
    choices: modelChoices(platform.files, `${paths.root}/.weft/session-models.json`),
    model: async (id) => {
      await models.prepare(id);
      return models.get(id, id === models.defaultId() ? defaults.fallbacks : []);
    },
    checkModel: (id) => void models.get(id),
    knownModels: models.known,
    defaultModel: models.defaultId,
    settings: {
      maxOutputTokens: defaults.maxTokens,
      temperature: defaults.temperature,
      memoryWindow: defaults.memoryWindow,
      ...(defaults.thinking && { thinking: defaults.thinking }),
      ...(defaults.contextTokens !== null && { contextTokens: defaults.contextTokens }),
    },
    maxIterations: defaults.maxToolIterations,
    now: platform.now,
    monotonic: platform.monotonic,
  });
}
