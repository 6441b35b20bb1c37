import { WeftError } from "../../core/error.ts";
import type { Platform } from "../../core/platform.ts";
import { errnoOf } from "../shared/file-system.ts";
import { posixFiles } from "../shared/files.ts";
import { proxyOf, withoutSecret } from "../shared/proxy.ts";
import { nativeCrypto } from "./crypto.ts";
import { nativeFetch } from "./fetch.ts";
import { nativeFileSystem } from "./file-system.ts";
import { host } from "./host.ts";
import { nativeLocks } from "./lock.ts";
import { nativeTerminal } from "./terminal.ts";
import { setUncaughtListener } from "./uncaught.ts";

/** The platform of the native engine. */
export function nativePlatform(): Platform {
  const { env, startGuest } = host;
  const fs = nativeFileSystem();
  return {
    name: "native",
    files: posixFiles(fs, nativeLocks(fs), async (path, changed) => host.watch(path.toWellFormed(), changed)),
    terminal: nativeTerminal(),
    env,
    args: host.args,
    cwd: host.cwd,
    pid: host.pid,
    uid: host.uid,
    engine: host.engine,
    now: () => Date.now(),
    monotonic: () => host.monotonic(),
    randomBytes: (count) => host.randomBytes(count),
    crypto: nativeCrypto,
    residentBytes: () => host.residentBytes(),
    fetch: nativeFetch(env),
    resolve,
    proxyFor(url) {
      const proxy = proxyOf(new URL(url), env);
      return proxy && withoutSecret(proxy);
    },
    spawn: async (command, options) => await (await import("./spawn.ts")).spawnChild(command, options),
    sandbox: async () => (await import("./sandbox.ts")).nativeSandbox(),
    connect: async (options) => await (await import("./connection.ts")).connect(options, env),
    webSocket: async (url, options) => await (await import("./socket.ts")).openSocket(url, { env, ...options }),
    serve: async (options, handlers) => await (await import("./serve.ts")).serveHttp(options, handlers),
    ...(startGuest && { wasm: async () => (await import("./wasm.ts")).nativeWasm(startGuest) }),
    onSignal: signals(),
    onUncaught: setUncaughtListener,
  };
}

async function resolve(name: string): Promise<string[]> {
  try {
    return await host.resolve(name);
  } catch (error) {
    const code = errnoOf(error);
    if (code === "ENOTFOUND") throw new WeftError("missing", `${name}: no such host`, { cause: error });
    throw new WeftError("unavailable", `${name}: DNS lookup failed (${code})`, { cause: error });
  }
}

function signals(): Platform["onSignal"] {
  const listeners = new Set<(signal: "stop" | "reload") => void>();
  let isWatching = false;
  return (listener) => {
    listeners.add(listener);
    if (!isWatching) {
      isWatching = true;
      host.onSignal((name) => {
        if (listeners.size === 0 && name !== "SIGHUP") host.exit(name === "SIGINT" ? 130 : 143);
        for (const each of [...listeners]) each(name === "SIGHUP" ? "reload" : "stop");
      });
    }
    return () => void listeners.delete(listener);
  };
}
