import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

export interface Sample {
  readonly ms: number;
  /** The most RAM the process held, as far as seen; bytes. */
  readonly peakBytes: number;
}

/** One whole process, from start to end. */
export function runOnce(command: readonly string[], env: Record<string, string>): Promise<Sample> {
  const [file = "", ...args] = command;
  const began = performance.now();
  const child = spawn(file, args, { env, stdio: ["ignore", "ignore", "inherit"] });
  let peakBytes = 0;
  const watch = setInterval(() => {
    peakBytes = Math.max(peakBytes, memoryOf(child.pid ?? 0, "VmHWM"));
  }, 3);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => {
      clearInterval(watch);
      if (code === 0) resolve({ ms: performance.now() - began, peakBytes });
      else reject(new Error(`${command.join(" ")} ended with ${code}`));
    });
  });
}

/** The commands in turn, A B A B, so that a machine that slows down slows down all. */
export async function inTurn(
  commands: readonly { readonly command: readonly string[]; readonly env: Record<string, string> }[],
  rounds: number,
): Promise<Sample[]> {
  const samples = commands.map((): Sample[] => []);
  for (let round = -1; round < rounds; round++) {
    for (const [i, { command, env }] of commands.entries()) {
      const sample = await runOnce(command, env);
      if (round >= 0) samples[i]?.push(sample);
    }
  }
  return samples.map((list) => ({
    ms: median(list.map(({ ms }) => ms)),
    peakBytes: median(list.map(({ peakBytes }) => peakBytes)),
  }));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Bytes, from /proc; 0 where there is none (or the process has ended). */
export function memoryOf(pid: number, field: "VmHWM" | "VmRSS"): number {
  try {
    const kilobytes = new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}
