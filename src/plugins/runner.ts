import type { Door } from "../core/door.ts";
import { WeftError } from "../core/error.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { WasmEngine, WasmGuest, WasmLimits } from "../core/wasm.ts";
import { serial } from "../lib/serial.ts";
import { type CallContext, type Host, hostFunctionNames, jsonBytes, jsonIn } from "./host.ts";
import { messageBytes } from "./limits.ts";
import type { Package } from "./store.ts";

/** One plugin's guest: started at the first call, anew after it died; one call at a time. */
export interface Runner {
  /** What `describe` gives. */
  describe(context: CallContext): Promise<Uint8Array>;
  /** The text of the answer. Throws what the guest says went wrong. */
  execute(call: { readonly name: string; readonly params: JsonObject }, context: CallContext): Promise<string>;
  state(): "none" | "idle" | "busy";
  /** Ends the guest after what runs now; a later call starts it anew. */
  rest(): Promise<void>;
  /** Ends it at once, with what runs. */
  close(): Promise<void>;
}

export interface RunnerOptions {
  readonly package: Package;
  readonly host: Host;
  readonly engine: () => Promise<WasmEngine>;
  /** Called before a guest is started; throws when there are too many. */
  readonly makeRoom: () => Promise<void>;
}

interface State {
  guest?: WasmGuest | undefined;
  /** Who the guest works for now. */
  context?: CallContext | undefined;
}

export function runner(options: RunnerOptions): Runner {
  const { manifest } = options.package;
  const state: State = {};
  const inOrder = serial();
  const closing = new AbortController();
  let waiting = 0;
  const use = async (name: string, input: JsonObject | undefined, given: CallContext): Promise<Uint8Array> => {
    const signal = AbortSignal.any([given.signal, closing.signal]);
    waiting++;
    try {
      return await inOrder(async () => {
        signal.throwIfAborted();
        return await callGuest(options, state, { name, input, context: { ...given, signal } });
      });
    } finally {
      waiting--;
    }
  };
  const drop = async () => {
    const { guest } = state;
    state.guest = undefined;
    await guest?.close();
  };
  return {
    describe: (context) => use("describe", undefined, context),
    async execute(call, context) {
      return answerOf(await use("execute_tool", { ...call }, context), manifest.id);
    },
    state: () => (waiting > 0 ? "busy" : state.guest ? "idle" : "none"),
    rest: () => inOrder(drop),
    async close() {
      closing.abort(new WeftError("aborted", `plugin ${manifest.id} was closed`));
      await inOrder(drop);
    },
  };
}

interface GuestCall {
  readonly name: string;
  /** Absent: no bytes. */
  readonly input: JsonObject | undefined;
  readonly context: CallContext;
}

async function callGuest(options: RunnerOptions, state: State, call: GuestCall): Promise<Uint8Array> {
  const { manifest } = options.package;
  const { name, input, context } = call;
  try {
    if (!state.guest) {
      state.context = { ...withDeadline(options, context), door: noNetwork };
      state.guest = await started(options, state, context.signal);
    }
    state.context = withDeadline(options, context);
    const bytes = await state.guest.call(name, bytesOf(input), limitsOf(options, context.signal));
    if (bytes.length <= messageBytes) return bytes;
    throw new WeftError("limit", `it answered ${bytes.length} bytes, at most ${messageBytes} (12 MiB)`);
  } catch (thrown) {
    const { guest } = state;
    state.guest = undefined;
    await guest?.close().catch(() => {});
    context.signal.throwIfAborted();
    const error = WeftError.from(thrown);
    const about = error.message.startsWith("plugin ") ? "" : `plugin ${manifest.id}: ${name}: `;
    throw new WeftError(error.code, `${about}${error.message}`, { cause: error });
  } finally {
    state.context = undefined;
  }
}

/** While a guest is started or describes itself, it cannot know for whom. */
export const noNetwork: Door = {
  fetch: async () => {
    throw new WeftError("refused", "init and describe may not use the network");
  },
};

/** What the host does for the guest ends with the time it has. */
function withDeadline({ package: { manifest } }: RunnerOptions, context: CallContext): CallContext {
  const late = AbortSignal.timeout(manifest.resources.max_execution_seconds * 1000);
  return { ...context, signal: AbortSignal.any([context.signal, late]) };
}

function bytesOf(input: JsonObject | undefined): Uint8Array {
  return input ? jsonBytes(input) : new Uint8Array();
}

async function started(options: RunnerOptions, state: State, signal: AbortSignal): Promise<WasmGuest> {
  const { module, manifest, config } = options.package;
  const { resources } = manifest;
  await options.makeRoom();
  const engine = await options.engine();
  const guest = await engine.start(module, {
    memoryBytes: resources.max_memory_mb * 1024 * 1024,
    tableElements: resources.max_table_elements,
    imports: hostFunctionNames,
    limits: limitsOf(options, signal),
    host: async (name, request) => {
      if (!state.context) throw new WeftError("internal", "a host function outside of a call");
      return await options.host(name, request, state.context);
    },
  });
  try {
    const answer = await guest.call("init", new TextEncoder().encode(config), limitsOf(options, signal));
    const said = jsonIn(answer);
    if (isJsonObject(said) && said["ok"] === false) {
      throw new WeftError("invalid", `init: ${textOf(said["error"])}`);
    }
  } catch (error) {
    if (WeftError.from(error).code !== "missing") {
      await guest.close();
      throw error;
    }
  }
  return guest;
}

function limitsOf({ package: { manifest } }: RunnerOptions, signal: AbortSignal): WasmLimits {
  const { max_fuel: fuel, max_execution_seconds: seconds } = manifest.resources;
  return { fuel, deadlineMs: seconds * 1000, signal };
}

function answerOf(bytes: Uint8Array, id: string): string {
  const answer = jsonIn(bytes);
  if (isJsonObject(answer)) {
    const { ok, text, error } = answer;
    if (ok === true && typeof text === "string") return text;
    if (ok === false) throw new WeftError("invalid", `plugin ${id}: ${textOf(error)}`);
  }
  const expected = '{"ok":true,"text":…} or {"ok":false,"error":…}';
  throw new WeftError("invalid", `plugin ${id}: execute_tool: expected ${expected}. Mend the plugin`);
}

function textOf(error: unknown): string {
  return typeof error === "string" && error !== "" ? error.slice(0, 4096) : "it failed and does not say why";
}
