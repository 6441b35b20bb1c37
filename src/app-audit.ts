import { takeWorkspace } from "./app-owner.ts";
import type { Loaded } from "./config/load.ts";
import type { AuditEntry } from "./core/audit.ts";
import { WeftError } from "./core/error.ts";
import type { Platform } from "./core/platform.ts";
import { type WorkspacePaths, workspacePaths } from "./core/workspace.ts";
import { type AuditLog, openAudit } from "./security/audit.ts";
import { auditPaths } from "./security/audit-chain.ts";
import { putIntoInbox } from "./security/audit-inbox.ts";
import { keptEntry } from "./security/audit-text.ts";
import { redactor } from "./security/redact.ts";

export interface AuditJoined {
  readonly redact: (text: string) => string;
  readonly warn: (message: string) => void;
  /** True in a process that serves: it takes in what commands beside it put aside. */
  readonly stays: boolean;
}

/** The chain of the workspace whose lock we hold. */
export function auditOf(platform: Platform, paths: WorkspacePaths, joined: AuditJoined): AuditLog {
  const { files, now, crypto } = platform;
  return openAudit({
    ...joined,
    files,
    now,
    root: paths.root,
    sha256: (bytes) => crypto.hash("sha256", bytes),
    timer(ms, elapsed) {
      const id = setTimeout(elapsed, ms);
      return () => clearTimeout(id);
    },
  });
}

/**
 * For a command that does not own the workspace: into the chain when nobody has it, else into the owner's inbox.
 * What the command did stands; that it could not be recorded is said on standard error.
 */
export async function recordOutside(platform: Platform, loaded: Loaded, entries: readonly AuditEntry[]): Promise<void> {
  const paths = workspacePaths(loaded.workspace);
  const redact = redactor(loaded.secrets);
  const warn = (message: string) => void platform.terminal.error(`warning: ${message}\n`).catch(() => {});
  try {
    const lock = await takeWorkspace(platform, paths, { command: "audit" }).catch(ifTaken);
    if (!lock) {
      const at = platform.now();
      const { inbox } = auditPaths(paths.root);
      for (const entry of entries) await putIntoInbox(platform, inbox, keptEntry({ at, ...entry }, redact));
      return;
    }
    const audit = auditOf(platform, paths, { redact, warn, stays: false });
    try {
      await Promise.all(entries.map((entry) => audit.record(entry)));
    } finally {
      await audit.close();
      await lock.release();
    }
  } catch (error) {
    warn(`this was done, but not recorded in the audit: ${WeftError.from(error).message}`);
  }
}

function ifTaken(thrown: unknown): undefined {
  if (WeftError.from(thrown).code !== "conflict") throw thrown;
}
