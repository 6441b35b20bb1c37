import type { Connection, ConnectOptions, Socket, SocketOptions } from "./connection.ts";
import type { Crypto } from "./crypto.ts";
import type { WasmEngine } from "./wasm.ts";

/**
 * What the outside world is, beyond the web globals of `globals.d.ts`. Small, since each member is written
 * once per engine; `test/contracts/platform.ts` holds all of them to the same behaviour.
 */
export interface Platform {
  readonly name: "node" | "native" | "memory";
  readonly files: Files;
  readonly terminal: Terminal;
  /** The process's environment; an empty variable counts as unset. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The arguments after the program's name. */
  readonly args: readonly string[];
  /** Absolute path of the working directory. */
  readonly cwd: string;
  readonly pid: number;
  /** Numeric user id; -1 where the system has none. */
  readonly uid: number;
  /** The engine and its version, for `status`. */
  readonly engine: string;
  /** Unix milliseconds. */
  now(): number;
  /** Milliseconds from an arbitrary start, never going back. */
  monotonic(): number;
  randomBytes(count: number): Uint8Array;
  readonly crypto: Crypto;
  /** Bytes of RAM in use by this process. */
  residentBytes(): number;
  /** Every way out to HTTP. Does not follow redirects; honours HTTPS_PROXY, HTTP_PROXY and NO_PROXY. */
  fetch: Fetch;
  /** All addresses of a host; `missing` when it has none, `unavailable` when resolving fails. */
  resolve(host: string): Promise<string[]>;
  /** Whether a request to this URL would go through a proxy, and which (without its password). */
  proxyFor(url: string): string | undefined;
  /** Absent where the build leaves the feature `wasm-plugins` out. */
  wasm?(): Promise<WasmEngine>;
  spawn(command: readonly string[], options: SpawnOptions): Promise<Exit>;
  /** What this system offers to hold children back; found out with the first question. */
  sandbox(): Promise<SandboxSupport>;
  /** A connection of TCP or TLS; through a proxy where the variables say so. Errors as `fetch` has them. */
  connect(options: ConnectOptions): Promise<Connection>;
  /** A WebSocket to a `ws:` or `wss:` URL; proxies and errors as with `fetch`. */
  webSocket(url: string, options?: SocketOptions): Promise<Socket>;
  /** Resolves when it listens; `conflict` when the port is taken, `refused` when it may not be used. */
  serve(options: ServeOptions, handlers: Handlers): Promise<HttpServer>;
  /** SIGTERM and SIGINT as `stop`, SIGHUP as `reload`; returns what ends the subscription. */
  onSignal(listener: (signal: "stop" | "reload") => void): () => void;
  /** What nobody caught; without a listener the process ends. */
  onUncaught(listener: (thrown: unknown) => void): void;
}

export interface FetchOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
  /** Connect to this IP address instead of resolving the host; TLS and `Host` still use the host's name. */
  readonly address?: string;
  /** Time to a usable connection (DNS, TCP, proxy, TLS), milliseconds. */
  readonly connectTimeoutMs?: number;
}

/** Throws WeftError: `unavailable` naming what failed (DNS, TCP, TLS, proxy) and the host, `timeout`, `aborted`. */
export type Fetch = (url: string, options?: FetchOptions) => Promise<Fetched>;

export type Fetched = Response & Readable;

/** A response or a request. */
export interface Readable {
  readonly body: ReadableStream<Uint8Array> | null;
  /** The body without a web stream around it, where the engine has that and nobody asked for `body` yet. */
  direct?(): Pieces | undefined;
}

/** Bytes as they come. */
export interface Pieces {
  /** Null at the end. */
  read(): Promise<Uint8Array | null>;
  /** Ends the connection when it was not read to its end; after the end it does nothing. */
  cancel(): void;
}

export interface SpawnOptions {
  readonly cwd: string;
  /** The child's whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Aborting kills the whole process group: TERM, then KILL after 2 s. */
  readonly signal: AbortSignal;
  readonly stdin?: string | Uint8Array;
  /** Called as output arrives; what it does not keep is gone, the child never blocks on it. */
  readonly onOutput: (stream: "stdout" | "stderr", bytes: Uint8Array) => void;
  /** Holds the child and all it starts back, as far as `Platform.sandbox` says that can be done. */
  readonly sandbox?: Sandbox;
}

/** Paths are absolute, a folder stands for all in it, and what is not there is passed over. */
export interface Sandbox {
  /** What the child may read, and run programs from. */
  readonly read: readonly string[];
  /** What it may change as well. */
  readonly write: readonly string[];
  /** What it may not see, though it lies in one of those. */
  readonly hide: readonly string[];
  /** What it may read there, but not change. */
  readonly readOnly: readonly string[];
  readonly network: boolean;
  readonly limits: Limits;
}

/** Of each process but where it says otherwise; absent = no limit of ours. */
export interface Limits {
  /** What it writes to in memory, beside files. */
  readonly memoryBytes?: number;
  /** Of all processes that the user has, threads counted. */
  readonly processes?: number;
  /** The longest file it may write. */
  readonly fileBytes?: number;
  readonly openFiles?: number;
  readonly cpuSeconds?: number;
}

/** What a sandbox does here. */
export interface SandboxSupport {
  /** Keeps children from files that they were not given. */
  readonly files: boolean;
  /** Keeps those from the network that shall have none. */
  readonly network: boolean;
  readonly limits: boolean;
  /** Whether new files can be made in a folder in which something is hidden, too. */
  readonly newFiles: boolean;
  /** For people, like `Landlock ABI 7 + seccomp + limits`; empty when there is none. */
  readonly name: string;
  /** What is missing and what to do about it; absent when nothing is. */
  readonly missing?: string;
}

export interface Exit {
  /** Absent when a signal ended it. */
  readonly code?: number;
  /** For example `SIGKILL`. */
  readonly signal?: string;
}

export interface ServeOptions {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
}

export interface Handlers {
  readonly request: HttpHandler;
  /** Asked when a client wants a WebSocket; without it such requests are refused with 426. */
  readonly socket?: SocketHandler;
}

/** What takes the socket, or the response that refuses it. */
export type SocketHandler = (
  request: Request,
  remote: string,
) => Response | ((socket: Socket) => void) | Promise<Response | ((socket: Socket) => void)>;

/** `remote` is the peer's IP address. The request's `signal` aborts when the client goes away. */
export type HttpHandler = (request: Request, remote: string) => Response | Promise<Response>;

export interface HttpServer {
  readonly port: number;
  /** Stops taking connections at once; resolves when the running ones ended or `withinMs` passed (then cuts them). */
  close(withinMs: number): Promise<void>;
}

export interface FileStat {
  readonly kind: "file" | "directory" | "link" | "other";
  readonly bytes: number;
  /** Unix milliseconds. */
  readonly modifiedAt: number;
  /** Permission bits, for example 0o600. */
  readonly mode: number;
  readonly uid: number;
}

export interface DirEntry {
  readonly name: string;
  readonly kind: FileStat["kind"];
}

export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export interface WriteHow {
  readonly mode?: number;
  /** True: whole or not at all, but after a loss of power perhaps the old content; for what means nothing then. */
  readonly passing?: boolean;
}

/** Files that can be read and changed under one meaning of "path"; see `Files` and `confined`. */
export interface FileTree {
  /** At most `range.length` bytes from `range.offset`; all without a range. */
  read(path: string, range?: ByteRange): Promise<Uint8Array>;
  /** Whole or not at all, on the disk when it resolves; a new file gets `mode` (0600), an old one keeps its own. */
  write(path: string, bytes: Uint8Array, how?: WriteHow): Promise<void>;
  /** Follows links. Undefined when there is nothing. */
  stat(path: string): Promise<FileStat | undefined>;
  /** Sorted by name; links are not followed. `missing` without the directory. */
  list(path: string): Promise<DirEntry[]>;
  /** With its parents, each 0700. No error when it is there. */
  makeDirectory(path: string): Promise<void>;
}

/**
 * All errors are WeftErrors that name the path: `missing`, `refused` (with uid and mode), `full` (no space or
 * read-only), `conflict` (it exists), `invalid` (a directory where a file was wanted, or the reverse).
 */
export interface Files extends FileTree {
  /** Creates the file with 0600 if needed. */
  append(path: string): Promise<Appender>;
  /** Like `write`, but `conflict` when the file is there. */
  create(path: string, bytes: Uint8Array): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Cuts a file to its first `bytes` bytes, on the disk when it resolves. */
  truncate(path: string, bytes: number): Promise<void>;
  /** A file or a whole directory; false when it was not there. */
  remove(path: string): Promise<boolean>;
  realPath(path: string): Promise<string>;
  /** Permission bits of a file or directory; a link is `invalid`, so that nobody can swap one in. */
  setMode(path: string, mode: number): Promise<void>;
  /**
   * Calls back soon after the file, or what lies directly in the directory, was changed, replaced or removed; several
   * changes may be one call. Returns what ends it. `missing` when it is not there.
   */
  watch(path: string, changed: () => void): Promise<() => void>;
  /** Undefined when another process holds it; the kernel gives it back when this one ends, however it ends. */
  lock(path: string): Promise<Lock | undefined>;
  /**
   * Paths relative to `root` (absolute ones inside it too); nothing outside is read or changed, whatever links
   * lead there and whoever swaps them meanwhile: `refused`, "path escapes workspace: P". What lies in one of the
   * `hidden` folders of the root, or is one of these files, counts as outside.
   */
  confined(root: string, hidden?: readonly string[]): FileTree;
}

/** One writer's end of a file; calls in order. */
export interface Appender {
  /** All bytes or, after an error, none that count: the file is cut back to where it was. */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when everything written is on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface Lock {
  release(): Promise<void>;
}

export interface Terminal {
  readonly inputIsTerminal: boolean;
  readonly outputIsTerminal: boolean;
  readonly errorIsTerminal: boolean;
  /** Characters in a line; 80 where unknown. */
  readonly columns: number;
  /** Resolves when the text has left the process; a closed pipe is `aborted`. */
  out(text: string): Promise<void>;
  error(text: string): Promise<void>;
  /** All of standard input, for a prompt that is piped in; `invalid` over `limit` bytes. */
  readAll(limit: number): Promise<string>;
  /** A line that is typed unseen, on a terminal; `aborted` by Ctrl-C or the end of input. */
  readSecret(prompt: string): Promise<string>;
  /** A line editor; one at a time. */
  readLines(options: LineOptions): LineReader;
}

export interface LineOptions {
  readonly history: readonly string[];
  complete(line: string): readonly string[];
  /** Sees each line when it is typed, also while nobody waits for one; true: it is dealt with, `next` will not give it. */
  intercept(line: string): boolean;
  /** Ctrl-C. */
  onInterrupt(): void;
}

export interface LineReader {
  /** Shows the prompt on standard error; undefined at the end of input. */
  next(prompt: string): Promise<string | undefined>;
  close(): void;
}
