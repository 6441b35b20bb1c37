import { WeftError } from "../core/error.ts";
import { didYouMean, nearest } from "../lib/nearest.ts";
import type { Call, Command, Option } from "./command.ts";

export type Parsed =
  | { readonly command: Command; readonly call: Omit<Call, "platform" | "commands">; readonly help: boolean }
  | { readonly version: true }
  /** Help about all commands, or those of a group. */
  | { readonly overview: string };

/** What the words of the command line mean. Throws `usage` with the nearest thing that would have been right. */
export function parseCommandLine(words: readonly string[], commands: readonly Command[]): Parsed {
  const [first] = words;
  if (first === "--version" || first === "-V") return { version: true };
  const command = commandOf(words, commands);
  if (!command) return groupOf(words, commands);
  const rest = words.slice(command.name.split(" ").length);
  if (command.hidden) return { command, call: { arguments: {}, options: {}, words: rest }, help: false };
  const { options, positional, help } = readWords(rest, command);
  return { command, call: { options, arguments: help ? {} : namedArguments(positional, command), words: rest }, help };
}

/** The longest name that the words begin with. */
function commandOf(words: readonly string[], commands: readonly Command[]): Command | undefined {
  const begins = ({ name }: Command) => name.split(" ").every((part, i) => words[i] === part);
  return commands.filter(begins).sort((a, b) => b.name.length - a.name.length)[0];
}

function groupOf(words: readonly string[], commands: readonly Command[]): Parsed {
  const [first = ""] = words;
  if (first === "" || first === "-h" || first === "--help") return { overview: "" };
  const group = commands.filter(({ name }) => name.startsWith(`${first} `));
  if (group.length === 0) {
    const names = [...new Set(commands.filter(({ hidden }) => !hidden).map(({ name }) => name.split(" ")[0] ?? ""))];
    throw unknown(first.startsWith("-") ? "unexpected argument" : "unknown command", first, names);
  }
  const second = words[1];
  if (second === undefined || second === "-h" || second === "--help") return { overview: first };
  const names = group.map(({ name }) => name.slice(first.length + 1));
  throw unknown(`unknown command ${first}`, second, names);
}

function unknown(what: string, word: string, names: readonly string[]): WeftError {
  const meant = nearest(word, names);
  const hint = meant === undefined ? `There are: ${names.join(", ")}.` : `Did you mean ${meant}?`;
  return new WeftError("usage", `${what} '${word}'. ${hint} See: weft help`);
}

interface Words {
  readonly options: Record<string, string>;
  readonly positional: string[];
  help: boolean;
}

function readWords(words: readonly string[], command: Command): Words {
  const result: Words = { options: {}, positional: [], help: false };
  const queue = [...words];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (word === "--") {
      result.positional.push(...queue);
      break;
    }
    if (word === "-h" || word === "--help") result.help = true;
    else if (word.startsWith("-") && word !== "-") readOption(word, queue, { command, result });
    else result.positional.push(word);
  }
  return result;
}

function readOption(word: string, queue: string[], to: { readonly command: Command; readonly result: Words }): void {
  const { command, result } = to;
  const equals = word.indexOf("=");
  const name = equals < 0 ? word : word.slice(0, equals);
  const option = (command.options ?? []).find((each) => name === `--${each.name}` || name === `-${each.short}`);
  if (!option) throw unexpected(name, command);
  const given = equals < 0 ? undefined : word.slice(equals + 1);
  if (option.value === undefined) {
    if (given !== undefined) throw new WeftError("usage", `error: ${name} takes no value`);
    result.options[option.name] = "";
    return;
  }
  const value = given ?? queue.shift();
  if (value === undefined) throw new WeftError("usage", `error: ${name} needs a value: ${name} ${option.value}`);
  result.options[option.name] = value;
}

function unexpected(name: string, command: Command): WeftError {
  const names = (command.options ?? []).map((option: Option) => `--${option.name}`);
  const hint = didYouMean(name, names);
  return new WeftError(
    "usage",
    `error: unexpected argument '${name}' for weft ${command.name}.${hint} See: weft ${command.name} --help`,
  );
}

function namedArguments(positional: readonly string[], command: Command): Record<string, string> {
  const wanted = command.arguments ?? [];
  const missing = wanted[positional.length];
  if (missing && !missing.optional) {
    throw new WeftError("usage", `error: weft ${command.name} needs ${missing.name}: ${missing.about}`);
  }
  const [extra] = positional.slice(wanted.length);
  if (extra !== undefined) {
    throw new WeftError(
      "usage",
      `error: unexpected argument '${extra}' for weft ${command.name}. See: weft ${command.name} --help`,
    );
  }
  return Object.fromEntries(
    wanted.flatMap(({ name }, i) => (positional[i] === undefined ? [] : [[name, positional[i]]])),
  );
}
