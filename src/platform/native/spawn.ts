import type { Exit, Sandbox, SpawnOptions } from "../../core/platform.ts";
import { foldersOnTheWay } from "../shared/sandbox.ts";
import { spawnError } from "../shared/spawn-error.ts";
import { type HostChild, type HostSandbox, host } from "./host.ts";

/** From TERM to KILL, milliseconds. */
const graceMs = 2000;
/** How long a pipe that a grandchild still holds may stay open after the child has ended, milliseconds. */
const lingerMs = 250;

const SIGKILL = 9;
const SIGTERM = 15;

/** signal(7), on Linux. */
const signalNames: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  5: "SIGTRAP",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  10: "SIGUSR1",
  11: "SIGSEGV",
  12: "SIGUSR2",
  13: "SIGPIPE",
  14: "SIGALRM",
  15: "SIGTERM",
  24: "SIGXCPU",
  25: "SIGXFSZ",
  31: "SIGSYS",
};

/** See `Platform.spawn`. */
export async function spawnChild(command: readonly string[], options: SpawnOptions): Promise<Exit> {
  const { signal } = options;
  signal.throwIfAborted();
  const child = start(command, options);
  let killLater: ReturnType<typeof setTimeout> | undefined;
  const abort = () => {
    child.kill(SIGTERM);
    killLater = setTimeout(() => child.kill(SIGKILL), graceMs);
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    const [code, number] = await child.exited();
    const linger = setTimeout(() => {
      child.kill(SIGKILL);
      child.destroy();
    }, lingerMs);
    await child.closed();
    clearTimeout(linger);
    if (signal.aborted) child.kill(SIGKILL);
    return code >= 0 ? { code } : { signal: signalNames[number] ?? `SIG${number}` };
  } finally {
    signal.removeEventListener("abort", abort);
    clearTimeout(killLater);
  }
}

function start(
  [file = "", ...args]: readonly string[],
  { cwd, env, stdin, onOutput, sandbox }: SpawnOptions,
): HostChild {
  try {
    return host.spawn(
      {
        file: searched(file, env),
        args: args.map((word) => word.toWellFormed()),
        cwd,
        env: Object.entries(env).flat(),
        sandbox: sandbox && wellFormed(sandbox),
        stdin: typeof stdin === "string" ? stdin.toWellFormed() : (stdin ?? null),
      },
      (stream, bytes) => onOutput(stream === 1 ? "stdout" : "stderr", bytes),
    );
  } catch (thrown) {
    throw spawnError(thrown as Error, file, cwd);
  }
}

function wellFormed(sandbox: Sandbox): HostSandbox {
  const { read, write, hide, readOnly } = sandbox;
  const plain = (paths: readonly string[]) => paths.map((path) => path.toWellFormed());
  const pin = plain(foldersOnTheWay(sandbox));
  return { ...sandbox, read: plain(read), write: plain(write), hide: plain(hide), readOnly: plain(readOnly), pin };
}

/** A bare name is looked for in the child's own PATH, as on Node. */
function searched(file: string, env: Readonly<Record<string, string>>): string {
  if (file.includes("/")) return file;
  const folders = (env["PATH"] ?? "").split(":").filter((folder) => folder !== "");
  return folders.map((folder) => `${folder}/${file}`).find((path) => host.access(path, 1)) ?? file;
}
