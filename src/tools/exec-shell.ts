import { WeftError } from "../core/error.ts";
import type { Platform } from "../core/platform.ts";
import type { CommandFacts, Policy } from "../core/policy.ts";
import type { Tool, ToolContext } from "../core/tool.ts";
import { defineTool, optional, text, whole } from "../lib/define-tool.ts";

export interface ExecOptions {
  readonly platform: Pick<Platform, "spawn" | "env" | "monotonic">;
  readonly policy: Pick<Policy, "decide">;
  /** Says what a line would run; loaded with the first one. */
  readonly read: (line: string) => Promise<CommandFacts>;
  /** Absolute path; commands run here. */
  readonly workspace: string;
  readonly timeoutSecs: number;
  readonly maxTimeoutSecs: number;
  /** Variables passed on beside those that every program needs. */
  readonly passEnv: readonly string[];
}

/** Of each stream; the rest is counted and dropped while it comes. */
const mostBytes = 1024 * 1024;
const harmlessVariables: readonly string[] = ["PATH", "HOME", "LANG", "LC_ALL", "TERM", "TZ", "USER", "TMPDIR"];

export function execShell(options: ExecOptions): Tool {
  return defineTool({
    name: "exec_shell",
    description:
      "Run a command line with sh in the workspace, and get its exit code and output. It has no input and ends with everything it started when its time is up.",
    effect: "write",
    parameters: {
      command: text("Command line for sh"),
      timeout: optional(whole([1, options.maxTimeoutSecs], `Seconds it may run, ${options.timeoutSecs} unless given`)),
    },
    run: ({ command, timeout = options.timeoutSecs }, context) => run(options, { command, timeout }, context),
  });
}

interface Job {
  readonly command: string;
  /** Seconds. */
  readonly timeout: number;
}

async function run(options: ExecOptions, { command, timeout }: Job, context: ToolContext): Promise<string> {
  const { platform, policy, workspace } = options;
  const decision = policy.decide(context.actor, { kind: "command", command, facts: await options.read(command) });
  if (!decision.allowed) throw new WeftError("refused", `${decision.reason}. ${decision.allow}`);
  const late = AbortSignal.timeout(timeout * 1000);
  const output = { stdout: newStream(), stderr: newStream() };
  const began = platform.monotonic();
  const exit = await platform.spawn(["/bin/sh", "-c", command], {
    cwd: workspace,
    env: environment(options),
    signal: AbortSignal.any([context.signal, late]),
    onOutput: (stream, bytes) => keep(output[stream], bytes),
  });
  context.signal.throwIfAborted();
  const ms = Math.round(platform.monotonic() - began);
  const said = [shown("stdout", output.stdout), shown("stderr", output.stderr)].filter((part) => part !== "");
  if (late.aborted) {
    throw new WeftError("timeout", [`timeout after ${timeout}s, everything it started was ended`, ...said].join("\n"));
  }
  const how = exit.signal === undefined ? `exit code ${exit.code}` : `ended by ${exit.signal}`;
  return [`${how} after ${ms} ms`, ...said].join("\n");
}

/** Nothing is inherited by itself: keys of providers must not reach a program the model chose. */
function environment({ platform, passEnv }: ExecOptions): Record<string, string> {
  const names = [...harmlessVariables, ...passEnv];
  const pairs = names.flatMap((name) =>
    platform.env[name] === undefined ? [] : [[name, platform.env[name]] as const],
  );
  return { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ...Object.fromEntries(pairs) };
}

interface Stream {
  readonly chunks: Uint8Array[];
  kept: number;
  dropped: number;
}

function newStream(): Stream {
  return { chunks: [], kept: 0, dropped: 0 };
}

function keep(stream: Stream, bytes: Uint8Array): void {
  const room = Math.max(0, mostBytes - stream.kept);
  if (room > 0) stream.chunks.push(bytes.slice(0, room));
  stream.kept += Math.min(room, bytes.length);
  stream.dropped += Math.max(0, bytes.length - room);
}

function shown(name: string, { chunks, dropped }: Stream): string {
  const decoder = new TextDecoder();
  const text = chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode();
  if (text === "") return "";
  return `--- ${name}\n${text.trimEnd()}${dropped > 0 ? `\n[${dropped} bytes more were dropped]` : ""}`;
}
