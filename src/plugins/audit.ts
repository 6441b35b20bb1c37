import type { Bus } from "../core/bus.ts";
import type { Platform } from "../core/platform.ts";
import { auditEntries } from "./limits.ts";
import { rateLimit } from "./rate.ts";

/** One call of a host function. Never holds a value, a body or what follows the host in an address. */
export interface AuditEntry {
  /** Unix milliseconds. */
  readonly at: number;
  readonly plugin: string;
  /** For whom the plugin ran, as `CHANNEL:SENDER`. */
  readonly actor: string;
  /** For example `http_request`. */
  readonly call: string;
  /** For example `GET https://api.example.com`. */
  readonly what: string;
  readonly allowed: boolean;
  /** Why not; empty when it was allowed. */
  readonly why: string;
}

export type Clock = Pick<Platform, "now" | "monotonic">;

export interface Audit {
  add(entry: Omit<AuditEntry, "at">): void;
  /** The oldest first. */
  entries(plugin?: string): AuditEntry[];
}

/** A guest that calls in a loop does not fill the log. */
const publishedPerMinute = 600;

/** The last 10,000 calls, in RAM; each is published for the log too. */
export function auditRing(bus: Pick<Bus, "publish">, { now, monotonic }: Clock): Audit {
  const mayPublish = rateLimit(publishedPerMinute, monotonic);
  const ring: AuditEntry[] = [];
  let next = 0;
  return {
    add(entry) {
      ring[next] = { at: now(), ...entry, what: entry.what.slice(0, 300), why: entry.why.slice(0, 500) };
      const { plugin, actor, call, what, allowed, why } = ring[next] as AuditEntry;
      next = (next + 1) % auditEntries;
      const message = `plugin ${plugin}: ${call} ${what}${allowed ? "" : `: refused: ${why}`}`;
      const fields = { plugin, actor, call, allowed };
      if (mayPublish()) bus.publish({ type: "log", level: allowed ? "debug" : "warn", message, fields });
    },
    entries(plugin) {
      const inOrder = ring.length < auditEntries ? ring : [...ring.slice(next), ...ring.slice(0, next)];
      return inOrder.filter((entry) => plugin === undefined || entry.plugin === plugin);
    },
  };
}
