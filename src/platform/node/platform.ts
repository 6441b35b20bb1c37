import { randomBytes } from "node:crypto";
import { WeftError } from "../../core/error.ts";
import type { Fetch, Platform } from "../../core/platform.ts";
import { errnoOf } from "../shared/file-system.ts";
import { proxyOf, withoutSecret } from "../shared/proxy.ts";
import { nodeCrypto } from "./crypto.ts";
import { nodeFiles } from "./files.ts";
import { nodeTerminal } from "./terminal.ts";

/** Put in by the build. */
declare const WEFT_WASM_PLUGINS: boolean;

/** The platform of this Node process. What costs time to load (HTTP, TLS, DNS, children) loads when first used. */
export function nodePlatform(): Platform {
  const env = { ...process.env };
  let loadedFetch: Promise<Fetch> | undefined;
  return {
    name: "node",
    files: nodeFiles(),
    terminal: nodeTerminal(),
    env,
    args: process.argv.slice(2),
    cwd: process.cwd(),
    pid: process.pid,
    uid: process.getuid?.() ?? -1,
    engine: `Node ${process.versions.node}`,
    now: () => Date.now(),
    monotonic: () => performance.now(),
    randomBytes: (count) => new Uint8Array(randomBytes(count)),
    crypto: nodeCrypto,
    residentBytes: () => process.memoryUsage.rss(),
    async fetch(url, options) {
      loadedFetch ??= import("./fetch.ts").then(({ nodeFetch }) => nodeFetch(env));
      return await (await loadedFetch)(url, options);
    },
    resolve,
    proxyFor(url) {
      const proxy = proxyOf(new URL(url), env);
      return proxy && withoutSecret(proxy);
    },
    spawn: async (command, options) => {
      const { spawnChild } = await import("./spawn.ts");
      if (!options.sandbox) return await spawnChild(command, options);
      return await spawnChild((await import("./sandbox.ts")).sandboxed(command, options), options);
    },
    sandbox: async () => (await import("./sandbox.ts")).nodeSandbox(),
    connect: async (options) => await (await import("./connection.ts")).connect(options, env),
    webSocket: async (url, options) => await (await import("./socket.ts")).openSocket(url, { env, ...options }),
    serve: async (options, handlers) => (await import("./serve.ts")).serveHttp(options, handlers),
    ...(loadWasm && { wasm: async () => (await loadWasm()).nodeWasm() }),
    onSignal,
    onUncaught(listener) {
      process.on("uncaughtException", listener);
      process.on("unhandledRejection", listener);
    },
  };
}

/** The condition must stand here: a bundler drops an import only behind a constant. */
const loadWasm = typeof WEFT_WASM_PLUGINS === "undefined" || WEFT_WASM_PLUGINS ? () => import("./wasm.ts") : undefined;

async function resolve(host: string): Promise<string[]> {
  const { lookup } = await import("node:dns/promises");
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (error) {
    const code = errnoOf(error);
    if (code === "ENOTFOUND") throw new WeftError("missing", `${host}: no such host`, { cause: error });
    throw new WeftError("unavailable", `${host}: DNS lookup failed (${code})`, { cause: error });
  }
}

function onSignal(listener: (signal: "stop" | "reload") => void): () => void {
  const stop = () => listener("stop");
  const reload = () => listener("reload");
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  process.on("SIGHUP", reload);
  return () => {
    process.off("SIGTERM", stop);
    process.off("SIGINT", stop);
    process.off("SIGHUP", reload);
  };
}
