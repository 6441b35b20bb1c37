import type { Inbound } from "../core/channel.ts";
import type { Actor } from "../core/tool.ts";

/** For whom a message is worked on; a sub-agent works for whom its caller does. */
export function actorOf({ delegated, from, sender, group }: Inbound): Actor {
  return delegated?.agent?.actor ?? { channel: from.channel, sender, ...(group !== undefined && { group }) };
}
