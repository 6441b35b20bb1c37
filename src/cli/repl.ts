import { WeftError } from "../core/error.ts";
import type { LineReader, Platform } from "../core/platform.ts";
import { version } from "../version.ts";
import type { Conversation } from "./conversation.ts";
import { show } from "./screen.ts";
import { errorStyle } from "./style.ts";

export interface ReplOptions {
  readonly platform: Platform;
  readonly conversation: Conversation;
  readonly session: string;
  readonly model: string | undefined;
  /** Absolute path; the history of lines is kept in it. */
  readonly workspace: string;
}

const slashCommands = [
  "/help",
  "/clear",
  "/tools",
  "/model ",
  "/sessions",
  "/agents",
  "/stop",
  "/approve",
  "/deny",
  "/pairing ",
  "/cost",
  "/exit",
  "/quit",
];
const mostHistory = 500;

/** Lines in, answers out, until /exit or the end of the input. Resolves with the exit code. */
export async function repl(options: ReplOptions): Promise<number> {
  const { platform, conversation, session } = options;
  const { terminal } = platform;
  const style = errorStyle(platform);
  await terminal.error(`weft ${version} · ${conversation.about} · ${session}\n`);
  await terminal.error(style.dim("/help lists commands, Ctrl-C stops an answer, /exit leaves\n"));
  const state: State = { options, running: undefined, interrupts: 0, left: false, history: await readHistory(options) };
  const leave = { now: () => {} };
  const left = new Promise<undefined>((resolve) => {
    leave.now = () => resolve(undefined);
  });
  const reader = terminal.readLines({
    history: state.history,
    complete: (line) => slashCommands.filter((command) => line.startsWith("/") && command.startsWith(line)),
    intercept: (line) => stopNow(state, line),
    onInterrupt: () => interrupt(state, leave.now),
  });
  const ignore = platform.onSignal((signal) => {
    if (signal === "stop") interrupt(state, leave.now);
  });
  try {
    await talk(state, reader, left);
  } finally {
    ignore();
    reader.close();
    await conversation.close();
    await writeHistory(options, state.history);
  }
  await terminal.error(state.left ? "\n" : "Goodbye.\n");
  return state.left ? 130 : 0;
}

interface State {
  readonly options: ReplOptions;
  running: AbortController | undefined;
  /** Ctrl-C in a row. */
  interrupts: number;
  /** Left by Ctrl-C. */
  left: boolean;
  readonly history: string[];
}

/** The first Ctrl-C ends the running answer, the second leaves. */
function interrupt(state: State, leave: () => void): void {
  state.interrupts++;
  state.running?.abort(new WeftError("aborted", "stopped by the user"));
  if (state.interrupts < 2) {
    const hint = state.running ? "stopping; once more leaves" : "once more leaves";
    state.options.platform.terminal.error(`\n(${hint})\n`).catch(() => {});
    return;
  }
  state.left = true;
  leave();
}

async function talk(state: State, reader: LineReader, left: Promise<undefined>): Promise<void> {
  for (;;) {
    const line = await Promise.race([reader.next("> "), left]);
    if (line === undefined || /^\/(exit|quit)\s*$/.test(line)) return;
    if (line.trim() === "") continue;
    state.history.push(line);
    state.interrupts = 0;
    await Promise.race([answer(state, line), left]);
    if (state.left) return;
  }
}

/** /stop must not wait for the end of what it shall stop. */
function stopNow(state: State, line: string): boolean {
  if (line.trim() !== "/stop" || !state.running) return false;
  state.running.abort(new WeftError("aborted", "stopped by the user"));
  return true;
}

async function answer(state: State, text: string): Promise<void> {
  const { platform, conversation, session, model } = state.options;
  const { terminal } = platform;
  const controller = new AbortController();
  state.running = controller;
  try {
    const screen = { platform, streams: true, begun: false };
    const reply = await show(conversation.send({ text, session, model }, controller.signal), screen);
    if (!reply.error) await terminal.out(screen.begun ? "\n" : `${reply.text}\n`);
    else await terminal.error(`${screen.begun ? "\n" : ""}${errorStyle(platform).red(reply.error.message)}\n`);
  } catch (thrown) {
    await terminal.error(`${errorStyle(platform).red(WeftError.from(thrown).message)}\n`);
  } finally {
    state.running = undefined;
  }
}

function historyPath({ workspace }: ReplOptions): string {
  return `${workspace}/.weft/history`;
}

async function readHistory(options: ReplOptions): Promise<string[]> {
  const { files } = options.platform;
  if (!(await files.stat(historyPath(options)))) return [];
  const text = new TextDecoder().decode(await files.read(historyPath(options)));
  return text.split("\n").filter((line) => line !== "");
}

async function writeHistory(options: ReplOptions, history: readonly string[]): Promise<void> {
  if (!options.platform.terminal.inputIsTerminal) return;
  const text = history
    .slice(-mostHistory)
    .map((line) => `${line}\n`)
    .join("");
  await options.platform.files.write(historyPath(options), new TextEncoder().encode(text));
}
