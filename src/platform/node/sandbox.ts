import { spawnSync } from "node:child_process";
import { readFileSync, realpathSync, statSync } from "node:fs";
import type { Limits, Sandbox, SandboxSupport, SpawnOptions } from "../../core/platform.ts";
import { foldersOnTheWay } from "../shared/sandbox.ts";

/** The programs that hold a child back for us; Node itself cannot. */
export interface Tools {
  /** Its version. */
  readonly bwrap?: string;
  readonly prlimit: boolean;
}

let found: Tools | undefined;

/** Tried once: bubblewrap may be there and yet not allowed to make namespaces. */
export function sandboxTools(): Tools {
  found ??= { ...bubblewrap(), prlimit: runs("prlimit", "--nofile=64", "true") !== undefined };
  return found;
}

/** See `Platform.sandbox`. */
export function nodeSandbox(): SandboxSupport {
  const { bwrap, prlimit } = sandboxTools();
  const limits = prlimit ? ["limits"] : [];
  const hasFiles = bwrap !== undefined;
  return {
    files: hasFiles,
    network: hasFiles,
    limits: prlimit,
    newFiles: hasFiles,
    name: [...(hasFiles ? [`bwrap ${bwrap}`] : []), ...limits].join(" + "),
    ...(!hasFiles && { missing: "on Node this needs bubblewrap (bwrap) in PATH, and leave to make user namespaces" }),
  };
}

/** The command that runs this one within the sandbox. */
export function sandboxed(command: readonly string[], { sandbox, cwd }: SpawnOptions): readonly string[] {
  if (!sandbox) return command;
  const { bwrap, prlimit } = sandboxTools();
  const inner = bwrap === undefined ? command : ["bwrap", ...confinement(sandbox), "--chdir", cwd, "--", ...command];
  return prlimit ? ["prlimit", ...limitWords(sandbox.limits), "--", ...inner] : inner;
}

function bubblewrap(): Pick<Tools, "bwrap"> {
  const works = runs("bwrap", "--ro-bind", "/", "/", "--unshare-pid", "--unshare-net", "--proc", "/proc", "--", "true");
  const version = works === undefined ? undefined : runs("bwrap", "--version");
  return version === undefined ? {} : { bwrap: /\d[\d.]*/.exec(version)?.[0] ?? "" };
}

function runs(...[program = "", ...words]: string[]): string | undefined {
  const { status, stdout } = spawnSync(program, words, { encoding: "utf8", timeout: 5000 });
  return status === 0 ? stdout : undefined;
}

function confinement(sandbox: Sandbox): string[] {
  const { read, write, hide, readOnly, network } = sandbox;
  const places = [
    ...read.filter((path) => !/^\/(dev|proc)(\/|$)/.test(path)).map((path) => ["--ro-bind-try", path, path]),
    ...write.filter((path) => !path.startsWith("/dev/")).map((path) => ["--bind-try", path, path]),
  ];
  // What lies in another comes after it.
  const inOrder = places.toSorted(([, a = ""], [, b = ""]) => a.length - b.length);
  return [
    ..."--die-with-parent --unshare-user-try --unshare-ipc --unshare-pid --unshare-uts --unshare-cgroup-try".split(" "),
    ...(network ? [] : ["--unshare-net"]),
    ..."--cap-drop ALL --proc /proc --dev /dev".split(" "),
    ...inOrder.flat(),
    // What is a mount of its own is neither renamed nor removed.
    ...foldersOnTheWay(sandbox).flatMap((path) => again("--bind-try", path, write)),
    ...readOnly.flatMap((path) => again("--ro-bind-try", path, write)),
    ...hide.flatMap(covered),
  ];
}

/** Mounts it upon itself wherever it can be changed. A link is followed here: bubblewrap would follow it out. */
function again(option: "--bind-try" | "--ro-bind-try", path: string, write: readonly string[]): string[] {
  const source = realPath(path);
  if (source === undefined) return [];
  return write.flatMap((root) => {
    const top = realPath(root);
    const isWithin = source === top || source.startsWith(`${top}/`);
    return top !== undefined && isWithin ? [option, source, `${root}${source.slice(top.length)}`] : [];
  });
}

/** None of what is not there. */
function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function covered(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return [];
  return stat.isDirectory() ? ["--tmpfs", path, "--remount-ro", path] : ["--ro-bind", "/dev/null", path];
}

function limitWords(limits: Limits): string[] {
  const own = readFileSync("/proc/self/limits", "utf8");
  return limitNames.flatMap(([key, option, name]) => {
    const most = limits[key];
    // Above our own there is nothing to be had.
    const hard = new RegExp(`^${name} +\\S+ +(\\d+)`, "m").exec(own)?.[1];
    return most === undefined ? [] : [`--${option}=${Math.min(most, Number(hard ?? Number.POSITIVE_INFINITY))}`];
  });
}

/** Ours, prlimit(1)'s, and that of proc(5). */
const limitNames: readonly (readonly [keyof Limits, string, string])[] = [
  ["memoryBytes", "data", "Max data size"],
  ["processes", "nproc", "Max processes"],
  ["fileBytes", "fsize", "Max file size"],
  ["openFiles", "nofile", "Max open files"],
  ["cpuSeconds", "cpu", "Max cpu time"],
];
