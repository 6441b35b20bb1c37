import type { Audit } from "../core/audit.ts";
import { setBounded } from "../lib/bounded-map.ts";
import type { GatewayOptions } from "./exchange.ts";
import type { Presented } from "./guard.ts";

export interface Logins {
  /** Called for each request. */
  seen(presented: Presented, remote: string): void;
}

const windowMs = 60_000;
const mostClients = 10_000;
/** Whoever has many addresses gets no more lines than this in a minute. */
const mostInWindow = 60;

interface Window {
  readonly began: number;
  /** Wrong tokens since the last entry that counted them. */
  wrong: number;
}

/**
 * In the audit: that a client has come with the right token, once, and wrong tokens, of each client once a minute
 * with the number of those before. A flood of them fills nothing.
 */
export function loginAudit({
  audit,
  monotonic,
}: Pick<GatewayOptions, "monotonic"> & { audit: Pick<Audit, "note"> }): Logins {
  const known = new Map<string, true>();
  const strangers = new Map<string, Window>();
  const all = { began: Number.NEGATIVE_INFINITY, entries: 0, unlisted: 0 };
  const wrong = (remote: string) => {
    const now = monotonic();
    const window = strangers.get(remote);
    if (window && now - window.began < windowMs) {
      window.wrong++;
      return;
    }
    if (now - all.began >= windowMs) Object.assign(all, { began: now, entries: 0 });
    setBounded(strangers, [remote, { began: now, wrong: 0 }], mostClients);
    if (++all.entries > mostInWindow) {
      all.unlisted++;
      return;
    }
    const figures = { before: window?.wrong ?? 0, ofOthers: all.unlisted };
    all.unlisted = 0;
    void audit.note({ kind: "login", subject: remote, outcome: "refused", reason: "the token is wrong", figures });
  };
  return {
    seen(presented, remote) {
      if (presented === "wrong") wrong(remote);
      if (presented !== "valid" || known.has(remote)) return;
      setBounded(known, [remote, true], mostClients);
      void audit.note({ kind: "login", subject: remote, outcome: "ok" });
    },
  };
}
