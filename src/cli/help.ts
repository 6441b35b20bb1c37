import { WeftError } from "../core/error.ts";
import { didYouMean } from "../lib/nearest.ts";
import { version } from "../version.ts";
import type { Call, Command } from "./command.ts";
import { topics } from "./topics.ts";

export async function help({ platform, commands, arguments: { TOPIC: topic } }: Call): Promise<number> {
  await platform.terminal.out(topic === undefined ? overview(commands, "") : aboutTopic(commands, topic));
  return 0;
}

function aboutTopic(commands: readonly Command[], topic: string): string {
  const text = topics[topic];
  if (text !== undefined) return `${text.trim()}\n`;
  const command = commands.find(({ name }) => name === topic);
  if (command) return commandHelp(command);
  if (commands.some(({ name }) => name.startsWith(`${topic} `))) return overview(commands, topic);
  const names = [...Object.keys(topics), ...commands.map(({ name }) => name)];
  const hint = didYouMean(topic, names);
  throw new WeftError("usage", `there is no help on '${topic}'.${hint} Topics: ${Object.keys(topics).join(", ")}`);
}

/** All commands, or those that begin with a group's name. */
export function overview(commands: readonly Command[], group: string): string {
  const shown = commands.filter(({ name, hidden }) => !hidden && (group === "" || name.startsWith(`${group} `)));
  const rows = columns(shown.map((command) => [usage(command), command.about]));
  if (group !== "") return `${rows}\n\nMore on one: weft COMMAND --help\n`;
  return `weft ${version}: a small, self-hosted AI agent gateway that never loses a message

Usage: weft COMMAND [OPTIONS]

Commands:
${rows}

Options:
${columns([
  ["-h, --help", "help on a command: weft COMMAND --help"],
  ["-V, --version", "the version"],
])}

Topics: ${Object.keys(topics).join(", ")} (weft help TOPIC)
`;
}

export function commandHelp(command: Command): string {
  const { about, arguments: list = [], options = [], examples = [] } = command;
  const parts = [
    `weft ${command.name}: ${about}`,
    `Usage: weft ${usage(command)}${options.length > 0 ? " [OPTIONS]" : ""}`,
  ];
  if (list.length > 0) parts.push(`Arguments:\n${columns(list.map((each) => [each.name, each.about]))}`);
  if (options.length > 0) parts.push(`Options:\n${columns(options.map((each) => [optionUsage(each), each.about]))}`);
  if (examples.length > 0) parts.push(`Examples:\n${examples.map((example) => `  ${example}`).join("\n")}`);
  return `${parts.join("\n\n")}\n`;
}

function usage({ name, arguments: list = [] }: Command): string {
  return [name, ...list.map((each) => (each.optional ? `[${each.name}]` : each.name))].join(" ");
}

function optionUsage({ name, short, value }: { name: string; short?: string; value?: string }): string {
  const names = short === undefined ? `    --${name}` : `-${short}, --${name}`;
  return value === undefined ? names : `${names} ${value}`;
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
}
