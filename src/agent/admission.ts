import type { Inbound } from "../core/channel.ts";
import { WeftError } from "../core/error.ts";
import type { Policy } from "../core/policy.ts";
import { slidingWindows } from "../lib/sliding-windows.ts";
import { actorOf } from "./actor.ts";

export interface RateLimits {
  readonly windowMs: number;
  /** Messages a minute of everybody together; 0 = no limit. */
  readonly globalPerMinute: number;
}

export interface AdmissionOptions {
  readonly permissionsOf: Policy["permissionsOf"];
  /** As the configuration is now. */
  readonly limits: () => RateLimits;
  readonly monotonic: () => number;
}

const mostSenders = 10_000;
const everybody = "everybody";

/** Lets messages in as often as their sender may, and all together may; else throws `limit` with the time to wait. */
export function admission({ permissionsOf, limits, monotonic }: AdmissionOptions): (inbound: Inbound) => void {
  const windowMs = () => limits().windowMs;
  const senders = slidingWindows({ windowMs, monotonic, mostKnown: mostSenders });
  const all = slidingWindows({ windowMs, monotonic, mostKnown: 1 });
  return (inbound) => {
    const actor = actorOf(inbound);
    const who = `${actor.channel} ${actor.sender}`;
    const { globalPerMinute } = limits();
    const { messagesPerMinute } = permissionsOf(actor);
    const hasOwn = Number.isFinite(messagesPerMinute);
    if (hasOwn) {
      const waitMs = senders.waitMs(who, mostIn(messagesPerMinute, windowMs()));
      const what = `you sent more than ${messagesPerMinute} messages a minute (rate_limit in routing.permissions)`;
      if (waitMs > 0) throw tooMany(what, waitMs);
    }
    if (globalPerMinute > 0) {
      const waitMs = all.waitMs(everybody, mostIn(globalPerMinute, windowMs()));
      const what = `more than ${globalPerMinute} messages a minute came in (routing.rate_limiting.global_rate_limit_rpm)`;
      if (waitMs > 0) throw tooMany(what, waitMs);
      all.take(everybody);
    }
    if (hasOwn) senders.take(who);
  };
}

/** Who may send anything at all may send one message in a window. */
function mostIn(perMinute: number, windowMs: number): number {
  return perMinute <= 0 ? 0 : Math.max(1, Math.floor((perMinute * windowMs) / 60_000));
}

function tooMany(what: string, waitMs: number): WeftError {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  return new WeftError("limit", `${what}: wait ${seconds} s, then send it again`, { retryAfterMs: waitMs });
}
