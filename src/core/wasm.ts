/**
 * Runs guests: WebAssembly modules that may do nothing but compute and call what they are given.
 *
 * The ABI (docs/plugins.md): a guest exports `memory`, `weft_alloc(length: i32) -> i32`, and functions
 * `(pointer: i32, length: i32) -> i64` that take bytes and give bytes: `pointer << 32 | length`, in its own memory, 0 for
 * none. What it imports from module `weft` has the same shape; the answer lies in memory got from its `weft_alloc`. It may
 * import `env.abort(message, file, line, column)` as AssemblyScript has it: four i32, it traps. An export `_initialize`
 * or `_start` without parameters is called once at the start.
 */
export interface WasmEngine {
  /** Throws `invalid` when it is no module, imports anything else, lacks an export of the ABI, or asks for too much. */
  start(module: Uint8Array, options: WasmOptions): Promise<WasmGuest>;
}

export interface WasmOptions {
  /** Bytes of all its memories together. */
  readonly memoryBytes: number;
  /** Elements of each of its tables. */
  readonly tableElements: number;
  /** Names of the functions in module `weft`. */
  readonly imports: readonly string[];
  /** For `_initialize`, as for a call. */
  readonly limits: WasmLimits;
  /** Answers a guest's call, which waits. What is thrown traps the guest with these words. */
  host(name: string, request: Uint8Array): Promise<Uint8Array>;
}

export interface WasmLimits {
  /** Instructions, about; where an engine cannot count them the deadline stands for it. */
  readonly fuel: number;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

export interface WasmGuest {
  /**
   * Calls an export with bytes. Throws `missing` when there is no such export, `timeout` after the deadline, `limit`
   * when the fuel is used up, `invalid` on a trap or a pointer outside its memory, `aborted` by the signal; after any but
   * the first the guest is dead and every call throws. One call at a time.
   */
  call(name: string, input: Uint8Array, limits: WasmLimits): Promise<Uint8Array>;
  close(): Promise<void>;
}
