import { plainText, textOf, type Word } from "./syntax.ts";

/** What a command runs besides, or instead of, itself. */
export type Followed =
  /** Another command; `more`: words come behind it that nobody can know. */
  | {
      readonly kind: "command";
      readonly words: readonly Word[];
      readonly more?: true;
      readonly sets?: readonly string[];
    }
  /** A line of the shell. */
  | { readonly kind: "line"; readonly text: string }
  | { readonly kind: "nothing" }
  | { readonly kind: "problem"; readonly problem: string }
  /** Nobody can say what it runs. */
  | { readonly kind: "unreadable"; readonly why: string };

interface Runner {
  /** Options without a word of their own behind them. */
  readonly flags: RegExp;
  /** Options with one. */
  readonly valued?: RegExp;
  /** Words between the options and the command. */
  readonly operands?: number;
  /** NAME=VALUE before the command. */
  readonly assigns?: true;
  /** It adds words of its input. */
  readonly more?: true;
  /** What it runs when nothing is named. */
  readonly standard?: string;
}

const runners: ReadonlyMap<string, Runner> = new Map(
  Object.entries<Runner>({
    env: { flags: /^(-|-[i0]+|--ignore-environment|--null|--unset=\w+|-u\w+)$/, valued: /^-[i0]*u$/, assigns: true },
    command: { flags: /^-p$/ },
    exec: { flags: /^$/ },
    builtin: { flags: /^$/ },
    nohup: { flags: /^$/ },
    time: { flags: /^-p$/ },
    nice: { flags: /^(-n?-?\d+|--adjustment=-?\d+)$/, valued: /^-n$/ },
    ionice: { flags: /^(-[cn]\d|-t)$/, valued: /^-[cn]$/ },
    setsid: { flags: /^-[cfw]+$/ },
    stdbuf: { flags: /^(-[ioe](0|L|\d+[KMG]?)|--(input|output|error)=\w+)$/, valued: /^-[ioe]$/ },
    timeout: {
      flags: /^(-[fv]|-[ks][\w.]+|--(foreground|preserve-status|verbose)|--(kill-after|signal)=[\w.]+)$/,
      valued: /^-[ks]$/,
      operands: 1,
    },
    xargs: {
      flags:
        /^(-[0rtpx]+|-[nPLs]\d+|-d.|--null|--no-run-if-empty|--verbose|--max-(args|procs|lines|chars)=\d+|--delimiter=.*)$/,
      valued: /^-[nPLsdI]$/,
      more: true,
      standard: "echo",
    },
    busybox: { flags: /^$/ },
    toybox: { flags: /^$/ },
  }),
);

const shells: readonly string[] = ["sh", "bash", "dash", "ash", "ksh", "mksh", "zsh"];

/** Undefined: it runs nothing that its words name. */
export function followed(program: string, words: readonly Word[]): Followed | undefined {
  if (shells.includes(program)) return lineOfShell(program, words);
  if (program === "eval" || program === "trap") return lineOfWords(program, words);
  const runner = runners.get(program);
  if (!runner) return undefined;
  if (program === "command" && /^-[vV]$/.test(words[0] ? textOf(words[0]) : "")) return { kind: "nothing" };
  if (program === "xargs") return commandOf(program, runner, withReplacement(words));
  return commandOf(program, runner, words);
}

function commandOf(program: string, runner: Runner, words: readonly Word[]): Followed {
  const sets: string[] = [];
  let at = afterOptions(runner, words) + (runner.operands ?? 0);
  for (; runner.assigns; at++) {
    const word = words[at];
    const name = /^([A-Za-z_]\w*)=/.exec(word ? textOf(word) : "")?.[1];
    if (name === undefined) break;
    sets.push(name);
  }
  const command = words.slice(at);
  const [first] = command;
  if (!first) return runner.standard ? { kind: "nothing" } : nothingNamed(program, sets);
  const text = plainText(first);
  if (text === undefined) return notPlain(program, words, at);
  if (text.startsWith("-")) return { kind: "problem", problem: `${program} with ${text}` };
  return { kind: "command", words: command, sets, ...(runner.more && { more: true }) };
}

/** The place of the first word that is not an option we know. */
function afterOptions({ flags, valued }: Runner, words: readonly Word[]): number {
  for (let at = 0; at < words.length; at++) {
    const text = textAt(words, at) ?? "";
    if (text === "--") return at + 1;
    if (valued?.test(text)) at++;
    else if (!text.startsWith("-") || !flags.test(text)) return at;
  }
  return words.length;
}

function nothingNamed(program: string, sets: readonly string[]): Followed {
  return program === "env" || program === "exec" || program === "command"
    ? { kind: "command", words: [], sets }
    : { kind: "nothing" };
}

/** `xargs -I{} cat {}`: what stands for the input cannot be known. */
function withReplacement(words: readonly Word[]): Word[] {
  const at = words.findIndex((word) => /^-I/.test(textOf(word)));
  const option = at < 0 ? "" : textOf(words[at] as Word);
  const mark = option.length > 2 ? option.slice(2) : words[at + 1] && textOf(words[at + 1] as Word);
  if (at < 0 || !mark) return [...words];
  const rest = words.slice(at + (option.length > 2 ? 1 : 2));
  return [...words.slice(0, at), ...rest.map((word) => (textOf(word).includes(mark) ? unknownWord : word))];
}

export const unknownWord: Word = { parts: [{ kind: "unknown", quoted: false }], lists: [], sets: [] };

function lineOfShell(program: string, words: readonly Word[]): Followed {
  for (let at = 0; at < words.length; at++) {
    const text = textAt(words, at);
    if (text === undefined) break;
    if (/^[-+]o$/.test(text)) at++;
    else if (/^-[eufxv]*c$/.test(text)) {
      const line = textAt(words, at + 1);
      return line === undefined ? notPlain(program, words, at + 1) : { kind: "line", text: line };
    } else if (!/^[-+][eufxv]+$|^--(posix|norc|noprofile)$/.test(text)) break;
  }
  return { kind: "problem", problem: `${program} without -c and a line: the commands of a script cannot be judged` };
}

function lineOfWords(program: string, words: readonly Word[]): Followed {
  const texts = words.map(plainText);
  const unknown = texts.indexOf(undefined);
  if (unknown >= 0) return notPlain(program, words, unknown);
  if (program === "eval") return { kind: "line", text: texts.join(" ") };
  const [line = "", ...signals] = texts;
  return signals.length === 0 || line === "-" ? { kind: "nothing" } : { kind: "line", text: line };
}

function textAt(words: readonly Word[], at: number): string | undefined {
  const word = words[at];
  return word && plainText(word);
}

function notPlain(program: string, words: readonly Word[], at: number): Followed {
  const word = words[at];
  if (!word) return { kind: "problem", problem: `${program} with nothing to run` };
  return { kind: "unreadable", why: `what ${program} runs must be plain text, not ${textOf(word)}` };
}
