import type { AuditEntry } from "../core/audit.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import type { Actor } from "../core/tool.ts";

/** Characters of what is kept. */
const mostDetail = 500;
const mostName = 200;
/** Longer than secrets are. */
const margin = 4096;
const mostMembers = 40;

const secretName = /pass(?:word|wd|phrase)?|secret|token|api_?key|authorization|cookie|credential|private_?key/i;
/** What follows such a name in a text, and names and passwords in addresses. */
const spelledOut =
  /((?:password|passwd|secret|token|api[_-]?key)["']?\s*[=:]\s*["']?|-(?:password|token|api-key)\s+|:\/\/[^\s/:@]*:)[^\s"'&@]+/gi;

/** An entry as it is kept: without secrets, every text cut. */
export function keptEntry(entry: AuditEntry & { readonly at: number }, redact: (text: string) => string): JsonObject {
  const { kind, outcome, at, subject, actor, session, turn, call, detail, reason, figures } = entry;
  const name = (text: string) => shortText(text, mostName, redact);
  const text = (value: string) => shortText(value, mostDetail, redact);
  return {
    at,
    kind,
    outcome,
    subject: name(subject),
    ...(actor && { actor: keptActor(actor, name) }),
    ...(session !== undefined && { session: name(session) }),
    ...(turn !== undefined && { turn: name(turn) }),
    ...(call !== undefined && { call: name(call) }),
    ...(detail !== undefined && { detail: detailText(detail, text) }),
    ...(reason !== undefined && { reason: text(reason) }),
    ...(figures && { figures: whole(figures) }),
  };
}

function keptActor({ channel, sender, group, agent, job }: Actor, name: (text: string) => string): JsonObject {
  return {
    channel: name(channel),
    sender: name(sender),
    ...(group !== undefined && { group: name(group) }),
    ...(agent !== undefined && { agent: name(agent) }),
    ...(job !== undefined && { job: name(job) }),
  };
}

function whole(figures: Readonly<Record<string, number>>): JsonObject {
  return Object.fromEntries(Object.entries(figures).map(([key, value]) => [key, Math.round(value)]));
}

/** Redacted in its texts, before quotes and escapes of JSON could break up a secret. */
function detailText(detail: Json, text: (value: string) => string): string {
  if (typeof detail === "string") return text(detail);
  return cut(JSON.stringify(withoutSecrets(detail, text, 0)), mostDetail);
}

function withoutSecrets(value: Json, text: (value: string) => string, depth: number): Json {
  if (typeof value === "string") return text(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= 4) return "…";
  if (Array.isArray(value)) {
    return value.slice(0, mostMembers).map((each: Json) => withoutSecrets(each, text, depth + 1));
  }
  if (!isJsonObject(value)) return null;
  const members = Object.entries(value).slice(0, mostMembers);
  return Object.fromEntries(
    members.map(([key, inner]) => [
      text(key),
      typeof inner === "string" && secretName.test(key) ? "[secret]" : withoutSecrets(inner, text, depth + 1),
    ]),
  );
}

/** A secret that the first cut goes through is not recognised any more: what it may have left over is dropped. */
function shortText(text: string, most: number, redact: (text: string) => string): string {
  const isLong = text.length > most + margin;
  const plain = redact(isLong ? text.slice(0, most + margin) : text).replace(spelledOut, "$1[secret]");
  return cut(isLong ? plain.slice(0, Math.max(0, plain.length - margin)) : plain, most);
}

/** Without halves of characters, which no UTF-8 can say. */
function cut(text: string, most: number): string {
  const short = text.length > most ? `${text.slice(0, most - 1)}…` : text;
  return short.replace(/\p{Cs}/gu, "\ufffd");
}
