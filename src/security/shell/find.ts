import type { Word } from "./syntax.ts";
import { literalWord, plainText, textOf } from "./syntax.ts";

/** What a find runs, and where it looks. */
export interface FindCommand {
  readonly problem?: string;
  /** Each with the place of a found file in it as `{}`. */
  readonly commands: readonly (readonly Word[])[];
  /** Its words without those commands and the patterns of names, which are no paths. */
  readonly words: readonly Word[];
  readonly starts: readonly Word[];
}

const runs = /^-(exec|execdir|ok|okdir)$/;
const changes = /^-(delete|fprint0?|fprintf|fls|files0-from)$/;
const named = /^-(i?name|i?path|i?wholename|i?regex|i?lname|printf|type|size|perm)$/;

export function readFind(words: readonly Word[]): FindCommand {
  const found = { commands: [] as Word[][], words: [] as Word[], starts: startsOf(words) };
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    const text = (word && plainText(word)) ?? "";
    if (changes.test(text)) return { ...found, problem: `find with ${text}` };
    if (named.test(text) && isPlain(words[at + 1])) at++;
    else if (!runs.test(text)) found.words.push(...(word ? [word] : []));
    else {
      const end = endOfCommand(words, at);
      if (end < 0) return { ...found, problem: `find with ${text} and no end of it` };
      found.commands.push(words.slice(at + 1, end));
      at = end;
    }
  }
  const follows = found.words.some((word) => /^-(L|H|follow)$/.test(textOf(word)));
  return follows && found.commands.length > 0 ? { ...found, problem: "find with -exec and -L" } : found;
}

function startsOf(words: readonly Word[]): Word[] {
  const expression = words.findIndex((word) => /^([(!,]$|-(?![HLPDO]))/.test(plainText(word) ?? ""));
  return words.slice(0, expression < 0 ? words.length : expression).filter((word) => !textOf(word).startsWith("-"));
}

function isPlain(word: Word | undefined): boolean {
  return word !== undefined && plainText(word) !== undefined;
}

/** The place behind `at` where the command ends. */
function endOfCommand(words: readonly Word[], at: number): number {
  return words.findIndex((word, index) => index > at && /^[;+]$/.test(plainText(word) ?? ""));
}

/** The command with a path in place of `{}`; undefined where it stands within a longer word or for the program. */
export function withFound(command: readonly Word[], path: string): Word[] | undefined {
  const isOdd = command.some((word, index) => textOf(word).includes("{}") && (index === 0 || textOf(word) !== "{}"));
  if (isOdd) return undefined;
  return command.map((word) => (textOf(word) === "{}" ? literalWord(path) : word));
}
