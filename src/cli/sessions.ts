import { openApp } from "../app.ts";
import type { Loaded } from "../config/load.ts";
import { WeftError } from "../core/error.ts";
import type { Part } from "../core/message.ts";
import type { Platform } from "../core/platform.ts";
import type { Entry, MessageEntry, SessionStore } from "../core/session.ts";
import { workspacePaths } from "../core/workspace.ts";
import { jsonlStore } from "../sessions/jsonl-store.ts";
import { sessionFileName } from "../sessions/session-key.ts";
import type { Call } from "./command.ts";
import { load } from "./loading.ts";
import { askGateway } from "./remote.ts";
import { table } from "./style.ts";

/** `weft sessions list` */
export async function list(call: Call): Promise<number> {
  const { platform, options } = call;
  const loaded = await load(call);
  const store = storeOf(platform, loaded);
  const { terminal } = platform;
  const infos = await store.list();
  const rows = await Promise.all(
    infos.map(async (info) => ({ ...info, messages: (await store.read(info.session)).filter(isMessage).length })),
  );
  if ("json" in options) {
    await terminal.out(`${JSON.stringify(rows, null, 2)}\n`);
    return 0;
  }
  if (rows.length === 0) await terminal.out("No sessions found.\n");
  else {
    const cells = rows.map(({ session, messages, updatedAt }) => [session, `${messages}`, time(updatedAt)]);
    await terminal.out(table([["SESSION KEY", "MESSAGES", "LAST UPDATED"], ...cells]));
    await terminal.out(`\n${rows.length} session(s)\n`);
  }
  await terminal.out(`Dir: ${workspacePaths(loaded.workspace).sessions}\n`);
  return 0;
}

/** `weft sessions inspect ID` */
export async function inspect(call: Call): Promise<number> {
  const { platform, options } = call;
  const loaded = await load(call);
  const { session, entries } = await found(call, loaded);
  const { terminal } = platform;
  if ("json" in options) {
    await terminal.out(`${JSON.stringify({ session, entries }, null, 2)}\n`);
    return 0;
  }
  await terminal.out(`Session: ${session}\nEntries: ${entries.length}\n\n`);
  const rows = entries.map((entry, i) => [`${i + 1}`, roleOf(entry), cut(textOf(entry)), time(timeOf(entry))]);
  await terminal.out(table([["#", "ROLE", "CONTENT", "TIMESTAMP"], ...rows]));
  return 0;
}

/** `weft sessions export ID` */
export async function exportSession(call: Call): Promise<number> {
  const { platform, options } = call;
  const loaded = await load(call);
  const { session, entries } = await found(call, loaded);
  const { format = "md" } = options;
  if (format === "json") await platform.terminal.out(`${JSON.stringify({ session, entries }, null, 2)}\n`);
  else if (format === "jsonl") {
    const path = `${workspacePaths(loaded.workspace).sessions}/${sessionFileName(session)}`;
    await platform.terminal.out(new TextDecoder().decode(await platform.files.read(path)));
  } else if (format === "md") await platform.terminal.out(markdown(session, entries));
  else throw new WeftError("usage", `--format is md, json or jsonl, not ${format}`);
  return 0;
}

/** `weft sessions delete ID`; a running gateway does it itself, since it owns the files. */
export async function remove(call: Call): Promise<number> {
  const { platform } = call;
  const loaded = await load(call);
  const session = await keyOf(call, storeOf(platform, loaded));
  if (!(await deleteByGateway(platform, loaded, session))) {
    const app = await openApp(platform, loaded, { command: "sessions delete", resume: false, waitMs: 5000 });
    try {
      await app.deleteSession(session);
    } finally {
      await app.close(0);
    }
  }
  await platform.terminal.out(`Deleted ${session}\n`);
  return 0;
}

async function deleteByGateway(platform: Platform, loaded: Loaded, session: string): Promise<boolean> {
  const path = `/v1/sessions/${encodeURIComponent(session)}`;
  const response = await askGateway(platform, loaded, { method: "DELETE", path });
  await response?.body?.cancel();
  return response !== undefined;
}

function storeOf(platform: Platform, loaded: Loaded): SessionStore {
  const { files, now } = platform;
  const folder = workspacePaths(loaded.workspace).sessions;
  const warn = (message: string) => void platform.terminal.error(`warning: ${message}\n`);
  return jsonlStore({ files, folder, now, warn });
}

async function found(call: Call, loaded: Loaded): Promise<{ session: string; entries: Entry[] }> {
  const store = storeOf(call.platform, loaded);
  const session = await keyOf(call, store);
  return { session, entries: await store.read(session) };
}

/** `work` is understood for `cli:work` where that is meant. */
async function keyOf({ arguments: { ID: id = "" } }: Call, store: SessionStore): Promise<string> {
  const keys = (await store.list()).map(({ session }) => session);
  const key = [id, `cli:${id}`, `http:${id}`].find((each) => keys.includes(each));
  if (key !== undefined) return key;
  throw new WeftError("missing", `no session ${id}. See: weft sessions list`);
}

function isMessage(entry: Entry): boolean {
  return entry.type === "message";
}

function roleOf(entry: Entry): string {
  return entry.type === "message" ? entry.message.role : entry.type;
}

function timeOf(entry: Entry): number {
  return entry.type === "message" ? entry.message.at : entry.at;
}

function textOf(entry: Entry): string {
  return entry.type === "message" ? entry.message.parts.map(partText).join(" ") : ownText(entry);
}

/** What weft itself noted between the messages. */
function ownText(entry: Exclude<Entry, MessageEntry>): string {
  if (entry.type === "summary") return entry.text;
  const tools = entry.tools.join(", ");
  return entry.type === "ask" ? `${tools}: until ${time(entry.until)}` : `${tools}: ${entry.verdict}`;
}

function partText(part: Part): string {
  switch (part.type) {
    case "text":
      return part.text;
    case "call":
      return `[${part.tool} ${JSON.stringify(part.input)}]`;
    case "result":
      return part.text;
    case "image":
      return `[picture, ${part.mime}]`;
    case "thinking":
      return "";
  }
}

function cut(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}

function time(at: number): string {
  return at > 0 ? new Date(at).toISOString().slice(0, 19).replace("T", " ") : "";
}

function markdown(session: string, entries: readonly Entry[]): string {
  const parts = entries.map((entry) => `## ${roleOf(entry)}, ${time(timeOf(entry))}\n\n${blocks(entry)}\n`);
  return `# ${session}\n\n${parts.join("\n")}`;
}

function blocks(entry: Entry): string {
  if (entry.type !== "message") return ownText(entry);
  const shown = entry.message.parts.map((part) => {
    if (part.type === "result") return `\`\`\`\n${part.text.trimEnd()}\n\`\`\``;
    return part.type === "call" ? `\`${part.tool} ${JSON.stringify(part.input)}\`` : partText(part);
  });
  return shown.filter((text) => text !== "").join("\n\n");
}
