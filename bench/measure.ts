import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Sample {
  readonly ms: number;
  /** The most RAM the process held; bytes. */
  readonly peakBytes: number;
}

/** The program in `bench/NAME.rs`, made by rustc: what measures takes as little of the machine as it can. */
export function built(name: "launch" | "ready" | "model" | "chats"): string {
  const path = join(mkdtempSync(join(tmpdir(), "weft-bench-")), name);
  const made = spawnSync("rustc", ["--edition=2024", "-O", "-o", path, `bench/${name}.rs`], { stdio: "inherit" });
  if (made.status !== 0) throw new Error(`bench/${name}.rs could not be compiled: the benchmark needs Rust`);
  return path;
}

/** The commands in turn, A B A B, so that a machine that slows down slows down all. */
export function inTurn(
  launcher: string,
  commands: readonly { readonly command: readonly string[]; readonly env: Record<string, string> }[],
  rounds: number,
): Sample[] {
  const input = commands
    .map(({ command, env }) => [env["HOME"] ?? "/", env["PATH"] ?? "", ...command].join("\x1f"))
    .join("\n");
  const done = spawnSync(launcher, [`${rounds}`], { input, stdio: ["pipe", "pipe", "inherit"], encoding: "utf8" });
  if (done.status !== 0) throw new Error("a measured command failed");
  const runs = done.stdout
    .trim()
    .split("\n")
    .map((line) => line.split(" ").map(Number));
  return commands.map((_, command) => {
    const own = runs.filter(([index]) => index === command);
    return { ms: median(own.map(([, ms = 0]) => ms)), peakBytes: median(own.map(([, , bytes = 0]) => bytes)) };
  });
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
