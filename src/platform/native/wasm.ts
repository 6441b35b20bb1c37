import { WeftError } from "../../core/error.ts";
import type { WasmEngine, WasmGuest, WasmLimits, WasmOptions } from "../../core/wasm.ts";
import { wasmError } from "../shared/wasm-error.ts";
import type { HostGuest, host } from "./host.ts";

/** See `core/wasm.ts`; wasmi in the host counts the fuel. */
export function nativeWasm(startGuest: NonNullable<typeof host.startGuest>): WasmEngine {
  return {
    async start(module, options) {
      const { memoryBytes, tableElements, imports, limits } = options;
      // A module given to us must not change while another thread compiles it: the host takes a copy.
      const starting = startGuest(module, { memoryBytes, tableElements, imports, limits }, answerOf(options));
      return guestOf(await starting.catch(fail(limits)));
    },
  };
}

function answerOf(options: WasmOptions) {
  return async (name: string, request: Uint8Array) => await options.host(name, request);
}

function guestOf(guest: HostGuest): WasmGuest {
  return {
    async call(name, input, limits) {
      const { signal } = limits;
      if (signal?.aborted) throw WeftError.from(signal.reason);
      const abort = () => guest.stop();
      signal?.addEventListener("abort", abort, { once: true });
      try {
        return await guest.call(name, input, limits).catch(fail(limits));
      } finally {
        signal?.removeEventListener("abort", abort);
      }
    },
    async close() {
      guest.stop();
    },
  };
}

function fail(limits: WasmLimits): (thrown: unknown) => never {
  return (thrown) => {
    throw wasmError(thrown, limits);
  };
}
