import type { Inbound } from "../core/channel.ts";
import type { Pairing } from "../core/pairing.ts";
import type { Policy } from "../core/policy.ts";
import type { Actor } from "../core/tool.ts";

export interface GateOptions {
  readonly standingOf: Policy["standingOf"];
  readonly pairing: () => Promise<Pick<Pairing, "ask">>;
  /** The line. */
  readonly receive: (inbound: Inbound) => Promise<unknown>;
}

/**
 * What a channel gives its messages to. A stranger's message ends here: no journal, no model and no log has it. In a
 * conversation of two he is offered a code; a group would read it with him, so there he hears nothing.
 */
export function pairingGate({ standingOf, pairing, receive }: GateOptions): (inbound: Inbound) => Promise<void> {
  return async (inbound) => {
    const actor = actorOf(inbound);
    const { permissions, from } = standingOf(actor);
    if (permissions.level > 0) {
      await receive(inbound);
      return;
    }
    // The owner's configuration says that he is a stranger: no code would change that.
    if (from.level !== undefined || inbound.group !== undefined) return;
    await (await pairing()).ask(actor, inbound.from);
  };
}

function actorOf({ from, sender, group }: Inbound): Actor {
  return { channel: from.channel, sender, ...(group !== undefined && { group }) };
}
