import { MessageChannel, Worker } from "node:worker_threads";
import { WeftError } from "../../core/error.ts";
import type { WasmEngine, WasmGuest, WasmLimits, WasmOptions } from "../../core/wasm.ts";
import { wasmError } from "../shared/wasm-error.ts";
import { cappedModule } from "./wasm-module.ts";
import type { FromWorker, HostAnswer, ToWorker, WorkerData } from "./wasm-worker.ts";

/** See `core/wasm.ts`. V8 counts no instructions: the deadline stands for the fuel. */
export function nodeWasm(): WasmEngine {
  return {
    async start(module, options) {
      const guest = startWorker(cappedModule(module, options), options);
      await guest.next(options.limits, "ready");
      return guestOf(guest);
    },
  };
}

interface Running {
  readonly worker: Worker;
  /** What the worker tells next; ends it when the limits are passed. */
  next<T extends FromWorker["type"]>(limits: WasmLimits, type: T): Promise<Extract<FromWorker, { type: T }>>;
  end(reason: WeftError): void;
}

function startWorker(module: Uint8Array<ArrayBuffer>, options: WasmOptions): Running {
  const { port1, port2 } = new MessageChannel();
  const answered = new Int32Array(new SharedArrayBuffer(4));
  const workerData: WorkerData = { module, imports: options.imports, answered, answers: port2 };
  const file = import.meta.url.endsWith(".ts") ? "./wasm-worker.ts" : "./wasm-worker.js";
  // The worker has no use for our environment, arguments or standard streams.
  const worker = new Worker(new URL(file, import.meta.url), {
    workerData,
    transferList: [port2],
    env: {},
    argv: [],
    execArgv: [],
    stdin: false,
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: 64, stackSizeMb: 4 },
  });
  worker.unref();
  port1.unref();
  const state: { ended: WeftError | undefined; settle: Settle | undefined } = { ended: undefined, settle: undefined };
  const end = (reason: WeftError) => {
    if (state.ended) return;
    state.ended = reason;
    port1.close();
    void worker.terminate();
    state.settle?.reject(reason);
  };
  const answer = async (name: string, request: Uint8Array) => {
    const result = await hostAnswer(options, name, request);
    if (state.ended) return;
    port1.postMessage(result);
    Atomics.add(answered, 0, 1);
    Atomics.notify(answered, 0);
  };
  worker.on("message", (message: FromWorker) => {
    if (message.type === "ask") void answer(message.name, message.request);
    else state.settle?.resolve(message);
  });
  worker.on("error", (error: Error) =>
    end(new WeftError("invalid", `the guest failed: ${error.message}`, { cause: error })),
  );
  worker.on("exit", () => end(new WeftError("invalid", "the guest failed: it has ended")));
  return {
    worker,
    end,
    async next(limits, type) {
      if (state.ended) throw new WeftError("invalid", "the guest failed: it has ended", { cause: state.ended });
      const told = await within(limits, state, end);
      if (told.type === type) return told as never;
      if (told.type !== "failed") throw new WeftError("internal", `a guest told ${told.type}, not ${type}`);
      const error = wasmError(Object.assign(new Error(told.message), { code: told.code }), limits);
      if (error.code !== "missing") end(error);
      throw error;
    },
  };
}

interface Settle {
  resolve(message: FromWorker): void;
  reject(reason: WeftError): void;
}

async function hostAnswer(options: WasmOptions, name: string, request: Uint8Array): Promise<HostAnswer> {
  try {
    return { bytes: await options.host(name, request) };
  } catch (thrown) {
    return { error: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

/** One message of the worker, or its end when time is up or somebody aborts. */
function within(
  limits: WasmLimits,
  state: { settle: Settle | undefined },
  end: (reason: WeftError) => void,
): Promise<FromWorker> {
  const { deadlineMs, signal } = limits;
  return new Promise((resolve, reject) => {
    const late = () => end(wasmError(Object.assign(new Error("late"), { code: "ERR_WASM_DEADLINE" }), limits));
    const timer = setTimeout(late, deadlineMs);
    const abort = () => end(WeftError.from(signal?.reason));
    const settled = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      state.settle = undefined;
    };
    state.settle = {
      resolve(message) {
        settled();
        resolve(message);
      },
      reject(reason) {
        settled();
        reject(reason);
      },
    };
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort, { once: true });
  });
}

function guestOf({ worker, next, end }: Running): WasmGuest {
  return {
    async call(name, input, limits) {
      const order: ToWorker = { name, input };
      const told = next(limits, "result");
      worker.postMessage(order);
      return (await told).bytes;
    },
    async close() {
      end(new WeftError("aborted", "the guest was closed"));
      await worker.terminate();
    },
  };
}
