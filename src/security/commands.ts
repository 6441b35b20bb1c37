import { privateFolders } from "../core/workspace.ts";
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

/** Why a command line may not run, or undefined. What cannot be read for sure is not run in allowlist mode. */
export function commandProblem(line: string, rules: CommandRules): string | undefined {
  const folded = line.toLowerCase().replace(/\s+/g, " ");
  const patterns = rules.denylist.length > 0 ? rules.denylist : destructive;
  const hit = patterns.find((pattern) => folded.includes(pattern.toLowerCase()));
  if (hit !== undefined) return `command blocked: ${line} (matched pattern: ${hit})`;
  if (rules.mode === "denylist") return undefined;
  const commands = simpleCommands(line);
  if (typeof commands === "string") return `command not allowed: ${line} (${commands})`;
  const allowed = rules.allowlist.length > 0 ? rules.allowlist : harmless;
  for (const words of commands) {
    const problem = problemOf(words, allowed);
    if (problem !== undefined) return `command not allowed: ${problem}`;
  }
  return undefined;
}

function problemOf(words: readonly string[], allowed: readonly string[]): string | undefined {
  const [program = "", ...rest] = words;
  if (!allowed.some((pattern) => nameMatches(pattern, program))) return `${program} is not in the allowlist`;
  const runner = runners[program];
  if (runner && rest.some((word) => runner.test(word)))
    return `${program} with ${rest.find((word) => runner.test(word))}`;
  const outside = rest.find(leadsOutside);
  return outside === undefined ? undefined : `${program} ${outside} (outside of the workspace)`;
}

/** Arguments with which a harmless program runs another one, writes, or reads folders it was not pointed at. */
const runners: Readonly<Record<string, RegExp>> = {
  env: /^[^=]*$/,
  find: /^-(exec|ok|delete|fprint|fls)/,
  sort: /^(-o|--output|--compress-program)/,
  date: /^(-s|--set)/,
  grep: /^(-[a-zA-Z]*[rRdf]|--recursive|--dereference-recursive|--directories|--file)/,
  diff: /^(-[a-zA-Z]*r|--recursive)/,
};

/** The shell sees all files of the machine; without a sandbox only what its words say can be judged. */
function leadsOutside(word: string): boolean {
  const path = word.includes("=") ? word.slice(word.indexOf("=") + 1) : word;
  if (path === "/dev/null") return false;
  const [first = ""] = path.replace(/^(\.\/)+/, "").split("/");
  return /^[/~]/.test(path) || path.split("/").includes("..") || isPrivate(first);
}

/** What the shell would expand in other ways than we know counts as private too. */
function isPrivate(name: string): boolean {
  if (/[[{]/.test(name)) return true;
  return privateFolders.some((folder) => name === folder || (/[*?[]/.test(name) && nameMatches(name, folder)));
}

/**
 * The words of each command of a list or pipeline; or why that cannot be said. Only plain words and quotes are
 * read: substitutions, redirections into files and assignments are not.
 */
function simpleCommands(line: string): string[][] | string {
  const commands: string[][] = [[]];
  let rest = line.trim();
  while (rest !== "") {
    const match = token.exec(rest);
    if (!match?.groups) return `cannot be read from ${JSON.stringify(rest.slice(0, 20))} on`;
    // A line end is an operator, not a space.
    rest = rest.slice(match[0].length).replace(/^[ \t]+/, "");
    const { word, operator } = match.groups;
    if (operator !== undefined) commands.push([]);
    if (word === undefined) continue;
    if (word.includes("$") && !/^'[^']*'$/.test(word)) return "it uses a variable or substitution";
    commands.at(-1)?.push(unquoted(word));
  }
  return commands.filter((words) => words.length > 0);
}

const token =
  /^(?:(?<quiet>2>&1|[12]?>\s?\/dev\/null)(?=\s|$|[|;&])|(?<operator>\|\||&&|[|;\n])|(?<word>(?:[^\s'"`\\|;&<>()#$]|\$|'[^']*'|"[^"`\\]*")+))/;

function unquoted(word: string): string {
  return word.replace(/'([^']*)'|"([^"]*)"/g, (_, single?: string, double?: string) => single ?? double ?? "");
}
