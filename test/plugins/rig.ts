import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { AuditEntry } from "../../src/core/audit.ts";
import type { BusEvent } from "../../src/core/bus.ts";
import type { Door } from "../../src/core/door.ts";
import { WeftError } from "../../src/core/error.ts";
import type { Json, JsonObject } from "../../src/core/json.ts";
import type { Platform } from "../../src/core/platform.ts";
import type { Tool } from "../../src/core/tool.ts";
import type { WasmEngine, WasmGuest, WasmLimits, WasmOptions } from "../../src/core/wasm.ts";
import { createBus } from "../../src/lib/bus.ts";
import { nodePlatform } from "../../src/platform/node/platform.ts";
import { approvalsIn } from "../../src/plugins/approvals.ts";
import { openPlugins, type Plugins, pluginPaths } from "../../src/plugins/plugins.ts";
import { pluginStore, readPackage } from "../../src/plugins/store.ts";
import { contextOf } from "../tools/workspace.ts";

/** The smallest module there is. */
export const emptyModule = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

export const plainManifest = {
  id: "weather",
  name: "Weather",
  version: "1.0.0",
  capabilities: ["tool"],
  permissions: {},
};

/** A plugin's folder on the real disk, gone after the test. */
export async function pluginFolder(manifest: object = plainManifest, module: Uint8Array = emptyModule) {
  const folder = await mkdtemp(join(tmpdir(), "weft-plugin-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, "clawft.plugin.json"), JSON.stringify(manifest));
  await writeFile(join(folder, "plugin.wasm"), module);
  return folder;
}

/** Asks a host function as a guest would. */
export type Ask = (name: string, request: JsonObject) => Promise<JsonObject>;
/** What a guest does in JavaScript instead of WebAssembly; what it throws is a trap. */
export type GuestCode = Readonly<Record<string, (input: Json, ask: Ask, limits: WasmLimits) => Promise<Json | string>>>;

export interface FakeEngine extends WasmEngine {
  /** The options of each start. */
  readonly starts: WasmOptions[];
  alive(): number;
}

/** Runs guests in JavaScript, with the deaths that the seam promises. */
export function fakeEngine(code: (module: Uint8Array) => GuestCode): FakeEngine {
  const starts: WasmOptions[] = [];
  const living = new Set<object>();
  return {
    starts,
    alive: () => living.size,
    async start(module, options) {
      starts.push(options);
      const exports = code(module);
      const me = {};
      living.add(me);
      const ask: Ask = async (name, request) => {
        if (!options.imports.includes(name)) throw new Error(`no import ${name}`);
        const bytes = await options.host(name, new TextEncoder().encode(JSON.stringify(request)));
        return JSON.parse(new TextDecoder().decode(bytes));
      };
      const guest: WasmGuest = {
        async call(name, input, limits) {
          if (!living.has(me)) throw new WeftError("invalid", "the guest is dead");
          const run = exports[name];
          if (!run) throw new WeftError("missing", `no export ${name}`);
          const text = new TextDecoder().decode(input);
          try {
            limits.signal?.throwIfAborted();
            const ended = new Promise<never>((_, reject) => {
              limits.signal?.addEventListener("abort", () => reject(WeftError.from(limits.signal?.reason)));
            });
            const answer = await Promise.race([run(text === "" ? null : JSON.parse(text), ask, limits), ended]);
            return new TextEncoder().encode(typeof answer === "string" ? answer : JSON.stringify(answer));
          } catch (error) {
            living.delete(me);
            throw error instanceof WeftError ? error : new WeftError("invalid", `trap: ${String(error)}`);
          }
        },
        close: async () => void living.delete(me),
      };
      return guest;
    },
  };
}

/** Tools of one parameter, `x`, of any type. */
export function describing(...names: string[]): GuestCode[string] {
  return async () => ({
    tools: names.map((name) => ({
      name,
      description: `Does ${name}.`,
      parameters: { type: "object" },
      effect: "read",
    })),
  });
}

/** A guest with one tool, `do`. */
export function guest(run: (params: JsonObject, ask: Ask) => Promise<string>): GuestCode {
  return {
    describe: describing("do"),
    execute_tool: async (input, ask) => {
      const { params } = input as { params: JsonObject };
      return { ok: true, text: await run(params, ask) };
    },
  };
}

export interface RigOptions {
  readonly permissions?: object;
  readonly manifest?: object;
  readonly code?: GuestCode;
  readonly engine?: FakeEngine;
  readonly env?: Record<string, string>;
  readonly door?: Door["fetch"];
  readonly keyVariables?: readonly string[];
  readonly approved?: boolean;
  readonly monotonic?: () => number;
  readonly config?: object;
}

export interface Rig {
  readonly workspace: string;
  readonly platform: Platform;
  readonly plugins: Plugins;
  readonly engine: FakeEngine;
  readonly audited: AuditEntry[];
  readonly events: BusEvent[];
  tools(taken?: readonly string[]): Tool[];
  run(input?: Json, signal?: AbortSignal): Promise<string>;
  /** What one host function answers to the plugin. */
  ask(name: string, request: JsonObject): Promise<JsonObject>;
  install(manifest: object, module?: Uint8Array): Promise<void>;
  approve(id: string): Promise<void>;
}

/** An installed and approved plugin in a workspace on the real disk. */
export async function rig(options: RigOptions = {}): Promise<Rig> {
  const workspace = await mkdtemp(join(tmpdir(), "weft-ws-"));
  onTestFinished(() => rm(workspace, { recursive: true, force: true }));
  const code =
    options.code ??
    guest(async ({ name, request }, ask) => JSON.stringify(await ask(String(name), request as JsonObject)));
  const engine = options.engine ?? fakeEngine(() => code);
  const platform: Platform = {
    ...nodePlatform(),
    env: options.env ?? {},
    wasm: async () => engine,
    ...(options.monotonic && { monotonic: options.monotonic }),
  };
  const paths = pluginPaths(workspace);
  const store = pluginStore(platform, paths.folder);
  const approvals = approvalsIn(platform.files, paths.approvals);
  const install: Rig["install"] = async (manifest, module) => {
    const folder = await pluginFolder(manifest, module);
    if (options.config) await writeFile(join(folder, "config.json"), JSON.stringify(options.config));
    await store.install(await readPackage(platform.files, folder));
  };
  const approve: Rig["approve"] = async (id) => {
    const { version, permissions } = (await store.load(id)).manifest;
    await approvals.set(id, { version, permissions, at: 0 });
  };
  await mkdir(paths.folder, { recursive: true });
  await install({ ...plainManifest, permissions: options.permissions ?? {}, ...options.manifest });
  if (options.approved !== false) await approve("weather");
  const events: BusEvent[] = [];
  const bus = createBus(() => {});
  bus.subscribe((event) => void events.push(event));
  const audited: AuditEntry[] = [];
  const audit = { note: async (entry: AuditEntry) => void audited.push(entry) };
  const plugins = await openPlugins({ platform, workspace, bus, audit, writes: true });
  onTestFinished(() => plugins.close());
  const door: Door = {
    fetch: options.door ?? (async (_, url) => Promise.reject(new Error(`nobody expects ${url}`))),
  };
  const keyVariables = new Set(options.keyVariables ?? []);
  const tools: Rig["tools"] = (taken = []) => plugins.tools({ door, keyVariables, taken });
  const run: Rig["run"] = async (input = {}, signal) => {
    const [tool] = tools();
    if (!tool) throw new Error(`no tool: ${plugins.status().detail}`);
    return (await tool.run(input, contextOf(signal ? { signal } : {}))) as string;
  };
  return {
    workspace,
    platform,
    plugins,
    engine,
    events,
    audited,
    tools,
    run,
    ask: async (name, request) => JSON.parse(await run({ name, request })),
    install,
    approve,
  };
}
