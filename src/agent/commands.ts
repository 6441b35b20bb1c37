import type { BackgroundAgents } from "../core/delegation.ts";
import type { Permissions, Policy } from "../core/policy.ts";
import type { Entry, SessionStore } from "../core/session.ts";
import type { Payer, Price, Spending } from "../core/spending.ts";
import type { Actor, Tool } from "../core/tool.ts";
import type { CommandName } from "./command-names.ts";
import { budget, cost } from "./money-commands.ts";

export interface CommandOptions {
  readonly store: SessionStore;
  readonly tools: readonly Tool[];
  /** The model of this session's next turn. */
  modelOf(session: string): Promise<string>;
  /** Throws when there is no such model, its key is missing, or it is not for who says it. */
  chooseModel(call: Pick<CommandCall, "session" | "actor">, model: string): Promise<void>;
  /** Models that can be named, for `/model` alone. */
  knownModels(): readonly string[];
  /** Absent: this build has none. */
  readonly background?: BackgroundAgents | undefined;
  /** What `why` says to somebody. Throws `usage`. */
  readonly why: (actor: Actor, words: readonly string[]) => Promise<string>;
  readonly policy: Pick<Policy, "decide">;
  readonly spending: Pick<Spending, "standing" | "extend">;
  /** Undefined where nobody knows it. */
  readonly priceOf: (model: string) => Promise<Price | undefined>;
  /** What `/pairing` and these words say to somebody. */
  readonly pairing: (actor: Actor, words: string) => Promise<string>;
  /** Unix milliseconds. */
  readonly now: () => number;
}

export interface CommandResult {
  readonly text: string;
  readonly entries?: readonly Entry[];
}

export interface CommandCall {
  readonly turn: string;
  readonly session: string;
  readonly rest: string;
  /** Who says it. */
  readonly actor: Actor;
  readonly payer: Payer;
  readonly permissions: Permissions;
}

interface Command {
  readonly usage: string;
  readonly summary: string;
  run(call: CommandCall, options: CommandOptions): Promise<CommandResult>;
}

/** What a user may type in any chat instead of a message; answered without a model. `/stop` is the line's own. */
const commands: Readonly<Record<CommandName, Command>> = {
  help: { usage: "/help", summary: "what can be typed here", run: async (_, options) => ({ text: help(options) }) },
  clear: { usage: "/clear", summary: "begin a new conversation; the old one stays in the file", run: clear },
  tools: { usage: "/tools", summary: "the agent's tools", run: async (_, { tools }) => ({ text: listTools(tools) }) },
  model: { usage: "/model [VENDOR/NAME]", summary: "show or choose this conversation's model", run: model },
  sessions: { usage: "/sessions", summary: "the newest conversations", run: listSessions },
  agents: { usage: "/agents [stop ID]", summary: "what works for you in the background", run: agents },
  stop: {
    usage: "/stop",
    summary: "end what the agent is doing now, in the background too",
    run: async () => ({ text: "Nothing is running." }),
  },
  approve: {
    usage: "/approve [session|always]",
    summary: "yes to what the agent asks; session: and to the same again",
    run: async () => ({ text: nothingWaits }),
  },
  deny: { usage: "/deny", summary: "no to what the agent asks", run: async () => ({ text: nothingWaits }) },
  cost: { usage: "/cost", summary: "what this conversation has used, its sub-agents too", run: cost },
  budget: {
    usage: "/budget [extend SCOPE USD]",
    summary: "what may be spent; admins: more for today and this month, SCOPE as in user:ann or global",
    run: budget,
  },
  why: {
    usage: "/why tool NAME",
    summary: "whether you may do something, and by which rule; also command, read, write, connect, model",
    run: async ({ actor, rest }, { why }) => ({ text: await why(actor, words(rest)) }),
  },
  pairing: {
    usage: "/pairing [approve CODE [2]]",
    summary: "admins: who was let in; let in who has the code; revoke CHANNEL:SENDER",
    run: async ({ actor, rest }, { pairing }) => ({ text: await pairing(actor, rest) }),
  },
};

const nothingWaits = "Nothing waits for your word.";

/** The first word, and all that stands behind it. */
function words(text: string): string[] {
  const [, first = "", rest = ""] = /^(\S*)\s*(.*)$/s.exec(text) ?? [];
  return [first, rest];
}

export async function runCommand(
  command: { readonly name: CommandName; readonly rest: string },
  at: Omit<CommandCall, "rest">,
  options: CommandOptions,
): Promise<CommandResult> {
  return await commands[command.name].run({ ...at, rest: command.rest }, options);
}

function help({ tools }: CommandOptions): string {
  const rows = Object.values(commands).map(({ usage, summary }) => `${usage.padEnd(27)} ${summary}`);
  return `${rows.join("\n")}\n\nAnything else is a message for the agent. It has ${tools.length} tools: /tools lists them.`;
}

async function clear({ turn, session }: CommandCall, { store, now }: CommandOptions): Promise<CommandResult> {
  if ((await store.read(session, 1)).length === 0) return { text: "This conversation is empty already." };
  const entries: Entry[] = [{ type: "summary", id: `${turn}-0`, text: "", keep: 0, at: now() }];
  return { text: "A new conversation begins. The old one stays in the session file.", entries };
}

function listTools(tools: readonly Tool[]): string {
  return tools.map(({ name, description }) => `${name.padEnd(16)} ${description.split(/(?<=\.) /, 1)[0]}`).join("\n");
}

async function model(call: CommandCall, options: CommandOptions): Promise<CommandResult> {
  const { session, rest } = call;
  if (rest !== "") {
    await options.chooseModel(call, rest);
    return { text: `This conversation now uses ${rest}.` };
  }
  const known = options.knownModels().join(", ");
  return { text: `Model: ${await options.modelOf(session)}\nChange it with /model VENDOR/NAME. Vendors: ${known}` };
}

async function agents({ session, rest }: CommandCall, { background, now }: CommandOptions): Promise<CommandResult> {
  if (!background)
    return { text: "This build of weft was made without the feature `delegation`: it has no sub-agents." };
  const id = /^stop\s+(\S+)$/.exec(rest)?.[1];
  if (id !== undefined) {
    return { text: background.stop(session, id) ? `Stopped ${id}.` : `No agent ${id} is running: see /agents` };
  }
  if (rest !== "") return { text: "Usage: /agents, or /agents stop ID" };
  const rows = background.list(session).map(({ id: name, startedAt, rounds, description }) => {
    const how = rounds === 0 ? "begun" : `${rounds} step(s)`;
    return `${name}  ${Math.round((now() - startedAt) / 1000)} s, ${how}  ${description}`;
  });
  return { text: rows.length === 0 ? "Nothing runs in the background." : rows.join("\n") };
}

async function listSessions({ session }: CommandCall, { store }: CommandOptions): Promise<CommandResult> {
  const newest = (await store.list()).slice(0, 20);
  if (newest.length === 0) return { text: "No sessions found." };
  const rows = newest.map((info) => {
    const mark = info.session === session ? " (this one)" : "";
    return `${new Date(info.updatedAt).toISOString().slice(0, 16).replace("T", " ")}  ${info.session}${mark}`;
  });
  return { text: rows.join("\n") };
}
