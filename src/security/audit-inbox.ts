import { type AuditEntry, auditKinds, auditOutcomes } from "../core/audit.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import type { Platform } from "../core/platform.ts";
import { hexOf } from "../lib/hex.ts";

/** A command that runs beside the owner of the workspace leaves its entries here, and the owner takes them in. */

export type InboxEntry = AuditEntry & { readonly at: number };

/** On the disk when it resolves. `entry` as it is kept in the chain: redacted. */
export async function putIntoInbox(
  { files, randomBytes }: Pick<Platform, "files" | "randomBytes">,
  folder: string,
  entry: JsonObject,
): Promise<void> {
  await files.makeDirectory(folder);
  const path = `${folder}/${String(entry["at"])}-${hexOf(randomBytes(8))}.json`;
  await files.write(path, new TextEncoder().encode(JSON.stringify(entry)));
}

/** The oldest first; undefined for what is no entry. */
export async function inboxEntries(
  files: Platform["files"],
  folder: string,
): Promise<{ readonly path: string; readonly entry: InboxEntry | undefined }[]> {
  if (!(await files.stat(folder))) return [];
  const names = (await files.list(folder)).map(({ name }) => name).filter((name) => /^\d+-[0-9a-f]+\.json$/.test(name));
  const paths = names.map((name) => `${folder}/${name}`);
  return await Promise.all(
    paths.map(async (path) => ({ path, entry: entryIn(new TextDecoder().decode(await files.read(path))) })),
  );
}

function entryIn(text: string): InboxEntry | undefined {
  const value = parsed(text);
  if (!isJsonObject(value)) return undefined;
  const { at, kind, outcome, subject, session, detail, reason, actor } = value;
  const isKnown = auditKinds.some((each) => each === kind) && auditOutcomes.some((each) => each === outcome);
  if (!isKnown || typeof at !== "number" || typeof subject !== "string") return undefined;
  return {
    at: Math.round(at),
    kind: kind as AuditEntry["kind"],
    outcome: outcome as AuditEntry["outcome"],
    subject,
    ...(isJsonObject(actor) && { actor: { channel: String(actor["channel"]), sender: String(actor["sender"]) } }),
    ...(typeof session === "string" && { session }),
    ...(typeof reason === "string" && { reason }),
    ...(detail !== undefined && { detail }),
  };
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}
