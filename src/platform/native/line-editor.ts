/** One line as it is typed: its text and where the cursor stands, in characters as people see them. */
export interface Line {
  readonly characters: readonly string[];
  readonly cursor: number;
}

export type Key = { readonly type: "text"; readonly text: string } | { readonly type: "key"; readonly name: KeyName };

export type KeyName =
  | "enter"
  | "tab"
  | "backspace"
  | "delete"
  | "left"
  | "right"
  | "word-left"
  | "word-right"
  | "home"
  | "end"
  | "up"
  | "down"
  | "kill-end"
  | "kill-start"
  | "kill-word"
  | "clear"
  | "interrupt"
  | "end-of-input";

export const emptyLine: Line = { characters: [], cursor: 0 };

export function lineOf(text: string): Line {
  const characters = [...text];
  return { characters, cursor: characters.length };
}

export function textOf({ characters }: Line): string {
  return characters.join("");
}

const controls: Readonly<Record<string, KeyName>> = {
  "\r": "enter",
  "\n": "enter",
  "\t": "tab",
  "\x7f": "backspace",
  "\b": "backspace",
  "\x01": "home",
  "\x02": "left",
  "\x03": "interrupt",
  "\x04": "end-of-input",
  "\x05": "end",
  "\x06": "right",
  "\x0b": "kill-end",
  "\x0c": "clear",
  "\x0e": "down",
  "\x10": "up",
  "\x15": "kill-start",
  "\x17": "kill-word",
};

/** What terminals send for keys without a character (ECMA-48, xterm's control sequences), after ESC. */
const sequences: Readonly<Record<string, KeyName>> = {
  "[A": "up",
  "[B": "down",
  "[C": "right",
  "[D": "left",
  "[H": "home",
  "[F": "end",
  OA: "up",
  OB: "down",
  OC: "right",
  OD: "left",
  OH: "home",
  OF: "end",
  "[1~": "home",
  "[3~": "delete",
  "[4~": "end",
  "[7~": "home",
  "[8~": "end",
  "[1;5C": "word-right",
  "[1;5D": "word-left",
  f: "word-right",
  b: "word-left",
  "\x7f": "kill-word",
};

const escapeKey = "\x1b";
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what keys are made of
const sequence = /^\x1b(?:\[[\d;?]*[ -/]*[@-~]|O[A-Z]|[^[O])/;
/** No key sends more than this; a longer one is noise. */
const longestSequence = 32;

/** The keys in what was typed; `rest` is the beginning of one that is not complete yet. */
export function keysIn(typed: string): { readonly keys: readonly Key[]; readonly rest: string } {
  const keys: Key[] = [];
  let at = 0;
  while (at < typed.length) {
    const character = String.fromCodePoint(typed.codePointAt(at) ?? 0);
    if (character === escapeKey) {
      const found = sequence.exec(typed.slice(at, at + longestSequence))?.[0];
      if (found === undefined) {
        if (typed.length - at < longestSequence) return { keys, rest: typed.slice(at) };
        at += 1;
        continue;
      }
      const name = sequences[found.slice(1)];
      if (name) keys.push({ type: "key", name });
      at += found.length;
      continue;
    }
    const name = controls[character];
    if (name) keys.push({ type: "key", name });
    else if (character >= " ") keys.push({ type: "text", text: character });
    at += character.length;
  }
  return { keys, rest: "" };
}

/** The line after a key that changes it; the same line when the key does nothing here. */
export function edited(line: Line, key: Key): Line {
  const { characters, cursor } = line;
  const cut = (from: number, to: number): Line => ({ characters: characters.toSpliced(from, to - from), cursor: from });
  if (key.type === "text") return { characters: characters.toSpliced(cursor, 0, key.text), cursor: cursor + 1 };
  switch (key.name) {
    case "backspace":
      return cursor > 0 ? cut(cursor - 1, cursor) : line;
    case "delete":
      return cursor < characters.length ? { ...cut(cursor, cursor + 1) } : line;
    case "left":
      return { characters, cursor: Math.max(0, cursor - 1) };
    case "right":
      return { characters, cursor: Math.min(characters.length, cursor + 1) };
    case "word-left":
      return { characters, cursor: wordStart(line) };
    case "word-right":
      return { characters, cursor: wordEnd(line) };
    case "home":
      return { characters, cursor: 0 };
    case "end":
      return { characters, cursor: characters.length };
    case "kill-end":
      return cut(cursor, characters.length);
    case "kill-start":
      return cut(0, cursor);
    case "kill-word":
      return cut(wordStart(line), cursor);
    default:
      return line;
  }
}

function wordStart({ characters, cursor }: Line): number {
  let at = cursor;
  while (at > 0 && characters[at - 1] === " ") at -= 1;
  while (at > 0 && characters[at - 1] !== " ") at -= 1;
  return at;
}

function wordEnd({ characters, cursor }: Line): number {
  let at = cursor;
  while (at < characters.length && characters[at] === " ") at += 1;
  while (at < characters.length && characters[at] !== " ") at += 1;
  return at;
}

/** Columns a text takes: two for what East Asian Width (UAX 11) calls wide and for emoji, none for combining marks. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/^[\p{Mn}\p{Me}\p{Cf}]$/u.test(character)) continue;
    width += isWide(character.codePointAt(0) ?? 0) ? 2 : 1;
  }
  return width;
}

const wide: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1faff],
  [0x20000, 0x3fffd],
];

function isWide(point: number): boolean {
  return wide.some(([first, last]) => point >= first && point <= last);
}
