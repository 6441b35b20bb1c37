import type { Inbound } from "../core/channel.ts";
import { textOf } from "../core/message.ts";

/** What a user may type in any chat; commands.ts, loaded with the first one, runs it. */
const names = [
  "help",
  "clear",
  "tools",
  "model",
  "sessions",
  "agents",
  "stop",
  "approve",
  "deny",
  "cost",
  "budget",
  "why",
  "pairing",
] as const;

export type CommandName = (typeof names)[number];

/** The command in a message, if it is one of ours; other words with a slash are for the model. */
export function commandIn(inbound: Inbound): { readonly name: CommandName; readonly rest: string } | undefined {
  if (inbound.history || inbound.delegated) return undefined;
  const text = textOf({ role: "user", parts: inbound.parts, at: 0 }).trim();
  const match = /^\/([a-z]+)(?:\s+(.*))?$/s.exec(text);
  const name = names.find((each) => each === match?.[1]);
  return name && { name, rest: match?.[2]?.trim() ?? "" };
}
