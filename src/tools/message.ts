import { WeftError } from "../core/error.ts";
import type { Tool } from "../core/tool.ts";
import { defineTool, text } from "../lib/define-tool.ts";

/** Where the owner talks to the agent; from elsewhere a message may only go to the own chat. */
const ownersChannels: readonly string[] = ["cli", "http"];

/** `channels` gives the names of those that can deliver. */
export function message(channels: () => readonly string[]): Tool {
  return defineTool({
    name: "message",
    description: "Send a message of your own to a chat. The answer to the user needs no tool.",
    effect: "write",
    parameters: {
      channel: text("Name of the chat platform, for example telegram"),
      chat_id: text("The chat on that platform"),
      content: text("What to say"),
    },
    async run({ channel, chat_id: chat, content }, { actor, session, send }) {
      const known = channels();
      if (!known.includes(channel)) {
        const some = known.length === 0 ? "none is running here" : `there are ${known.join(", ")}`;
        throw new WeftError("missing", `not found: the channel ${channel}: ${some}`);
      }
      if (!ownersChannels.includes(actor.channel) && session !== `${channel}:${chat}`) {
        throw new WeftError("refused", "permission denied: from here messages may only go to this chat");
      }
      await send({ channel, chat }, content);
      return `sent ${content.length} characters to ${channel} ${chat}`;
    },
  });
}
