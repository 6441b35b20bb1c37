import type { Inbound, TurnEvent } from "../core/channel.ts";
import { type Message, textOf } from "../core/message.ts";
import type { Model } from "../core/model.ts";
import type { Permissions } from "../core/policy.ts";
import type { Entry } from "../core/session.ts";
import type { Payer } from "../core/spending.ts";
import { tokensOfMessages } from "../lib/tokens.ts";
import { actorOf } from "./actor.ts";
import { type History, historyOf } from "./history.ts";
import type { Work } from "./line.ts";
import type { PromptSettings } from "./prompt.ts";

/** What the model of a turn is chosen by. */
export interface ModelUse {
  readonly permissions: Permissions;
  /** By a person who may do that, for this message. */
  readonly named?: string | undefined;
  /** By an agent for its sub-agent, or for the whole conversation with `/model`. */
  readonly wished?: string | undefined;
  /** In its place, when that is not to be had. */
  readonly fallback?: string | undefined;
  readonly question: AskedFor;
  /** Absent where nothing is asked of the model. */
  readonly payer?: Payer;
}

export interface AskedFor {
  readonly text: string;
  /** The user's message before. */
  readonly before: string;
  readonly images: number;
  readonly conversationTokens: number;
}

export interface TurnModel {
  readonly model: Model;
  /** What it may be given to read; absent = what it can. */
  readonly contextTokens?: number;
  /** How it was chosen, where it was. */
  readonly route?: RouteTaken;
}

export interface RouteTaken {
  readonly tier: string;
  readonly score: number;
  readonly model: string;
  readonly why: string;
}

/** Who pays for a turn; a sub-agent spends the money of whom it works for. */
export function payerOf({ turn, inbound, emit }: Pick<Work, "turn" | "inbound" | "emit">, limits: Permissions): Payer {
  const actor = actorOf(inbound);
  const { dailyUsd, monthlyUsd } = limits;
  return {
    user: actor.sender,
    channel: actor.channel,
    agent: actor.agent ?? (inbound.delegated?.agent ? "sub-agent" : "main"),
    job: actor.job,
    turn,
    dailyUsd,
    monthlyUsd,
    notice: (text) => emit({ type: "notice", text }),
  };
}

/** What is asked, and in which conversation: nobody looks at that where the model is always the same. */
export function askedFor(inbound: Pick<Inbound, "parts">, before: readonly Entry[]): AskedFor {
  let known: History | undefined;
  const history = () => {
    known ??= historyOf(before);
    return known;
  };
  return {
    text: textOf({ role: "user", parts: inbound.parts, at: 0 }),
    images: inbound.parts.filter(({ type }) => type === "image").length,
    get before() {
      return textOfLast(history().messages);
    },
    get conversationTokens() {
      const { messages, summaryTokens } = history();
      return summaryTokens + tokensOfMessages(messages);
    },
  };
}

function textOfLast(messages: readonly Message[]): string {
  const last = messages.findLast(({ role }) => role === "user");
  return last ? textOf(last) : "";
}

/** At most what the user and the tier may read and write. */
export function limitedTo(
  settings: PromptSettings,
  { maxContextTokens, maxOutputTokens }: Pick<Permissions, "maxContextTokens" | "maxOutputTokens">,
  tierTokens = Number.POSITIVE_INFINITY,
): PromptSettings {
  const contextTokens = Math.min(settings.contextTokens ?? Number.POSITIVE_INFINITY, maxContextTokens, tierTokens);
  return {
    ...settings,
    ...(Number.isFinite(contextTokens) && { contextTokens }),
    maxOutputTokens: Math.min(settings.maxOutputTokens, maxOutputTokens),
  };
}

/** For who may not see an answer while it comes: the reply has it whole. */
export function wholeOnly(emit: (event: TurnEvent) => void): (event: TurnEvent) => void {
  return (event) => {
    if (event.type !== "text" && event.type !== "thinking" && event.type !== "restart") emit(event);
  };
}
