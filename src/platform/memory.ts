import type { Crypto } from "../core/crypto.ts";
import { WeftError } from "../core/error.ts";
import type { Fetch, HttpHandler, Platform, SandboxSupport, Terminal } from "../core/platform.ts";
import { type DiskFaults, type MemoryFiles, memoryFiles } from "./memory-files.ts";

export interface MemoryPlatformOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly args?: readonly string[];
  readonly fetch?: Fetch;
  readonly resolve?: Platform["resolve"];
  readonly spawn?: Platform["spawn"];
  readonly sandbox?: SandboxSupport;
  readonly serve?: (handler: HttpHandler) => void;
  readonly terminal?: Partial<Terminal>;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

export interface MemoryPlatform extends Platform {
  readonly files: MemoryFiles;
  readonly faults: DiskFaults;
  /** What was written to the terminal. */
  readonly written: { out: string; error: string };
}

/** A machine in RAM for tests: a disk that can fail, and a network, children and terminal as the test says. */
export function memoryPlatform(options: MemoryPlatformOptions = {}): MemoryPlatform {
  const faults: DiskFaults = { diskFull: false, readOnly: false };
  const written = { out: "", error: "" };
  const now = options.now ?? (() => 1_700_000_000_000);
  let ticks = 0;
  return {
    name: "memory",
    files: memoryFiles(faults, now),
    faults,
    written,
    terminal: { ...terminal(written), ...options.terminal },
    env: options.env ?? {},
    args: options.args ?? [],
    cwd: "/",
    pid: 1,
    uid: 0,
    engine: "memory",
    now,
    monotonic: () => ticks++,
    randomBytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(Math.random() * 256)),
    crypto: noCrypto,
    residentBytes: () => 0,
    fetch: options.fetch ?? (async (url) => absent(`a network for ${url}`)),
    resolve: options.resolve ?? (async (host) => absent(`DNS for ${host}`)),
    proxyFor: () => undefined,
    spawn: options.spawn ?? (async ([file]) => absent(`a program ${file}`)),
    sandbox: async () => options.sandbox ?? noSandbox,
    connect: async ({ host }) => absent(`a network for ${host}`),
    webSocket: async (url) => absent(`a network for ${url}`),
    serve: async ({ port }, { request }) => {
      if (!options.serve) return absent("a way to serve");
      options.serve(request);
      return { port, close: async () => {} };
    },
    onSignal: () => () => {},
    onUncaught: () => {},
  };
}

const noSandbox: SandboxSupport = {
  files: false,
  network: false,
  limits: false,
  newFiles: false,
  name: "",
  missing: "a machine in memory has no kernel",
};

function absent(what: string): never {
  throw new WeftError("unavailable", `this test gave no ${what}`);
}

const noCrypto: Crypto = {
  hash: () => absent("cryptography"),
  stretch: async () => absent("cryptography"),
  hmac: () => absent("cryptography"),
  equal: () => absent("cryptography"),
  seal: () => absent("cryptography"),
  open: () => absent("cryptography"),
  ed25519: {
    publicKey: () => absent("cryptography"),
    sign: () => absent("cryptography"),
    verify: () => absent("cryptography"),
  },
};

function terminal(written: { out: string; error: string }): Terminal {
  return {
    inputIsTerminal: false,
    outputIsTerminal: false,
    errorIsTerminal: false,
    columns: 80,
    out: async (text) => {
      written.out += text;
    },
    error: async (text) => {
      written.error += text;
    },
    readAll: async () => "",
    readSecret: async () => "",
    readLines: () => ({ next: async () => undefined, close: () => {} }),
  };
}
