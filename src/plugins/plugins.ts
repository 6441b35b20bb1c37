import type { Audit } from "../core/audit.ts";
import type { Bus } from "../core/bus.ts";
import { WeftError } from "../core/error.ts";
import { isJsonObject } from "../core/json.ts";
import type { Platform } from "../core/platform.ts";
import type { PartStatus } from "../core/status.ts";
import type { Tool } from "../core/tool.ts";
import { hexOf } from "../lib/hex.ts";
import { type Approvals, approvalsIn, notApproved } from "./approvals.ts";
import { type PluginAudit, pluginAudit } from "./audit.ts";
import { describedTools, type GuestTool, toolName } from "./described.ts";
import { type CallContext, pluginHost } from "./host.ts";
import { mostInstances } from "./limits.ts";
import { checkPacked } from "./module.ts";
import { noNetwork, type Runner, runner } from "./runner.ts";
import { type Package, type PluginStore, pluginStore } from "./store.ts";

export interface PluginsOptions {
  readonly platform: Platform;
  /** Absolute path. */
  readonly workspace: string;
  readonly bus: Pick<Bus, "publish">;
  readonly audit: Pick<Audit, "note">;
  /** False: nothing is written. */
  readonly writes: boolean;
}

/** What tools run with; it follows from the configuration. */
export interface Joined extends Pick<CallContext, "door" | "keyVariables"> {
  /** Names of tools that are there already: none of a plugin replaces them. */
  readonly taken: readonly string[];
}

export interface Plugins {
  /** Of all plugins that may run. */
  tools(joined: Joined): Tool[];
  /** Those of one plugin that were given last, by the names it has for them; none when it cannot be used. */
  toolsOf(id: string): ReadonlyMap<string, Tool>;
  status(): Pick<PartStatus, "state" | "detail">;
  /** Looks at the disk anew: what was installed, upgraded, approved or removed. */
  reload(): Promise<void>;
  close(): Promise<void>;
}

/** Where plugins and what was approved lie in a workspace. */
export function pluginPaths(workspace: string): { readonly folder: string; readonly approvals: string } {
  return { folder: `${workspace}/.weft/plugins`, approvals: `${workspace}/.weft/approved_permissions.json` };
}

interface State extends PluginsOptions {
  readonly store: PluginStore;
  readonly approvals: Approvals;
  readonly calls: PluginAudit;
  /** By plugin, the least recently used first. */
  readonly runners: Map<string, { readonly key: string; readonly runner: Runner }>;
  known: readonly Known[];
  /** When tools were last asked for: names that were taken, and the tools by plugin. */
  clashes: readonly string[];
  given: ReadonlyMap<string, ReadonlyMap<string, Tool>>;
}

interface Known {
  readonly id: string;
  readonly version: string;
  readonly tools: readonly GuestTool[];
  /** Why it cannot be used; undefined when all is well. */
  readonly problem: string | undefined;
}

/** A plugin that cannot be used never throws here: `status` says why. */
export async function openPlugins(options: PluginsOptions): Promise<Plugins> {
  const { platform, workspace, bus, audit } = options;
  const paths = pluginPaths(workspace);
  const state: State = {
    ...options,
    store: pluginStore(platform, paths.folder),
    approvals: approvalsIn(platform.files, paths.approvals),
    calls: pluginAudit({ audit, bus, clock: platform }),
    runners: new Map(),
    known: [],
    clashes: [],
    given: new Map(),
  };
  state.known = await lookAround(state);
  return {
    tools: (joined) => toolsOf(state, joined),
    status: () => statusOf(state),
    toolsOf: (id) => state.given.get(id) ?? new Map(),
    async reload() {
      const known = await lookAround(state);
      state.known = known;
      const ids = new Set(known.filter(({ problem }) => problem === undefined).map(({ id }) => id));
      for (const [id, { runner: running }] of state.runners) if (!ids.has(id)) void retire(state, id, running);
    },
    async close() {
      const all = [...state.runners.values()];
      state.runners.clear();
      await Promise.all(all.map((each) => each.runner.close()));
    },
  };
}

async function lookAround(state: State): Promise<Known[]> {
  try {
    const ids = await state.store.ids();
    const known: Known[] = [];
    // One after the other: each may start a guest to hear what it can do.
    for (const id of ids) known.push(await look(state, id));
    return known;
  } catch (error) {
    return [{ id: "all", version: "", tools: [], problem: WeftError.from(error).message }];
  }
}

async function look(state: State, id: string): Promise<Known> {
  let version = "";
  try {
    const found = await state.store.load(id);
    version = found.manifest.version;
    const problem = notApproved(found.manifest, await state.approvals.get(id));
    if (problem !== undefined) return { id, version, tools: [], problem };
    return { id, version, tools: offered(found, await toolsIn(state, found)), problem: undefined };
  } catch (thrown) {
    const { message } = WeftError.from(thrown);
    state.bus.publish({ type: "log", level: "warn", message: `plugin ${id} is left out: ${message}` });
    return { id, version, tools: [], problem: message };
  }
}

/** What the manifest lists; all when it lists none. */
function offered({ manifest }: Package, tools: readonly GuestTool[]): GuestTool[] {
  if (!manifest.capabilities.includes("tool")) return [];
  return tools.filter(({ name }) => manifest.tools.length === 0 || manifest.tools.includes(name));
}

/** As kept beside the module, so that a start of weft starts no guest; else the guest is asked. */
async function toolsIn(state: State, found: Package): Promise<GuestTool[]> {
  const { platform, writes } = state;
  const { id } = found.manifest;
  const path = `${found.folder}/.described.json`;
  const of = await keyOf(state, found);
  const kept = await keptAt(state, path, of);
  if (kept) return describedTools(kept, id);
  await checkPacked(found.module, `${found.folder}/${found.manifest.wasm_module}`);
  const bytes = await runnerOf(state, found, of).describe(lookingContext);
  const tools = describedTools(bytes, id);
  if (writes) {
    const text = JSON.stringify({ of, tools });
    await platform.files.write(path, new TextEncoder().encode(text));
  }
  return tools;
}

/** Undefined when it is of another module, or damaged. */
async function keptAt({ platform: { files } }: State, path: string, of: string): Promise<Uint8Array | undefined> {
  if (!(await files.stat(path))) return undefined;
  const bytes = await files.read(path);
  try {
    const kept: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isJsonObject(kept) && kept["of"] === of ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** Changes with everything a running guest was made from. */
async function keyOf({ platform }: State, { manifestText, config, module }: Package): Promise<string> {
  const texts = new TextEncoder().encode(JSON.stringify([manifestText, config]));
  const [a, b] = [await platform.crypto.hash("sha256", texts), await platform.crypto.hash("sha256", module)];
  return `${hexOf(a)}${hexOf(b)}`;
}

const lookingContext: CallContext = {
  actor: { channel: "weft", sender: "describe" },
  door: noNetwork,
  keyVariables: new Set(),
  signal: new AbortController().signal,
};

function runnerOf(state: State, found: Package, key: string): Runner {
  const { platform, workspace, bus, runners } = state;
  const { manifest } = found;
  const { id } = manifest;
  const before = runners.get(id);
  runners.delete(id);
  if (before?.key === key) {
    runners.set(id, before);
    return before.runner;
  }
  if (before) void before.runner.rest();
  const host = pluginHost({ manifest, platform, workspace, bus, audit: state.calls });
  const made = runner({ package: found, host, engine: () => engineOf(platform), makeRoom: () => makeRoom(state, id) });
  runners.set(id, { key, runner: made });
  return made;
}

async function engineOf(platform: Platform) {
  if (platform.wasm) return await platform.wasm();
  throw new WeftError("unavailable", `this ${platform.name} build of weft has no engine for WASM: use another build`);
}

/** At most so many guests at once: the one that was not used for the longest time rests. */
async function makeRoom({ runners }: State, id: string): Promise<void> {
  const others = [...runners].filter(([name, { runner: each }]) => name !== id && each.state() !== "none");
  if (others.length < mostInstances) return;
  const idle = others.find(([, { runner: each }]) => each.state() === "idle");
  if (!idle) throw new WeftError("limit", `${others.length} plugins are running, at most ${mostInstances}: try again`);
  await idle[1].runner.rest();
}

async function retire({ runners }: State, id: string, running: Runner): Promise<void> {
  runners.delete(id);
  await running.rest();
}

function toolsOf(state: State, joined: Joined): Tool[] {
  const names = new Set(joined.taken);
  const clashes: string[] = [];
  const given = new Map<string, Map<string, Tool>>();
  for (const { id, tools } of state.known) {
    const own = new Map<string, Tool>();
    for (const described of tools) {
      const tool = toolOf(state, id, { described, joined });
      if (names.has(tool.name)) clashes.push(`${id}: there is another tool ${tool.name}`);
      else own.set(described.name, tool);
      names.add(tool.name);
    }
    given.set(id, own);
  }
  state.clashes = clashes;
  state.given = given;
  return [...given.values()].flatMap((own) => [...own.values()]);
}

interface ToolSource {
  readonly described: GuestTool;
  readonly joined: Joined;
}

function toolOf(state: State, id: string, { described, joined }: ToolSource): Tool {
  const { name, description, parameters, effect } = described;
  const { door, keyVariables } = joined;
  return {
    name: toolName(id, name),
    description,
    effect,
    strangers: true,
    input: parameters,
    async run(input, { actor, signal }) {
      if (!isJsonObject(input)) throw new WeftError("invalid", "invalid arguments: expected an object");
      const running = await approvedRunner(state, id);
      return await running.execute({ name, params: input }, { actor, signal, door, keyVariables });
    },
  };
}

/** As the disk has it now: what was removed or lost its approval runs no more. */
async function approvedRunner(state: State, id: string): Promise<Runner> {
  const found = await state.store.load(id);
  const problem = notApproved(found.manifest, await state.approvals.get(id));
  if (problem !== undefined) throw new WeftError("refused", problem);
  return runnerOf(state, found, await keyOf(state, found));
}

function statusOf({ known, clashes }: State): Pick<PartStatus, "state" | "detail"> {
  if (known.length === 0) return { state: "off", detail: "none installed" };
  const lines = known.map(({ id, version, tools, problem }) =>
    problem === undefined ? `${id} ${version} (${tools.length} tools)` : `${id}: ${problem}`,
  );
  const isWell = clashes.length === 0 && known.every(({ problem }) => problem === undefined);
  return { state: isWell ? "ok" : "degraded", detail: [...lines, ...clashes].join("; ") };
}
