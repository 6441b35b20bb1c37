import { type ErrorCode, WeftError } from "../../core/error.ts";
import type { WasmLimits } from "../../core/wasm.ts";
import { errnoOf } from "./file-system.ts";

/** What ended a guest, in the words of `core/wasm.ts`. */
export function wasmError(thrown: unknown, { fuel, deadlineMs, signal }: WasmLimits): WeftError {
  if (thrown instanceof WeftError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const [code, text] = meaning(errnoOf(thrown) ?? "", { message, fuel, deadlineMs });
  if (code === "aborted" && signal?.aborted) return WeftError.from(signal.reason);
  return new WeftError(code, text, { cause: thrown });
}

function meaning(
  code: string,
  { message, fuel, deadlineMs }: { readonly message: string; readonly fuel: number; readonly deadlineMs: number },
): [ErrorCode, string] {
  switch (code) {
    case "ERR_WASM_INVALID":
      return ["invalid", `the module cannot be used: ${message}`];
    case "ERR_WASM_EXPORT":
      return ["missing", message];
    case "ERR_WASM_FUEL":
      return ["limit", `the guest used up its fuel (${fuel})`];
    case "ERR_WASM_DEADLINE":
      return ["timeout", `the guest did not end within ${deadlineMs} ms`];
    case "ERR_ABORTED":
      return ["aborted", "the guest was stopped"];
    default:
      return ["invalid", `the guest failed: ${message}`];
  }
}
