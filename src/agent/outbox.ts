import type { Address } from "../core/address.ts";
import type { Deliverer, Outgoing } from "../core/channel.ts";
import { type ErrorCode, WeftError } from "../core/error.ts";
import type { Journal, OutboxItem } from "../core/journal.ts";
import { eventHub } from "../lib/event-hub.ts";
import { serial } from "../lib/serial.ts";

export interface OutboxOptions {
  readonly journal: Journal;
  readonly channels: ReadonlyMap<string, Deliverer>;
  /** Rejects when the program ends. */
  readonly sleep: (ms: number) => Promise<void>;
  readonly failed: (channel: string, error: WeftError) => void;
}

export interface Outbox {
  /** Safe when it resolves; delivered in the background. Throws `missing` for a channel that is not connected. */
  post(item: OutboxItem): Promise<void>;
  /** Tries until the platform has taken it or refused it for good; rejects when the program ends first. */
  deliver(outgoing: Outgoing): Promise<void>;
  /** Sends what a former process left behind. */
  resume(): void;
}

const waitsMs = [1000, 5000, 30_000, 120_000, 300_000];

/** Trying again would not help: the platform has said no for good. */
const finalCodes: readonly ErrorCode[] = ["refused", "invalid", "missing", "auth"];

export function outbox(options: OutboxOptions): Outbox {
  const chats = new Map<string, Chat>();
  const send = (item: OutboxItem) => {
    const work = async () => {
      await inChat(chats, item.to, () => deliver(options, { id: item.id, to: item.to, events: replyOnly(item.text) }));
      await options.journal.posted(item.id);
    };
    background(options, item.to.channel, work());
  };
  return {
    async post(item) {
      channelOf(options, item.to.channel);
      await options.journal.post(item);
      send(item);
    },
    deliver: (outgoing) => inChat(chats, outgoing.to, () => deliver(options, outgoing)),
    resume() {
      for (const item of options.journal.outbox()) if (options.channels.has(item.to.channel)) send(item);
    },
  };
}

interface Chat {
  readonly inOrder: ReturnType<typeof serial>;
  waiting: number;
}

/** One delivery at a time in a chat, in order; a stuck chat holds up no other. */
async function inChat(chats: Map<string, Chat>, to: Address, task: () => Promise<void>): Promise<void> {
  const key = JSON.stringify([to.channel, to.chat, to.thread]);
  const chat = chats.get(key) ?? { inOrder: serial(), waiting: 0 };
  chats.set(key, chat);
  chat.waiting++;
  try {
    await chat.inOrder(task);
  } finally {
    chat.waiting--;
    if (chat.waiting === 0) chats.delete(key);
  }
}

/** For work nobody waits for: how it failed is told, and what it stands for stays in the journal. */
export function background(options: Pick<OutboxOptions, "failed">, where: string, work: Promise<void>): void {
  work.catch((error: unknown) => options.failed(where, WeftError.from(error)));
}

async function deliver(options: OutboxOptions, outgoing: Outgoing): Promise<void> {
  const channel = channelOf(options, outgoing.to.channel);
  for (let attempt = 0; ; attempt++) {
    try {
      return await channel.deliver(outgoing);
    } catch (thrown) {
      const error = WeftError.from(thrown);
      options.failed(channel.name, error);
      if (finalCodes.includes(error.code)) return;
      await options.sleep(waitsMs[Math.min(attempt, waitsMs.length - 1)] ?? 0);
    }
  }
}

function channelOf({ channels }: OutboxOptions, name: string): Deliverer {
  const channel = channels.get(name);
  if (channel) return channel;
  const connected = [...channels.keys()].join(", ") || "none";
  throw new WeftError("missing", `not found: channel ${name} is not connected here (connected: ${connected})`);
}

function replyOnly(text: string): Outgoing["events"] {
  const hub = eventHub();
  hub.push({ type: "reply", reply: { text, usage: { inputTokens: 0, outputTokens: 0 }, model: "", stop: "end" } });
  return hub.read();
}
