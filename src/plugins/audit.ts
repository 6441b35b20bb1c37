import type { Audit } from "../core/audit.ts";
import type { Bus } from "../core/bus.ts";
import type { Platform } from "../core/platform.ts";
import type { Actor } from "../core/tool.ts";

/** One call of a host function. Never holds a value, a body or what follows the host in an address. */
export interface PluginCall {
  readonly plugin: string;
  /** For whom the plugin ran. */
  readonly actor: Actor;
  /** For example `http_request`. */
  readonly call: string;
  /** For example `GET https://api.example.com`. */
  readonly what: string;
  readonly allowed: boolean;
  /** Why not; empty when it was allowed. */
  readonly why: string;
}

export interface PluginAudit {
  add(call: PluginCall): void;
}

export interface PluginAuditOptions {
  readonly audit: Pick<Audit, "note">;
  readonly bus: Pick<Bus, "publish">;
  readonly clock: Pick<Platform, "monotonic">;
}

/** A guest that calls in a loop fills neither the audit nor the log. Of each function, so that none hides another. */
const perMinute = 600;
const windowMs = 60_000;

/** Each call is in the audit, and a copy in the log. */
export function pluginAudit({ audit, bus, clock }: PluginAuditOptions): PluginAudit {
  const windows = new Map<string, { readonly began: number; calls: number }>();
  return {
    add({ plugin, actor, call, what, allowed, why }) {
      const subject = `${plugin} ${call}`;
      const now = clock.monotonic();
      let window = windows.get(subject);
      if (!window || window.began <= now - windowMs) {
        window = { began: now, calls: 0 };
        windows.set(subject, window);
      }
      window.calls++;
      if (window.calls === perMinute + 1) {
        const reason = `more than ${perMinute} such calls in a minute: the others of this minute are not listed`;
        void audit.note({ kind: "plugin", subject, outcome: "ok", actor, reason });
      }
      if (window.calls > perMinute) return;
      const reason = why.slice(0, 500);
      const message = `plugin ${plugin}: ${call} ${what.slice(0, 300)}${allowed ? "" : `: refused: ${reason}`}`;
      const fields = { plugin, actor: `${actor.channel}:${actor.sender}`, call, allowed };
      bus.publish({ type: "log", level: allowed ? "debug" : "warn", message, fields });
      void audit.note({
        kind: "plugin",
        subject,
        outcome: !allowed ? "refused" : why === "" ? "ok" : "failed",
        actor,
        detail: what.slice(0, 300),
        ...(why !== "" && { reason }),
      });
    },
  };
}
