import { type AuditKind, auditKinds } from "../core/audit.ts";
import { WeftError } from "../core/error.ts";
import { isJsonObject, type JsonObject, objectIn } from "../core/json.ts";
import { chainFiles, entryIn } from "../security/audit-chain.ts";
import { readTail } from "../sessions/tail.ts";
import type { Call } from "./command.ts";
import { load, sessionKey } from "./loading.ts";
import { harmless, table } from "./style.ts";
import { dayMs, timeOf } from "./time-of.ts";

/** `weft audit show` */
export async function show(call: Call): Promise<number> {
  const { platform, options } = call;
  const { files, terminal } = platform;
  const wanted = wantedBy(options, platform.now());
  const { workspace } = await load(call);
  const found: { readonly line: string; readonly entry: JsonObject }[] = [];
  const take = (line: string) => {
    const entry = entryIn(line);
    if (!entry) return true;
    const at = Number(entry["at"]);
    if (at >= wanted.since && isWanted(entry, wanted)) found.push({ line, entry });
    // What a command left in the inbox stands behind younger entries.
    if (at < wanted.since - dayMs) return false;
    return found.length < wanted.limit;
  };
  for (const path of (await chainFiles(files, workspace)).reverse()) {
    const bytes = (await files.stat(path))?.bytes ?? 0;
    if (!(await readTail({ files, path, bytes }, take))) break;
  }
  found.reverse();
  if ("json" in options) await terminal.out(found.map(({ line }) => `${line}\n`).join(""));
  else if (found.length === 0) await terminal.out("No entries found.\n");
  else await terminal.out(harmless(table([titles, ...found.map(({ entry }) => cells(entry))])));
  return 0;
}

interface Wanted {
  readonly kind: string | undefined;
  readonly session: string | undefined;
  /** Unix milliseconds. */
  readonly since: number;
  readonly limit: number;
}

function wantedBy(options: Call["options"], now: number): Wanted {
  const { kind, session, since, limit = "50" } = options;
  if (kind !== undefined && !auditKinds.includes(kind as AuditKind)) {
    throw new WeftError("usage", `error: --kind ${kind} is not known. There are: ${auditKinds.join(", ")}`);
  }
  const most = Number(limit);
  if (!Number.isInteger(most) || most < 1) throw new WeftError("usage", "error: --limit is a whole number from 1");
  return {
    kind,
    session: session === undefined ? undefined : sessionKey(session),
    since: since === undefined ? Number.NEGATIVE_INFINITY : timeOf(since, now),
    limit: most,
  };
}

function isWanted(entry: JsonObject, { kind, session }: Wanted): boolean {
  return (kind === undefined || entry["kind"] === kind) && (session === undefined || entry["session"] === session);
}

const titles = ["TIME (UTC)", "KIND", "OUTCOME", "SUBJECT", "FOR", "SESSION", "DETAIL"];

function cells(entry: JsonObject): string[] {
  const text = (key: string) => (typeof entry[key] === "string" ? entry[key] : "").replace(/\s+/g, " ");
  const { channel = "", sender = "" } = objectIn(entry, "actor");
  const figures = Object.entries(isJsonObject(entry["figures"]) ? entry["figures"] : {});
  return [
    new Date(Number(entry["at"]) || 0).toISOString().slice(0, 19).replace("T", " "),
    text("kind"),
    text("outcome"),
    text("subject"),
    channel === "" ? "" : `${String(channel)}:${String(sender)}`,
    text("session"),
    [text("detail"), text("reason"), ...figures.map(([key, value]) => `${key}=${String(value)}`)]
      .filter((part) => part !== "")
      .join("  "),
  ];
}
