import { settersOfAll } from "./builtins.ts";
import { assignmentIn } from "./read-line.ts";
import { type Command, type List, literalWord, plainText, textOf, type Word } from "./syntax.ts";

export interface Found {
  /** Everything that is assigned to each name, anywhere in the line; `undefined`: something unknown. */
  readonly values: ReadonlyMap<string, readonly (Word | undefined)[]>;
  /** The functions that the line makes. */
  readonly functions: ReadonlySet<string>;
}

/** All assignments of a line, whatever the order in which they are made. */
export function variablesIn(list: List): Found {
  const values = new Map<string, (Word | undefined)[]>();
  const set = (name: string, value: Word | undefined) => {
    const known = values.get(name);
    if (known) known.push(value);
    else values.set(name, [value]);
  };
  const functions = new Set<string>();
  let isOpen = false;
  const visitWord = (word: Word) => {
    for (const { name, value } of word.sets) set(name, value);
    for (const inner of word.lists) visitList(inner);
  };
  const visitSimple = ({ assignments, words }: Extract<Command, { kind: "simple" }>) => {
    for (const { name, value } of assignments) {
      set(name, value);
      if (value) visitWord(value);
    }
    for (const word of words) visitWord(word);
    // Whatever runs it, like `command read x`.
    for (const [at, word] of words.entries()) {
      const text = plainText(word) ?? "";
      if (settersOfAll.includes(text) && at === 0) isOpen = true;
      if (/^(read|unset|export|readonly|local|command|builtin|eval)$/.test(text)) setByWords(words.slice(at), set);
    }
  };
  const visit = (command: Command) => {
    for (const { target } of command.redirections) visitWord(target);
    if (command.kind === "simple") return visitSimple(command);
    if (command.kind === "group") return visitList(command.list);
    if (command.kind === "function") {
      functions.add(command.name);
      return visit(command.body);
    }
    for (const word of command.words ?? []) visitWord(word);
    if (command.kind === "branches") return command.lists.forEach(visitList);
    for (const word of command.words ?? [undefined]) set(command.name, word);
    visitList(command.list);
  };
  const visitList = (inner: List) => {
    for (const { pipeline } of inner) for (const command of pipeline) visit(command);
  };
  visitList(list);
  return isOpen
    ? { values: new Map([...values.keys()].map((name) => [name, [undefined]])), functions }
    : { values, functions };
}

function setByWords(words: readonly Word[], set: (name: string, value: Word | undefined) => void): void {
  const isRead = words.some((word) => plainText(word) === "read");
  for (const word of words.slice(1)) {
    const assignment = /^[A-Za-z_]\w*=/.test(textOf(word)) ? assignmentIn(word) : undefined;
    if (assignment) set(assignment.name, assignment.value);
    else if (/^[A-Za-z_]\w*$/.test(textOf(word))) set(textOf(word), isRead ? undefined : literalWord(""));
  }
}
