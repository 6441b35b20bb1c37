import type { CommandFact, CommandFacts } from "../core/policy.ts";
import { nameMatches } from "../lib/glob.ts";

export interface CommandRules {
  readonly mode: "allowlist" | "denylist";
  /** Programs; empty = the harmless ones. */
  readonly allowlist: readonly string[];
  /** Patterns; empty = the destructive ones. */
  readonly denylist: readonly string[];
}

export const harmless: readonly string[] =
  "echo cat ls pwd head tail wc grep find sort uniq diff date env true false test".split(" ");

export const destructive: readonly string[] = [
  "rm -rf /",
  "sudo ",
  "mkfs",
  "dd if=",
  ":(){ :|:& };:",
  "chmod 777 /",
  "> /dev/sd",
  "shutdown",
  "reboot",
  "poweroff",
  "format c:",
];

export interface CommandProblem {
  readonly reason: string;
  /** Of `tools.command_policy`: what decided. */
  readonly list: "allowlist" | "denylist" | "mode";
  /** How the owner, or the model, gets it done. */
  readonly allow: string;
}

/**
 * Why a command line may not run, or undefined. The facts come from `shell/facts.ts`, which only those load who have
 * a line to judge.
 */
export function commandProblem(line: string, facts: CommandFacts, rules: CommandRules): CommandProblem | undefined {
  const hit = patternIn(line, facts, rules.denylist.length > 0 ? rules.denylist : destructive);
  if (hit !== undefined) {
    return {
      reason: `command blocked: ${line} (matched pattern: ${hit})`,
      list: "denylist",
      allow: "To allow it, list your own patterns in tools.command_policy.denylist.",
    };
  }
  if (facts.unreadable !== undefined) {
    return {
      reason: `command not allowed: ${line} (it cannot be read: ${facts.unreadable})`,
      list: "mode",
      allow: "No setting allows that, neither mode of tools.command_policy: write it in plainer words.",
    };
  }
  if (rules.mode === "denylist") return undefined;
  const allowed = rules.allowlist.length > 0 ? rules.allowlist : harmless;
  for (const { program, problem } of facts.commands) {
    const isAllowed = program === undefined || allowed.some((pattern) => nameMatches(pattern, program));
    const reason = isAllowed ? problem : `${program} is not in the allowlist`;
    if (reason !== undefined)
      return { reason: `command not allowed: ${reason}`, list: "allowlist", allow: isAllowed ? otherWay : listed };
  }
  return undefined;
}

const listed =
  "To allow programs, list them in tools.command_policy.allowlist, or set tools.command_policy.mode to denylist.";
const otherWay = "No entry of tools.command_policy.allowlist allows that; tools.command_policy.mode denylist does.";

/** The first pattern that is in the line as it was written, as it is without quotes, or in one of its commands. */
function patternIn(line: string, facts: CommandFacts, patterns: readonly string[]): string | undefined {
  const said = facts.commands.map(({ words }) => `${words.map((word) => word.at(-1) ?? "").join(" ")} `);
  const texts = [line, facts.plain, ...said].map(folded);
  const tight = [line, facts.plain, withoutNames(facts.plain)].map(withoutSpaces);
  return patterns.find(
    (pattern) =>
      texts.some((text) => text.includes(folded(pattern))) ||
      (/[|&;(){}<>]/.test(pattern) && tight.some((text) => text.includes(withoutSpaces(pattern)))) ||
      facts.commands.some((command) => doesThat(command, pattern)),
  );
}

/** A function by any other name. */
function withoutNames(plain: string): string {
  const tokens = plain.split(" ");
  const name = tokens[tokens.findIndex((token, at) => token === "(" && tokens[at + 1] === ")") - 1];
  return tokens.map((token) => (token === name ? ":" : token)).join(" ");
}

function folded(text: string): string {
  return text.toLowerCase().replace(/\s+/g, " ");
}

function withoutSpaces(text: string): string {
  return text.toLowerCase().replace(/\s+/g, "");
}

/** The same program with at least these options, however they are written, and these other words in this order. */
function doesThat({ words }: CommandFact, pattern: string): boolean {
  const [program = "", ...rest] = folded(pattern).trim().split(" ");
  if (rest.length === 0) return false;
  const wanted = { letters: lettersOf(rest.map((word) => [word])), operands: rest.filter((word) => !isOption(word)) };
  return words.some((word, at) => {
    if (!word.some((text) => text.toLowerCase().replace(/^.*\//, "") === program)) return false;
    const behind = words.slice(at + 1);
    const letters = lettersOf(behind);
    return [...wanted.letters].every((letter) => letters.has(letter)) && hasInOrder(behind, wanted.operands);
  });
}

function isOption(word: string): boolean {
  return /^-./.test(word);
}

/** A long option counts as its first letter: `--recursive` is `-r`. */
function lettersOf(words: readonly (readonly string[])[]): Set<string> {
  const options = words.flat().filter(isOption);
  return new Set(
    options
      .flatMap((word) => (word.startsWith("--") ? word.slice(2, 3) : [...word.slice(1)]))
      .map((letter) => letter.toLowerCase()),
  );
}

/** The last of them may go on: `/` stands for all that begins with it. */
function hasInOrder(words: readonly (readonly string[])[], operands: readonly string[]): boolean {
  let next = 0;
  for (const word of words) {
    const operand = operands[next];
    if (operand === undefined) break;
    const isLast = next === operands.length - 1;
    if (word.some((text) => (isLast ? text.toLowerCase().startsWith(operand) : text.toLowerCase() === operand))) next++;
  }
  return next === operands.length;
}
