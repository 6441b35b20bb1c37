import type { LineOptions, LineReader } from "../../core/platform.ts";
import { host } from "./host.ts";
import { edited, emptyLine, type Key, keysIn, type Line, lineOf, textOf, widthOf } from "./line-editor.ts";
import { uncaught } from "./uncaught.ts";

type Show = (text: string) => Promise<void>;

/** Lines that have been entered, and who waits for one. */
function queue(options: Pick<LineOptions, "intercept">) {
  const lines: string[] = [];
  const state: { ended: boolean; wake: () => void } = { ended: false, wake: () => {} };
  return {
    get isEmpty() {
      return lines.length === 0 && !state.ended;
    },
    push(line: string) {
      if (options.intercept(line)) return;
      lines.push(line);
      state.wake();
    },
    end() {
      state.ended = true;
      state.wake();
    },
    async next(): Promise<string | undefined> {
      while (lines.length === 0) {
        if (state.ended) return undefined;
        await new Promise<void>((resolve) => {
          state.wake = resolve;
        });
      }
      return lines.shift();
    },
  };
}

/** Calls back with each piece of standard input, until its end. */
async function read(take: (text: string) => void, isOpen: () => boolean): Promise<void> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  while (isOpen()) {
    const bytes = await host.readInput();
    if (!isOpen()) return;
    take(decoder.decode(bytes, { stream: bytes.length > 0 }));
    if (bytes.length === 0) return;
  }
}

/** Lines of a pipe or a file. */
export function plainReader(options: LineOptions, show: Show): LineReader {
  const entered = queue(options);
  let isOpen = true;
  let rest = "";
  const take = (text: string) => {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop() ?? "";
    for (const line of lines) entered.push(line);
  };
  read(take, () => isOpen)
    .then(() => {
      if (rest !== "") entered.push(rest);
      entered.end();
    })
    .catch(uncaught);
  return {
    async next(prompt) {
      if (entered.isEmpty) await show(prompt);
      return await entered.next();
    },
    close() {
      isOpen = false;
      entered.end();
    },
  };
}

/** A line of a terminal, edited as people expect: arrows, history, completion, the keys of Emacs. */
export function lineReader(options: LineOptions, show: Show): LineReader {
  const entered = queue(options);
  const history = [...options.history];
  const state: Editing = { line: emptyLine, prompt: "", isShown: false, row: 0, at: history.length, draft: emptyLine };
  let isOpen = true;
  let rest = "";
  const put = (text: string) => void show(text).catch(() => {});
  const redraw = () => put(drawing(state, host.columns() || 80));
  const press = (key: Key) => {
    if (key.type === "key") {
      switch (key.name) {
        case "enter": {
          const line = textOf(state.line);
          put(`${drawing({ ...state, line: lineOf(line) }, host.columns() || 80)}\r\n`);
          if (line !== "" && history.at(-1) !== line) history.push(line);
          Object.assign(state, { line: emptyLine, isShown: false, row: 0, at: history.length });
          return entered.push(line);
        }
        case "interrupt":
          put("^C\r\n");
          Object.assign(state, { line: emptyLine, row: 0, at: history.length });
          options.onInterrupt();
          return redraw();
        case "end-of-input":
          if (state.line.characters.length > 0) return;
          put("\r\n");
          return entered.end();
        case "up":
        case "down":
          recall(state, history, key.name === "up" ? -1 : 1);
          return redraw();
        case "tab":
          return complete(state, options, put);
        case "clear":
          put("\x1b[2J\x1b[H");
          state.row = 0;
          return redraw();
      }
    }
    state.line = edited(state.line, key);
    redraw();
  };
  host.setRaw(true);
  const take = (text: string) => {
    const found = keysIn(rest + text);
    rest = found.rest;
    for (const key of found.keys) press(key);
  };
  read(take, () => isOpen)
    .then(() => entered.end())
    .catch(uncaught);
  return {
    async next(prompt) {
      if (entered.isEmpty) {
        state.prompt = prompt;
        state.isShown = true;
        redraw();
      }
      return await entered.next();
    },
    close() {
      isOpen = false;
      host.setRaw(false);
      entered.end();
    },
  };
}

interface Editing {
  line: Line;
  prompt: string;
  /** Whether the prompt stands before the line; while nobody asks, people type without one. */
  isShown: boolean;
  /** The row of the cursor below the line's first row. */
  row: number;
  /** Where in the history we are; its length: at the line being typed. */
  at: number;
  /** What was being typed before going through the history. */
  draft: Line;
}

function recall(state: Editing, history: readonly string[], step: 1 | -1): void {
  const at = Math.min(history.length, Math.max(0, state.at + step));
  if (at === state.at) return;
  if (state.at === history.length) state.draft = state.line;
  state.at = at;
  state.line = at === history.length ? state.draft : lineOf(history[at] ?? "");
}

function complete(state: Editing, options: LineOptions, put: (text: string) => void): void {
  const found = options.complete(textOf(state.line));
  const common = found.reduce((shared, word) => {
    let length = 0;
    while (length < shared.length && shared[length] === word[length]) length += 1;
    return shared.slice(0, length);
  }, found[0] ?? "");
  if (common.length > textOf(state.line).length) state.line = lineOf(common);
  else if (found.length > 1) {
    put(`\r\n${found.join("  ")}\r\n`);
    state.row = 0;
  }
  put(drawing(state, host.columns() || 80));
}

/** From wherever the cursor is to the line, drawn anew, with the cursor in its place. */
function drawing(state: Editing, columns: number): string {
  const { line, isShown } = state;
  const prompt = isShown ? state.prompt : "";
  const start = widthOf(withoutColour(prompt));
  const before = start + widthOf(line.characters.slice(0, line.cursor).join(""));
  const whole = start + widthOf(textOf(line));
  const up = state.row > 0 ? `\x1b[${state.row}A` : "";
  state.row = Math.floor(before / columns);
  const back = Math.floor(whole / columns) - state.row;
  // A line that ends at the last column stays there until more is written; make the terminal go on.
  const wrap = whole > 0 && whole % columns === 0 ? "\r\n" : "";
  const column = before % columns;
  const place = `${back > 0 ? `\x1b[${back}A` : ""}\r${column > 0 ? `\x1b[${column}C` : ""}`;
  return `${up}\r\x1b[J${prompt}${textOf(line)}${wrap}${place}`;
}

function withoutColour(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what colours are made of
  return text.replace(/\x1b\[[\d;]*m/g, "");
}
