import { assignmentIn } from "./read-line.ts";
import { plainText, textOf, type Word } from "./syntax.ts";
import { isNumeric, pathProblem, shapesOf, type Variables } from "./values.ts";

/** Variables that change nothing but what the line itself does with them. What shells and loaders read is in capitals. */
export function harmlessName(name: string): boolean {
  return (/^[a-z_][a-z0-9_]*$/.test(name) && !name.endsWith("_proxy")) || others.test(name);
}
const others = /^(LANG|LANGUAGE|LC_[A-Z]+|TZ|TERM|COLUMNS|LINES|NO_COLOR)$/;

/** Words of the shell that run, read and write nothing by themselves; they need not be in the allowlist. */
export function isBuiltin(word: string): boolean {
  return checks.has(word);
}

/** Why it may not have these arguments. */
export function builtinProblem(word: string, words: readonly Word[], variables: Variables): string | undefined {
  const problem = checks.get(word)?.(words, variables);
  return problem === undefined ? undefined : `${[word, ...words.map(textOf)].join(" ")} (${problem})`;
}

/** Builtins that set variables in ways that are not followed. */
export const settersOfAll: readonly string[] = "declare typeset let mapfile readarray getopts printf source .".split(
  " ",
);

type Check = (words: readonly Word[], variables: Variables) => string | undefined;

const anything: Check = () => undefined;
const numbers: Check = (words, variables) =>
  words.every((word) => shapesOf(word, variables).every(isNumeric)) ? undefined : "only a number may follow";
const names: Check = (words) => words.map(nameProblem).find((problem) => problem !== undefined);

const checks: ReadonlyMap<string, Check> = new Map(
  Object.entries<Check>({
    ":": anything,
    break: numbers,
    continue: numbers,
    exit: numbers,
    return: numbers,
    shift: numbers,
    wait: numbers,
    cd: folder,
    read: (words, variables) =>
      names(
        words.filter((word) => plainText(word) !== "-r"),
        variables,
      ),
    export: names,
    readonly: names,
    local: names,
    unset: names,
    set: (words) => (words.every(isFlag) ? undefined : "only flags like -e may follow"),
    eval: anything,
    exec: anything,
    command: anything,
    trap: () => "what it would run later cannot be judged",
  }),
);

function nameProblem(word: Word): string | undefined {
  const name = assignmentIn(word)?.name ?? plainText(word) ?? "";
  return harmlessName(name) ? undefined : "only names in small letters may be set";
}

function isFlag(word: Word): boolean {
  return /^([-+][eufxC]+|[-+][eufx]*o|errexit|nounset|noglob|pipefail|xtrace)$/.test(plainText(word) ?? "");
}

function folder(words: readonly Word[], variables: Variables): string | undefined {
  const given = words.filter((word) => !/^-[LP-]$/.test(plainText(word) ?? ""));
  const [target] = given;
  if (!target || given.length > 1) return "name one folder of the workspace";
  const shapes = shapesOf(target, variables);
  if (shapes.some((shape) => shape === "" || shape.startsWith("-"))) return "name one folder of the workspace";
  return shapes.map(pathProblem).find((problem) => problem !== undefined);
}
