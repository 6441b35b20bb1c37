import { spawn } from "node:child_process";
import type { Exit, SpawnOptions } from "../../core/platform.ts";
import { errnoOf } from "../shared/file-system.ts";
import { spawnError } from "../shared/spawn-error.ts";

/** From TERM to KILL, milliseconds. */
const graceMs = 2000;
/** How long a pipe that a grandchild still holds may stay open after the child has ended, milliseconds. */
const lingerMs = 250;

/** See `Platform.spawn`. The child leads a process group of its own, so that all it starts can be ended with it. */
export function spawnChild(command: readonly string[], options: SpawnOptions): Promise<Exit> {
  options.signal.throwIfAborted();
  const [file = "", ...args] = command;
  const { cwd, env, signal } = options;
  const child = spawn(file, args, { cwd, env, detached: true, stdio: ["pipe", "pipe", "pipe"] });
  const kill = (name: NodeJS.Signals) => killGroup(child.pid, name);
  let killLater: ReturnType<typeof setTimeout> | undefined;
  const abort = () => {
    kill("SIGTERM");
    killLater = setTimeout(() => kill("SIGKILL"), graceMs);
  };
  signal.addEventListener("abort", abort, { once: true });
  child.stdout.on("data", (bytes: Buffer) => options.onOutput("stdout", bytes));
  child.stderr.on("data", (bytes: Buffer) => options.onOutput("stderr", bytes));
  // A child may end, or close its input, before it has read all of it.
  child.stdin.on("error", () => child.stdin.destroy());
  child.stdin.end(options.stdin);
  return new Promise((resolve, reject) => {
    const settle = (result: () => void) => {
      signal.removeEventListener("abort", abort);
      clearTimeout(killLater);
      result();
    };
    child.on("error", (error) => settle(() => reject(spawnError(error, file, cwd))));
    child.on("exit", () => {
      const linger = setTimeout(() => {
        kill("SIGKILL");
        child.stdout.destroy();
        child.stderr.destroy();
      }, lingerMs);
      child.on("close", (code, name) => {
        clearTimeout(linger);
        if (signal.aborted) kill("SIGKILL");
        settle(() => resolve({ ...(code !== null && { code }), ...(name !== null && { signal: name }) }));
      });
    });
  });
}

function killGroup(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch (error) {
    // ESRCH: all of the group has ended.
    if (errnoOf(error) !== "ESRCH") throw error;
  }
}
