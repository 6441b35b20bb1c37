import {
  isKnown,
  isNumeric,
  isPattern,
  mayBeOption,
  mayBeRoot,
  mayBeSeveral,
  pathProblem,
  type Shape,
  shown,
} from "./values.ts";

/** What the words of a command may become, word by word; the first one is behind the program's name. */
export type Words = readonly (readonly Shape[])[];

/** Why a program may not have these arguments, or undefined. */
export function argumentProblem(program: string, words: Words): string | undefined {
  if (talkers.includes(program)) return lookedUpProblem(program, words);
  if (program === "test" || program === "[") return testProblem(program, words) ?? lookedUpProblem(program, words);
  const guard = guards.get(program);
  const optionsEnd = endOfOptions(words, guard);
  for (const [index, shapes] of words.entries()) {
    for (const shape of shapes) {
      const isOperand = optionsEnd >= 0 && index > optionsEnd;
      const problem =
        (!isOperand && guard && optionProblem(guard, shape)) ||
        (isText(program, words, index) ? undefined : wordProblem(shape));
      if (problem) return said(program, shape, problem);
    }
  }
  return program === "grep" ? recursionProblem(words) : guard?.root === false ? rootProblem(program, words) : undefined;
}

/** The place of `--`, where it is not the value of an option. */
function endOfOptions(words: Words, guard: Guard | undefined): number {
  const at = words.findIndex((shapes) => shapes.length === 1 && shapes[0] === "--");
  const before = words[at - 1]?.[0] ?? "";
  const isValue = before.startsWith("-") && (before.startsWith("--") || guard?.valued.includes(before.slice(-1)));
  return isValue || guard?.endless ? -1 : at;
}

function said(program: string, shape: Shape, problem: string): string {
  return problem.startsWith("with") ? `${program} ${problem}` : `${program} ${shown(shape)} (${problem})`;
}

/** Programs that only say, or compute, what their words are. */
const talkers: readonly string[] = ["echo", "true", "false", ":"];

/** Whether the program does nothing with its words but say or compare them. */
export function onlyTalks(program: string): boolean {
  return talkers.includes(program);
}

/** A pattern shows the names of files, also where its command does not care for files. */
function lookedUpProblem(program: string, words: Words): string | undefined {
  for (const shape of words.flat()) {
    const problem = isKnown(shape) && (isPattern(shape) || shape.startsWith("/~")) ? pathProblem(shape) : undefined;
    if (problem) return said(program, shape, problem);
  }
  return undefined;
}

interface Guard {
  /** Short options that it must not have, for they run, write or read other things. */
  readonly short: string;
  /** Short options that take the rest of their word, or the next one. */
  readonly valued: string;
  readonly long: readonly string[];
  /** Whether it may be pointed at the whole workspace; yes, unless it says no. */
  readonly root?: false;
  /** `--` ends nothing. */
  readonly endless?: true;
}

const noOptions = { short: "", valued: "", long: [] } as const;

const guards: ReadonlyMap<string, Guard> = new Map(
  Object.entries<Guard>({
    sort: { short: "o", valued: "kStT", long: ["output", "compress-program", "files0-from"] },
    date: { short: "sf", valued: "dfrsI", long: ["set", "file"] },
    grep: { short: "Rdf", valued: "ABCDdefm", long: ["dereference-recursive", "directories", "file"] },
    diff: { short: "rl", valued: "CDFILUWXx", long: ["recursive", "paginate", "exclude-from"], root: false },
    wc: { ...noOptions, long: ["files0-from"] },
    find: { ...noOptions, endless: true },
    printf: { ...noOptions, short: "v" },
  }),
);

/** A date alone sets the clock. */
const clock = /^\d{8}/;

function optionProblem({ short, valued, long }: Guard, shape: Shape): string | undefined {
  if (mayBeOption(shape)) return "it could be an option: write ./ or -- before it";
  if (shape.startsWith("--")) {
    const [name = ""] = shape.slice(2).split("=");
    // A beginning of a name is enough for it.
    return name !== "" && long.some((each) => each.startsWith(name)) ? `with ${shown(shape)}` : undefined;
  }
  if (!shape.startsWith("-")) return long.includes("set") && clock.test(shape) ? "sets the clock" : undefined;
  for (const letter of shape.slice(1)) {
    if (short.includes(letter)) return `with ${shown(shape)}`;
    if (valued.includes(letter)) return undefined;
  }
  return undefined;
}

/** A word that may be a path, or have one behind its option or `=`. */
export function wordProblem(shape: Shape): string | undefined {
  if (isNumeric(shape)) return undefined;
  const behind = shape.split("=").length > mostParts ? undefined : suffixes(shape, /=/g);
  const isCluster = /^-[^-]/.test(shape);
  if (!behind || (isCluster && shape.length > mostLetters)) return "too long for an option";
  const glued = isCluster ? [...shape.slice(2)].map((_, index) => shape.slice(index + 2)) : [];
  return [shape, ...behind, ...glued].map(pathProblem).find((problem) => problem !== undefined);
}
const mostParts = 20;
const mostLetters = 300;

/** What stands behind each of the signs. */
function suffixes(shape: Shape, sign: RegExp): Shape[] {
  return [...shape.matchAll(sign)].map(({ index }) => shape.slice(index + 1));
}

/** The first word of grep that is not an option is what it looks for, unless an option says so. */
function isText(program: string, words: Words, index: number): boolean {
  if (program !== "grep" || words.some((shapes) => shapes.some((shape) => /^-(\w*[ef]|-r|-f)/.test(shape))))
    return false;
  const isOperand = (shapes: readonly Shape[]) =>
    shapes.every((shape) => !shape.startsWith("-") && !mayBeOption(shape));
  return index === words.findIndex(isOperand) && !(words[index] ?? []).some(isPattern);
}

/** Recursion is fine below folders that are named; anything else might reach the private ones. */
function recursionProblem(words: Words): string | undefined {
  const texts = words.map((shapes) => (shapes.length === 1 ? (shapes[0] ?? "") : ""));
  const cause = texts.find((text) => /^-(?!-).*r/.test(text) || /^--r/.test(text));
  const isOpen = words.some((shapes) => shapes.length > 1);
  if (cause === undefined) return undefined;
  const refused = `grep with ${shown(cause)} (in all of the workspace; name a folder of it)`;
  const operands: string[] = [];
  let isPatternGiven = false;
  for (let i = 0; i < texts.length; i++) {
    const text = texts[i] ?? "";
    if (!text.startsWith("-")) operands.push(text);
    else if (/^-[ABCm]$/.test(text)) i++;
    else if (text === "-e") {
      isPatternGiven = true;
      i++;
    } else if (
      !/^-([rnilcowvhHsEFGPxzaqLb]+|[ABCm]\d+)$|^--(recursive|(include|exclude|exclude-dir|color)=.*)$/.test(text)
    ) {
      return `grep with ${shown(cause)} and ${shown(text)}`;
    }
  }
  const folders = isPatternGiven ? operands : operands.slice(1);
  return isOpen || folders.length === 0 || folders.some(mayBeRoot) ? refused : undefined;
}

function rootProblem(program: string, words: Words): string | undefined {
  const root = words.flat().find((shape) => mayBeRoot(shape.replace(/^--[^=]*=/, "")));
  return root === undefined
    ? undefined
    : `${program} ${shown(root)} (all of the workspace; name a file or folder of it)`;
}

const comparisons = /^(=|==|!=|<|>|-eq|-ne|-gt|-ge|-lt|-le|-nt|-ot|-ef)$/;
const questions = /^-[bcdefghkLnprsStuwxzGNO]$/;

/** In bash some questions of `test` run what is in an array's index, so each must be one we know. */
function testProblem(program: string, words: Words): string | undefined {
  const inner = program === "[" ? words.slice(0, -1) : words;
  if (program === "[" && words.at(-1)?.[0] !== "]") return "[ without ]";
  if (inner.length > 1 && inner.flat().some(mayBeSeveral))
    return `${program} with a word that may be several (quote it)`;
  const known = inner.map((shapes) => (shapes.length === 1 ? (shapes[0] ?? "") : "\uE000"));
  while (known[0] === "!") known.shift();
  const [first = "", second = "", third] = known;
  if (known.length <= 1) return undefined;
  if (known.length === 2 && questions.test(first)) return undefined;
  if (known.length === 3 && comparisons.test(second) && third !== undefined) return undefined;
  const isOdd = known.some((shape) => !isKnown(shape) || /^-[vRot]$/.test(shape));
  return isOdd
    ? `${program} ${known.map(shown).join(" ")} (write one question at a time, joined by && or ||)`
    : undefined;
}
