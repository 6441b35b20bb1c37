import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The executable under test: `WEFT`, or the bundle that `npm test` has just built. */
export const command: readonly string[] = process.env["WEFT"]?.split(" ") ?? [process.execPath, "dist/node/weft.js"];

export interface Home {
  readonly path: string;
  readonly workspace: string;
  /** Writes `~/.clawft/config.json`; a string is written as it is. */
  configure(config: object | string): Promise<void>;
  remove(): Promise<void>;
}

export async function newHome(config?: object): Promise<Home> {
  if (process.env["WEFT"] === undefined && !existsSync("dist/node/weft.js")) {
    throw new Error("dist/node/weft.js is missing: run `npm run build` first");
  }
  const path = await mkdtemp(join(tmpdir(), "weft-"));
  const home: Home = {
    path,
    workspace: join(path, ".clawft", "workspace"),
    async configure(content) {
      await mkdir(join(path, ".clawft"), { recursive: true });
      const text = typeof content === "string" ? content : JSON.stringify(content);
      await writeFile(join(path, ".clawft", "config.json"), text, { mode: 0o600 });
    },
    remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }),
  };
  if (config) await home.configure(config);
  return home;
}

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  readonly ms: number;
}

export interface RunOptions {
  readonly env?: Record<string, string>;
  readonly input?: string;
  readonly cwd?: string;
  /** Another user; needs root. */
  readonly uid?: number;
  /** Instead of the executable under test. */
  readonly program?: readonly string[];
}

/** Runs to its end. Nothing of our own environment but PATH reaches it. */
export function weft(home: Home, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const began = performance.now();
  const child = start(home, args, options);
  let out = "";
  let err = "";
  child.stdout?.on("data", (bytes: Buffer) => (out += bytes.toString()));
  child.stderr?.on("data", (bytes: Buffer) => (err += bytes.toString()));
  child.stdin?.end(options.input ?? "");
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out, err, ms: performance.now() - began }));
  });
}

export function start(home: Home, args: readonly string[], options: RunOptions = {}): ChildProcess {
  const [file = "", ...first] = options.program ?? command;
  const env = { PATH: process.env["PATH"] ?? "", HOME: home.path, ...options.env };
  const child = spawn(file, [...first, ...args], {
    env,
    cwd: options.cwd ?? process.cwd(),
    stdio: ["pipe", "pipe", "pipe"],
    ...(options.uid !== undefined && { uid: options.uid, gid: options.uid }),
  });
  // A program that ends before it has read its input is what some tests are about.
  child.stdin?.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  return child;
}

export interface Gateway {
  readonly url: string;
  readonly token: string;
  readonly child: ChildProcess;
  /** What it wrote to standard error so far. */
  log(): string;
  /** Sends the signal and waits for the end; returns the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  post(body: object, headers?: Record<string, string>): Promise<Response>;
  get(path: string): Promise<Response>;
}

export const testToken = "test-token-0123456789abcdef";

/** A gateway on a free port, ready to serve. */
export async function gateway(home: Home, options: RunOptions = {}): Promise<Gateway> {
  const port = await freePort();
  const env = { CLAWFT_GATEWAY_TOKEN: testToken, CLAWFT__gateway__port: String(port), ...options.env };
  const child = start(home, ["gateway"], { ...options, env });
  let log = "";
  child.stderr?.on("data", (bytes: Buffer) => (log += bytes.toString()));
  child.stdout?.on("data", (bytes: Buffer) => (log += bytes.toString()));
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const url = `http://127.0.0.1:${port}`;
  await ready(url, child, () => log);
  const headers = { authorization: `Bearer ${testToken}` };
  return {
    url,
    token: testToken,
    child,
    log: () => log,
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      return await ended;
    },
    post: (body, more = {}) =>
      fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json", ...more },
        body: JSON.stringify(body),
      }),
    get: (path) => fetch(`${url}${path}`, { headers }),
  };
}

async function ready(url: string, child: ChildProcess, log: () => string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`the gateway ended with ${child.exitCode}: ${log()}`);
    const answer = await fetch(`${url}/readyz`).catch((error: unknown) => error);
    if (answer instanceof Response && answer.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`the gateway did not become ready: ${log()}`);
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") return reject(new Error("no port"));
      server.close(() => resolve(address.port));
    });
  });
}
