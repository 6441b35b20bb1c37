import { WeftError } from "../../core/error.ts";
import type { CommandFact, CommandFacts } from "../../core/policy.ts";
import { builtinProblem, harmlessName, isBuiltin } from "./builtins.ts";
import { readFind, withFound } from "./find.ts";
import { argumentProblem, onlyTalks, wordProblem } from "./programs.ts";
import { isReserved, readLine } from "./read-line.ts";
import { type Followed, followed, unknownWord } from "./runners.ts";
import { unreadable } from "./source.ts";
import {
  type Assignment,
  type Command,
  type List,
  literalWord,
  plainText,
  type Redirection,
  textOf,
  type Word,
} from "./syntax.ts";
import { isNumeric, isPattern, mayBeRoot, pathProblem, shapesOf, shown, type Variables } from "./values.ts";
import { variablesIn } from "./variables.ts";

/** Reads a command line for `sh`: every command in it, wherever it stands, and what is wrong with each. Pure. */
export function commandFacts(line: string): CommandFacts {
  try {
    const commands: CommandFact[] = [];
    const plain = factsInto(commands, line, 0).plain;
    return { plain, commands };
  } catch (error) {
    if (!(error instanceof WeftError) || error.code !== "refused") throw error;
    return { plain: "", commands: [], unreadable: error.message };
  }
}

/** What holds at one place of the line. */
interface Scope extends Variables {
  readonly commands: CommandFact[];
  readonly assigned: Set<string>;
  /** Functions that are there for sure. */
  readonly functions: Set<string>;
  readonly allFunctions: ReadonlySet<string>;
  /** Lines within lines. */
  readonly depth: number;
}

const mostLines = 5;

function factsInto(commands: CommandFact[], line: string, depth: number): { plain: string; sets: boolean } {
  if (depth > mostLines) return unreadable("it has a line in a line in a line");
  const { list, plain } = readLine(line);
  const { values, functions: allFunctions } = variablesIn(list);
  const nothing = { found: new Map(), assigned: new Set<string>(), functions: new Set<string>() };
  const scope: Scope = { commands, values, allFunctions, ...nothing, depth };
  judgeList(list, scope);
  return { plain, sets: values.size + allFunctions.size > 0 };
}

/** A place of its own: what is set there does not hold behind it. */
function inner(scope: Scope): Scope {
  return { ...scope, assigned: new Set(scope.assigned), functions: new Set(scope.functions) };
}

function judgeList(list: List, scope: Scope): void {
  let chained = scope;
  let hasOr = false;
  for (const { after, background, pipeline } of list) {
    // What stands behind && holds for the rest of the chain only; where there is a || it holds for nothing.
    if (after === undefined) hasOr = false;
    else if (after === "||") hasOr = true;
    chained = after === undefined ? scope : inner(hasOr ? scope : chained);
    const isOwn = background || pipeline.length > 1;
    for (const command of pipeline) judgeCommand(command, isOwn ? inner(chained) : chained);
  }
}

function judgeCommand(command: Command, scope: Scope): void {
  for (const redirection of command.redirections) judgeRedirection(redirection, scope);
  // Where a redirection fails nothing runs.
  const isOwn = command.redirections.length > 0 || (command.kind === "group" && command.subshell);
  if (command.kind === "simple") judgeSimple(command, isOwn ? inner(scope) : scope);
  else if (command.kind === "group") judgeList(command.list, isOwn ? inner(scope) : scope);
  else if (command.kind === "branches") {
    for (const word of command.words) judgeWord(word, scope);
    for (const list of command.lists) judgeList(list, inner(scope));
  } else if (command.kind === "for") judgeFor(command, scope);
  else {
    // It may be called at any later time, when nothing is known of the variables.
    scope.functions.add(command.name);
    judgeCommand(command.body, { ...inner(scope), assigned: new Set() });
  }
}

function judgeFor({ name, words = [], list }: Extract<Command, { kind: "for" }>, scope: Scope): void {
  if (!harmlessName(name)) add(scope, { problem: nameProblem(name) });
  for (const word of words) judgeWord(word, scope);
  const own = inner(scope);
  own.assigned.add(name);
  judgeList(list, own);
}

function add(scope: Scope, fact: Partial<CommandFact>): void {
  scope.commands.push({ words: [], ...fact });
}

function nameProblem(name: string): string {
  return `${name}=... (only variables in small letters may be set, and LANG, LC_*, TZ, TERM)`;
}

function judgeAssignments(assignments: readonly Assignment[], scope: Scope): void {
  for (const { name, value } of assignments) {
    if (value) judgeWord(value, scope);
    if (!harmlessName(name)) add(scope, { problem: nameProblem(name) });
    const isForeign = value && name !== name.toLowerCase() && shapesOf(value, scope).some(wordProblem);
    if (isForeign) add(scope, { problem: `${name}=${textOf(value)} (it leads out of the workspace)` });
  }
}

/** What runs while it is expanded. */
function judgeWord(word: Word, scope: Scope): void {
  for (const list of word.lists) judgeList(list, inner(scope));
  judgeAssignments(word.sets, scope);
  for (const part of word.parts) {
    if (part.kind !== "number") continue;
    const odd = part.names.find((name) => !shapesOf(variable(name), scope).every(isNumeric));
    if (odd !== undefined)
      add(scope, { problem: `$((${odd})) (some shells run what ${odd} holds; it is not surely a number)` });
  }
}

function variable(name: string): Word {
  return { parts: [{ kind: "variable", name, quoted: true }], lists: [], sets: [] };
}

const streams: readonly string[] = ["/dev/null", "/dev/stdin", "/dev/stdout", "/dev/stderr"];

function judgeRedirection({ operator, target }: Redirection, scope: Scope): void {
  judgeWord(target, scope);
  if (operator.startsWith("<<") || operator.endsWith("&")) return;
  const shapes = shapesOf(target, scope);
  const problem = shapes
    .filter((shape) => !streams.includes(shape))
    .map((shape) => (isPattern(shape) ? "a pattern" : shape === "" ? "no file" : pathProblem(shape)))
    .find((found) => found !== undefined);
  const text = shapes.map(shown);
  add(scope, { words: [[operator], text], ...(problem && { problem: `${operator} ${text[0]} (${problem})` }) });
}

function judgeSimple({ assignments, words }: Extract<Command, { kind: "simple" }>, scope: Scope): void {
  judgeAssignments(assignments, scope);
  for (const word of words) judgeWord(word, scope);
  const [first] = words;
  if (!first) {
    for (const { name } of assignments) scope.assigned.add(name);
    return;
  }
  const name = plainText(first);
  if (name !== undefined && scope.functions.has(name)) add(scope, { words: shownWords(words, scope) });
  else judgeWords(words, scope);
}

function shownWords(words: readonly Word[], scope: Scope): string[][] {
  return words.map((word) => shapesOf(word, scope).map(shown));
}

/** A program and its arguments. */
function judgeWords(words: readonly Word[], scope: Scope): void {
  const program = programOf(words);
  const rest = words.slice(1);
  if (scope.depth > mostLines) unreadable("it has a command in a command in a command");
  const base = program.slice(program.lastIndexOf("/") + 1);
  const run = base === "find" ? undefined : followed(base, rest);
  if (base === "find") judgeFind(program, rest, scope);
  else if (isBuiltin(program)) judgeBuiltin(program, words, scope);
  else {
    const shapes = rest.map((word) => shapesOf(word, scope));
    const problem = run ? undefined : argumentProblem(base, shapes);
    const said = { words: shownWords(words, scope), program: program === "[" ? "test" : program };
    add(scope, { ...said, ...(problem && { problem }) });
  }
  if (run) judgeFollowed(program, run, { ...scope, depth: scope.depth + 1 });
}

function programOf([first]: readonly Word[]): string {
  const program = (first && plainText(first)) ?? "";
  if (program === "") unreadable(`the name of a program must be plain text, not ${first ? textOf(first) : "nothing"}`);
  if (isReserved(program) || program === "alias") unreadable(`of the word ${program}`);
  return program;
}

function judgeBuiltin(program: string, words: readonly Word[], scope: Scope): void {
  const rest = words.slice(1);
  const isFunction = program === "unset" && rest.some((word) => scope.allFunctions.has(textOf(word)));
  const problem = isFunction ? "unset of a function" : builtinProblem(program, rest, scope);
  add(scope, { words: shownWords(words, scope), ...(problem && { problem }) });
}

function judgeFollowed(program: string, run: Followed, scope: Scope): void {
  if (run.kind === "unreadable") unreadable(run.why);
  else if (run.kind === "problem") add(scope, { program, problem: run.problem });
  else if (run.kind === "line") {
    const { sets } = factsInto(scope.commands, run.text, scope.depth);
    if (sets && program === "eval") add(scope, { problem: "eval that sets something" });
  } else if (run.kind === "command") {
    const odd = run.sets?.find((name) => !harmlessName(name));
    if (odd !== undefined) add(scope, { problem: nameProblem(odd) });
    // These run programs: a function of the line is none.
    if (run.words.length > 0) judgeWords([...run.words, ...(run.more ? [unknownWord] : [])], scope);
  }
}

function judgeFind(program: string, rest: readonly Word[], scope: Scope): void {
  const { problem, commands, words, starts } = readFind(rest);
  const shapes = words.map((word) => shapesOf(word, scope));
  const wrong = problem ?? argumentProblem("find", shapes);
  add(scope, { program, words: shownWords([literalWord(program), ...rest], scope), ...(wrong && { problem: wrong }) });
  const startShapes = starts.flatMap((word) => shapesOf(word, scope));
  const isWhole = startShapes.length === 0 || startShapes.some(mayBeRoot);
  for (const command of commands) {
    const name = (command[0] && plainText(command[0])) ?? "";
    const filled = withFound(command, startShapes[0] ?? ".");
    if (filled) judgeWords(filled, { ...scope, depth: scope.depth + 1 });
    else add(scope, { problem: "find -exec with {} in the program's name or within a longer word" });
    if (isWhole && !onlyTalks(name)) {
      add(scope, {
        problem: `find -exec ${name} in all of the workspace, where its private folders are (name one folder)`,
      });
    }
  }
}
