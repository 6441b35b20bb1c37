import { WeftError } from "../core/error.ts";
import type { Exit, Platform, SpawnOptions } from "../core/platform.ts";
import { type CommandFacts, type Policy, refusalText } from "../core/policy.ts";
import type { Tool, ToolContext } from "../core/tool.ts";
import { defineTool, optional, text, whole } from "../lib/define-tool.ts";
import type { Confined, SandboxOptions } from "./exec-sandbox.ts";

export interface ExecOptions extends Omit<SandboxOptions, "readOnly"> {
  readonly platform: SandboxOptions["platform"] & Pick<Platform, "spawn" | "monotonic">;
  readonly policy: Pick<Policy, "decide" | "permissionsOf">;
  /** Says what a line would run; loaded with the first one. */
  readonly read: (line: string) => Promise<CommandFacts>;
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
  const { policy } = options;
  const decision = policy.decide(context.actor, { kind: "command", command, facts: await options.read(command) });
  if (!decision.allowed) throw new WeftError("refused", refusalText(decision));
  const { confined } = await import("./exec-sandbox.ts");
  const { pathsDenied, pathsReadOnly } = policy.permissionsOf(context.actor);
  const within = (path: string) => `${options.workspace}/${path}`;
  const held = await confined({
    ...options,
    hide: [...options.hide, ...pathsDenied.map(within)],
    readOnly: pathsReadOnly.map(within),
  });
  try {
    return await runConfined(options, { command, timeout, held }, context);
  } finally {
    await held.end();
  }
}

async function runConfined(
  options: ExecOptions,
  { command, timeout, held }: Job & { readonly held: Confined },
  context: ToolContext,
): Promise<string> {
  const { platform, workspace } = options;
  const late = AbortSignal.timeout(timeout * 1000);
  const output = { stdout: newStream(), stderr: newStream() };
  const began = platform.monotonic();
  const exit = await spawnShell(platform, command, {
    cwd: workspace,
    env: environment(options, held),
    signal: AbortSignal.any([context.signal, late]),
    onOutput: (stream, bytes) => keep(output[stream], bytes),
    ...(held.sandbox && { sandbox: held.sandbox }),
  });
  context.signal.throwIfAborted();
  const ms = Math.round(platform.monotonic() - began);
  const [out, err] = [shown("stdout", output.stdout), shown("stderr", output.stderr)];
  const said = [out, err, exit.code === 0 ? "" : held.hint(err)].filter((part) => part !== "");
  if (late.aborted) {
    throw new WeftError("timeout", [`timeout after ${timeout}s, everything it started was ended`, ...said].join("\n"));
  }
  const how = exit.signal === undefined ? `exit code ${exit.code}` : `ended by ${exit.signal}`;
  return [`${how} after ${ms} ms`, ...said].join("\n");
}

async function spawnShell(
  { spawn, files }: Pick<Platform, "spawn" | "files">,
  command: string,
  options: SpawnOptions,
): Promise<Exit> {
  try {
    return await spawn(["/bin/sh", "-c", command], options);
  } catch (error) {
    if (WeftError.from(error).code !== "missing" || (await files.stat("/bin/sh"))) throw error;
    const why =
      "exec_shell needs /bin/sh, and this system has none (the container image of weft holds no other program)";
    throw new WeftError("missing", `${why}. Build an image on one that has a shell: docs/shell.md`, { cause: error });
  }
}

/** Nothing is inherited by itself: keys of providers must not reach a program the model chose. */
function environment({ platform, passEnv }: ExecOptions, { temporary }: Confined): Record<string, string> {
  const names = [...harmlessVariables, ...passEnv];
  const pairs = names.flatMap((name) =>
    platform.env[name] === undefined ? [] : [[name, platform.env[name]] as const],
  );
  return {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ...Object.fromEntries(pairs),
    ...(temporary !== undefined && { TMPDIR: temporary }),
  };
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
