import type { Sandbox } from "../../core/platform.ts";

/**
 * What the native engine gives, member by member as `host/src` implements it. Errors are `Error` with a `code`: a name
 * of errno(3), or `ERR_…`. Functions that may wait give a promise; `Soon` gives one only when it has to wait.
 */
export interface Host extends HostFiles, HostCrypto, HostText, HostTerminal {
  readonly args: string[];
  readonly env: Record<string, string>;
  readonly cwd: string;
  readonly pid: number;
  readonly uid: number;
  /** Name and version. */
  readonly engine: string;
  monotonic(): number;
  residentBytes(): number;
  /** What JavaScript holds. */
  heap(): [bytes: number, objects: number];
  collect(): void;
  exit(code: number): never;
  /** Loads one of the program's modules at once and gives its exports. */
  load(name: string): Record<string, unknown>;
  setTimer(callback: () => void, ms: number): number;
  clearTimer(id: number): void;
  onSignal(listener: (name: "SIGTERM" | "SIGINT" | "SIGHUP") => void): void;
  spawn(options: HostSpawn, output: (stream: 1 | 2, bytes: Uint8Array) => void): HostChild;
  /** Landlock's version or 0; 1: system calls can be filtered; 1: files can be covered. */
  sandbox(): [landlock: number, seccomp: number, cover: number];
  /** `ENOTFOUND`, `EAI_AGAIN`. */
  resolve(name: string): Promise<string[]>;
  connect(route: Route): Promise<HostConnection>;
  exchange(options: HostExchangeOptions): HostExchange;
  openSocket(options: HostSocketOptions): Promise<HostSocket>;
  listen(
    host: string,
    port: number,
    handler: (responder: HostResponder, method: string, target: string) => void,
  ): HostListener;
  /** Only with the feature `wasm-plugins`. `ERR_WASM_INVALID`, or as a call throws. */
  startGuest?(
    module: Uint8Array,
    options: HostGuestOptions,
    answer: (name: string, request: Uint8Array) => Promise<Uint8Array>,
  ): Promise<HostGuest>;
  /** href, origin, protocol, username, password, host, hostname, port, pathname, search, hash. */
  parseUrl(text: string, base: string | undefined): string[] | undefined;
  setUrl(href: string, part: string, value: string): string[] | undefined;
}

export type Soon<T> = T | Promise<T>;

/** mode, size, modified (ms), uid, gid, dev, ino. */
export type HostStat = readonly [number, number, number, number, number, number, number];

export interface HostFiles {
  readonly openFlags: Readonly<Record<string, number>>;
  openFile(path: string, flags: number, mode: number): number;
  closeFile(fd: number): boolean;
  readFile(fd: number, length: number, position: number): Soon<Uint8Array>;
  writeFile(fd: number, bytes: Uint8Array): Soon<number>;
  /** `whole`: fsync, else fdatasync. */
  syncFile(fd: number, whole: boolean): Promise<void>;
  statFile(fd: number): HostStat;
  truncateFile(fd: number, size: number): void;
  chmodFile(fd: number, mode: number): void;
  chownFile(fd: number, uid: number, gid: number): void;
  /** A write lock of this descriptor on a range of bytes; false when another has part of it. */
  lockFile(fd: number, start: number, length: number): boolean;
  stat(path: string): HostStat;
  lstat(path: string): HostStat;
  rename(from: string, to: string): void;
  link(from: string, to: string): void;
  unlink(path: string): void;
  readlink(path: string): string;
  realpath(path: string): string;
  mkdir(path: string, mode: number): void;
  /** name, kind, name, kind, ... */
  readdir(path: string): string[];
  access(path: string, bits: number): boolean;
  removeTree(path: string): Promise<void>;
  /** Gives what ends it. */
  watch(path: string, changed: () => void): () => void;
}

export interface HostCrypto {
  randomBytes(count: number): Uint8Array;
  hash(algorithm: string, bytes: Uint8Array): Uint8Array;
  /** PBKDF2-HMAC-SHA-256, 32 bytes. */
  stretch(password: Uint8Array, salt: Uint8Array, iterations: number): Promise<Uint8Array>;
  hmac(algorithm: string, key: Uint8Array, bytes: Uint8Array): Uint8Array;
  equal(a: Uint8Array, b: Uint8Array): boolean;
  seal(key: Uint8Array, nonce: Uint8Array, text: Uint8Array, extra: Uint8Array): Uint8Array;
  open(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, extra: Uint8Array): Uint8Array | null;
  ed25519Public(seed: Uint8Array): Uint8Array;
  ed25519Sign(seed: Uint8Array, bytes: Uint8Array): Uint8Array;
  ed25519Verify(key: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean;
}

export interface HostText {
  /** The text must be well-formed. */
  utf8(text: string): Uint8Array<ArrayBuffer>;
  decoder(fatal: boolean, keepBom: boolean): { decode(bytes: Uint8Array, more: boolean): string };
  btoa(binary: string): string | undefined;
  atob(base64: string): string | undefined;
}

export interface HostTerminal {
  isTerminal(fd: 0 | 1 | 2): boolean;
  /** 0 without a terminal. */
  columns(): number;
  /** All of it; calls must wait for one another. */
  put(fd: 1 | 2, text: string): Soon<void>;
  /** Empty at the end. */
  readInput(): Promise<Uint8Array>;
  setRaw(raw: boolean): void;
}

export interface HostSpawn {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** name, value, ... */
  readonly env: readonly string[];
  readonly stdin: string | Uint8Array | null;
  readonly sandbox: HostSandbox | undefined;
}

export interface HostSandbox extends Sandbox {
  /** Folders that keep their names. */
  readonly pin: readonly string[];
}

export interface HostChild {
  /** Exit code, or -1 and the number of a signal. Once. */
  exited(): Promise<[number, number]>;
  /** When both output streams have ended. */
  closed(): Promise<void>;
  /** Gives up the streams. */
  destroy(): void;
  kill(signal: number): void;
}

/** How to reach a server. */
export interface Route {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly address?: string | undefined;
  readonly proxy?: RouteProxy | undefined;
  /** Ask the proxy for a tunnel (CONNECT) instead of sending it requests in absolute form. */
  readonly tunnel: boolean;
  readonly timeoutMs?: number | undefined;
}

export interface RouteProxy {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly authorization?: string | undefined;
}

export interface HostConnection {
  /** Empty at the end. */
  read(): Promise<Uint8Array>;
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

export interface HostExchangeOptions {
  readonly route: Route;
  readonly method: string;
  readonly target: string;
  /** name, value, ... */
  readonly headers: readonly string[];
  readonly body: string | Uint8Array | null;
  /** Exchanges with the same key share connections. */
  readonly pool?: string | undefined;
}

export interface HostExchange {
  /** status, name, value, name, value, ... */
  send(): Promise<string[]>;
  /** Null at the end. `ERR_BODY` when it was cut. */
  read(): Promise<Uint8Array | null>;
  cancel(): void;
}

export interface HostSocketOptions {
  readonly route: Route;
  readonly url: string;
  readonly headers: readonly string[];
  /** Bytes of one message. */
  readonly most: number;
}

export interface HostSocket {
  send(message: string | Uint8Array): Promise<void>;
  /** At the end `[code, reason]`. */
  receive(): Promise<string | Uint8Array | [code: string, reason: string]>;
  close(code: number, reason: string): Promise<void>;
}

export interface HostListener {
  readonly port: number;
  close(withinMs: number): Promise<void>;
}

export interface HostGuestOptions {
  readonly memoryBytes: number;
  readonly tableElements: number;
  readonly imports: readonly string[];
  readonly limits: HostGuestLimits;
}

export interface HostGuestLimits {
  readonly fuel: number;
  readonly deadlineMs: number;
}

export interface HostGuest {
  /** `ERR_WASM_EXPORT`, `ERR_WASM_FUEL`, `ERR_WASM_DEADLINE`, `ERR_WASM_TRAP`, `ERR_ABORTED`. */
  call(name: string, input: Uint8Array, limits: HostGuestLimits): Promise<Uint8Array>;
  stop(): void;
}

export interface HostResponder {
  readonly peer: string;
  headers(): string[];
  header(name: string): string | undefined;
  answer(status: number, headers: readonly string[], body: string | Uint8Array | null): boolean;
  start(status: number, headers: readonly string[]): boolean;
  /** False when the client has gone. */
  write(piece: Uint8Array): Promise<boolean>;
  end(): void;
  /** Cuts the connection. */
  abandon(): void;
  /** True when the client has gone, false when it has its answer. */
  gone(): Promise<boolean>;
  read(): Promise<Uint8Array | null>;
  upgrade(most: number): Promise<HostSocket>;
}

interface Given {
  __host?: Host;
  __rejection?: (promise: object, reason: unknown, handled: boolean) => void;
}

const given = globalThis as Given;

function take(): Host {
  const { __host } = given;
  if (!__host) throw new Error("this program runs on the native engine only");
  delete given.__host;
  return __host;
}

export const host: Host = take();

/** The engine calls it when a promise is rejected unseen, and again when somebody looks after all. */
export function onRejection(listener: (promise: object, reason: unknown, handled: boolean) => void): void {
  given.__rejection = listener;
}
