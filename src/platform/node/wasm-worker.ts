import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";

/** A guest in a worker: it may be ended at any time, and waits for the host without holding anybody else up. */

export interface WorkerData {
  readonly module: Uint8Array<ArrayBuffer>;
  readonly imports: readonly string[];
  /** Counts the host's answers; the worker waits for it to change. */
  readonly answered: Int32Array<SharedArrayBuffer>;
  readonly answers: MessagePort;
}

export type FromWorker =
  | { readonly type: "ready" }
  | { readonly type: "ask"; readonly name: string; readonly request: Uint8Array }
  | { readonly type: "result"; readonly bytes: Uint8Array }
  | { readonly type: "failed"; readonly code: string; readonly message: string };

export interface ToWorker {
  readonly name: string;
  readonly input: Uint8Array;
}

export interface HostAnswer {
  readonly bytes?: Uint8Array;
  readonly error?: string;
}

type Exports = Readonly<Record<string, unknown>>;

/** What of the JavaScript API of WebAssembly is used; Node's types have it for browsers only. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Exports };
  readonly Memory: new (...never: never[]) => { readonly buffer: ArrayBuffer };
  readonly CompileError: new (...never: never[]) => Error;
  readonly LinkError: new (...never: never[]) => Error;
};

class Failure extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const { module, imports, answered, answers } = workerData as WorkerData;
const port = parentPort as MessagePort;
const tell = (message: FromWorker) => port.postMessage(message);

attempt(() => {
  const guest = instantiate();
  tell({ type: "ready" });
  port.on("message", ({ name, input }: ToWorker) => {
    attempt(() => tell({ type: "result", bytes: call(guest, name, input) }));
  });
});

function attempt(task: () => void): void {
  try {
    task();
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    const invalid = thrown instanceof WebAssembly.CompileError || thrown instanceof WebAssembly.LinkError;
    const code = thrown instanceof Failure ? thrown.code : invalid ? "ERR_WASM_INVALID" : "ERR_WASM_TRAP";
    tell({ type: "failed", code, message });
  }
}

interface Guest {
  readonly exports: Exports;
  memory(): Uint8Array;
  alloc(length: number): number;
}

function instantiate(): Guest {
  let guest: Guest | undefined;
  const running = (): Guest => {
    if (guest) return guest;
    throw new Failure("ERR_WASM_TRAP", "it called the host before it was ready");
  };
  const weft = Object.fromEntries(
    imports.map((name) => [name, (at: number, length: number) => ask(running(), name, { at, length })]),
  );
  const abort = (...args: number[]) => giveUp(running(), args);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module), { weft, env: { abort } });
  guest = guestOf(instance.exports);
  for (const name of ["_initialize", "_start"]) {
    const begin = instance.exports[name];
    if (typeof begin === "function") begin();
  }
  return guest;
}

function guestOf(exports: Exports): Guest {
  const { memory, weft_alloc: alloc } = exports;
  if (!(memory instanceof WebAssembly.Memory)) throw new Failure("ERR_WASM_INVALID", "it exports no memory");
  if (typeof alloc !== "function") throw new Failure("ERR_WASM_INVALID", "it exports no weft_alloc");
  return {
    exports,
    memory: () => new Uint8Array(memory.buffer),
    alloc(length) {
      const pointer: unknown = alloc(length);
      if (typeof pointer !== "number") throw new Failure("ERR_WASM_INVALID", "weft_alloc must be (i32) -> i32");
      return pointer >>> 0;
    },
  };
}

function call(guest: Guest, name: string, input: Uint8Array): Uint8Array {
  const called = guest.exports[name];
  if (typeof called !== "function" || called.length !== 2) {
    throw new Failure("ERR_WASM_EXPORT", `it exports no function ${name}`);
  }
  const packed: unknown = called(give(guest, input), input.length);
  if (typeof packed !== "bigint") throw new Failure("ERR_WASM_EXPORT", `it exports no function ${name}`);
  const bits = BigInt.asUintN(64, packed);
  const [at, length] = [Number(bits >> 32n), Number(bits & 0xffff_ffffn)];
  return take(guest, { at, length }, "its result lies outside the memory");
}

interface Place {
  readonly at: number;
  readonly length: number;
}

function take(guest: Guest, { at, length }: Place, otherwise: string): Uint8Array {
  const memory = guest.memory();
  if (at + length > memory.length) throw new Failure("ERR_WASM_TRAP", otherwise);
  return memory.slice(at, at + length);
}

function give(guest: Guest, bytes: Uint8Array): number {
  const at = guest.alloc(bytes.length);
  const memory = guest.memory();
  if (at + bytes.length > memory.length) {
    throw new Failure("ERR_WASM_TRAP", "weft_alloc gave a pointer outside the memory");
  }
  memory.set(bytes, at);
  return at;
}

function ask(guest: Guest, name: string, { at, length }: Place): bigint {
  const place = { at: at >>> 0, length: length >>> 0 };
  const request = take(guest, place, `it called ${name} with a pointer outside its memory`);
  const before = Atomics.load(answered, 0);
  tell({ type: "ask", name, request });
  Atomics.wait(answered, 0, before);
  const { bytes, error } = (receiveMessageOnPort(answers)?.message ?? {}) as HostAnswer;
  if (!bytes) throw new Failure("ERR_WASM_TRAP", error ?? "the host gave no answer");
  if (bytes.length === 0) return 0n;
  return BigInt.asIntN(64, (BigInt(give(guest, bytes)) << 32n) | BigInt(bytes.length));
}

/** AssemblyScript's `abort(message, file, line, column)`; its texts are UTF-16 with their length in bytes before them. */
function giveUp(guest: Guest, [message = 0, file = 0, line = 0, column = 0]: readonly number[]): never {
  const text = (pointer: number): string => {
    const memory = guest.memory();
    const at = pointer >>> 0;
    if (at < 4 || at > memory.length) return "";
    const length = new DataView(memory.buffer).getUint32(at - 4, true);
    return new TextDecoder("utf-16le").decode(memory.slice(at, at + Math.min(length, 2000)));
  };
  throw new Failure("ERR_WASM_TRAP", `it gave up: ${text(message)} (${text(file)}:${line}:${column})`);
}
