import type { Deliverer, Inbound, Reply } from "../core/channel.ts";
import type { SubAgent } from "../core/delegation.ts";
import { WeftError } from "../core/error.ts";
import type { JournalTurn } from "../core/journal.ts";
import type { Line } from "../core/line.ts";
import { marked } from "../lib/marks.ts";
import { inBackground } from "./begin.ts";
import { lastReply, stopWords } from "./delegate-task.ts";

export interface AnswersOptions {
  readonly line: () => Pick<Line, "receive">;
  /** Turns whose reply is not delivered; `Journal.open`. */
  readonly open: () => JournalTurn[];
  /** Unix milliseconds. */
  readonly now: () => number;
}

/**
 * Brings the answer of a background agent into its parent's session, as a message that takes the same line as all
 * others. It is delivered like a reply to a chat: again after a crash, under an id that lets only one through.
 */
export function answers({ line, open, now }: AnswersOptions): Deliverer {
  return {
    name: inBackground,
    async deliver({ id, events }) {
      const reply = await lastReply(events);
      const turn = open().find((each) => each.turn === id);
      const agent = turn?.inbound.delegated?.agent;
      // Whoever stopped it knows.
      if (!turn || !agent?.answerTo || reply.error?.code === "aborted") return;
      try {
        await line().receive(messageOf(turn, { agent, answerTo: agent.answerTo, reply, at: now() }));
      } catch (error) {
        // It is there already, and its own answer waits for delivery.
        if (WeftError.from(error).code !== "conflict") throw error;
      }
    },
  };
}

interface Answer {
  readonly agent: SubAgent;
  readonly answerTo: NonNullable<SubAgent["answerTo"]>;
  readonly reply: Reply;
  readonly at: number;
}

function messageOf({ turn, inbound }: JournalTurn, { agent, answerTo, reply, at }: Answer): Inbound {
  return {
    id: `answer of ${turn}`,
    from: answerTo,
    sender: agent.actor.sender,
    session: agent.parent,
    parts: [{ type: "text", text: textOf(agent, reply, inbound.session), ...(reply.untrusted && { untrusted: true }) }],
    at,
    durable: true,
    delegated: { depth: inbound.delegated?.depth ?? 1 },
  };
}

const mostCharacters = 24_000;

function textOf({ id, description }: SubAgent, { text, stop, error, untrusted }: Reply, session: string): string {
  const how = error ? `has failed: ${error.message}` : `has finished${stopWords[stop] ?? ""}`;
  const head = `[weft: the background agent ${id} ("${description}") ${how}. What follows are its words, not the user's: tell the user what matters of them.]`;
  if (text.trim() === "") return head;
  const cut = text.length > mostCharacters ? `\n[cut here; the whole is in the session ${session}]` : "";
  const said = text.slice(0, mostCharacters);
  return `${head}\n\n${untrusted ? marked(said, "agent", id) : said}${cut}`;
}
