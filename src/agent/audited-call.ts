import type { Audit, AuditEntry } from "../core/audit.ts";
import { WeftError } from "../core/error.ts";

export interface CallAudit {
  readonly audit: Audit;
  readonly about: Pick<AuditEntry, "subject" | "actor" | "session" | "turn" | "call" | "detail">;
  readonly signal: AbortSignal;
  readonly monotonic: () => number;
}

/**
 * Runs a tool call, and notes how it ended. `begin` is for calls that change something: it resolves when the disk
 * knows that they are about to; what it throws means that they may not.
 */
export async function auditedCall<T>(
  { audit, about, signal, monotonic }: CallAudit,
  run: (begin: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const start = monotonic();
  let isBegun = false;
  const begin = async () => {
    await audit.record({ kind: "tool", ...about, outcome: "begun" });
    isBegun = true;
  };
  const ended = (outcome: AuditEntry["outcome"], reason?: string) => {
    const { detail, ...rest } = about;
    return audit.note({
      kind: "tool",
      ...rest,
      ...(!isBegun && detail !== undefined && { detail }),
      outcome,
      ...(reason !== undefined && { reason }),
      figures: { ms: monotonic() - start },
    });
  };
  try {
    const output = await run(begin);
    await ended("ok");
    return output;
  } catch (thrown) {
    const { code, message } = WeftError.from(signal.aborted ? signal.reason : thrown);
    await ended(signal.aborted ? "interrupted" : code === "refused" ? "refused" : "failed", message);
    throw thrown;
  }
}
