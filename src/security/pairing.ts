import type { Address } from "../core/address.ts";
import type { Audit, AuditOutcome } from "../core/audit.ts";
import { WeftError } from "../core/error.ts";
import type { OutboxItem } from "../core/journal.ts";
import type { Paired, PairedLevel, Pairing, PairingList, Person } from "../core/pairing.ts";
import type { Platform } from "../core/platform.ts";
import { hexOf } from "../lib/hex.ts";
import { serial } from "../lib/serial.ts";
import { codeIn, newCode } from "./pairing-code.ts";
import { type PairedEntry, type PairingFile, type PendingEntry, readPairing, writePairing } from "./pairing-file.ts";
import { codeText, welcomeText } from "./pairing-words.ts";

export interface PairingOptions {
  readonly platform: Pick<Platform, "files" | "now" | "randomBytes" | "crypto">;
  /** Of the file. */
  readonly path: string;
  readonly audit: Pick<Audit, "note">;
  /** Sends safely, in the background; throws `missing` where the channel is not connected. */
  readonly post: (item: OutboxItem) => Promise<void>;
}

const minuteMs = 60_000;
/** How long a code holds, and for how long its stranger hears nothing more. */
const codeMs = 10 * minuteMs;
/** More strangers than that get no code until others' have expired. */
const mostPendingOfChannel = 16;
const mostPending = 64;
/** Wrong codes in ten minutes; the next try has to wait. */
const mostWrong = 5;
const wrongMs = 10 * minuteMs;
/** Of ids of people, chats and threads. */
const longestId = 256;

/** Only for the process that has the workspace; others may look. */
export async function openPairing(options: PairingOptions): Promise<Pairing> {
  const { platform, path } = options;
  const file = await readPairing(platform.files, path);
  const state: State = { options, file, levels: levelsIn(file), asking: new Map(), fullTold: 0 };
  const inOrder = serial();
  return {
    levelOf: (person) => state.levels.get(keyOf(person)),
    list: () => listOf(state),
    async ask(person, from) {
      if (!mayAsk(state, person, from)) return;
      // Until it is on the disk it stands here, so that a flood queues up nothing.
      state.asking.set(keyOf(person), person.channel);
      try {
        await inOrder(() => ask(state, person, from));
      } finally {
        state.asking.delete(keyOf(person));
      }
    },
    approve: (code, level) => inOrder(() => approve(state, code, level)),
    revoke: (person) => inOrder(() => revoke(state, person)),
    resume: () =>
      inOrder(async () => {
        for (const entry of state.file.paired) if (!entry.told) await welcome(state, entry);
      }),
  };
}

interface State {
  readonly options: PairingOptions;
  /** As it is on the disk. */
  file: PairingFile;
  /** By person. */
  levels: ReadonlyMap<string, PairedLevel>;
  /** Who is getting a code right now: the channel by person. */
  readonly asking: Map<string, string>;
  /** When it was last noted that there is no room, Unix milliseconds. */
  fullTold: number;
}

function keyOf({ channel, sender }: Person): string {
  return JSON.stringify([channel, sender]);
}

function isSame(a: Person, b: Person): boolean {
  return a.channel === b.channel && a.sender === b.sender;
}

function levelsIn({ paired }: PairingFile): ReadonlyMap<string, PairedLevel> {
  return new Map(paired.map((entry) => [keyOf(entry), entry.level]));
}

function listOf({ file, options }: State): PairingList {
  const now = options.platform.now();
  return {
    pending: file.pending
      .filter(({ until }) => until > now)
      .map(({ channel, sender, at, until }) => ({ channel, sender, at, until })),
    paired: file.paired.map(pairedOf),
  };
}

function pairedOf({ channel, sender, level, at }: PairedEntry): Paired {
  return { channel, sender, level, at };
}

async function save(state: State, change: Partial<PairingFile>): Promise<void> {
  const { files } = state.options.platform;
  const file = { ...state.file, ...change };
  await files.makeDirectory(state.options.path.slice(0, state.options.path.lastIndexOf("/")));
  await writePairing(files, state.options.path, file);
  state.file = file;
  state.levels = levelsIn(file);
}

/** What is still of use. */
function current({ file, options }: State): PairingFile {
  const now = options.platform.now();
  const pending = file.pending.filter(({ until }) => until > now);
  return { ...file, pending, wrong: file.wrong.filter((at) => at > now - wrongMs && at <= now) };
}

/** Decided without waiting, on what is in memory. */
function mayAsk(state: State, person: Person, from: Address): boolean {
  const ids = [person.channel, person.sender, from.channel, from.chat, from.thread ?? ""];
  if (ids.some((id) => id.length > longestId) || state.asking.has(keyOf(person))) return false;
  const { pending } = current(state);
  if (pending.some((entry) => isSame(entry, person) && entry.told)) return false;
  if (pending.some((entry) => isSame(entry, person))) return true;
  const others = [...pending.map(({ channel }) => channel), ...state.asking.values()];
  const inChannel = others.filter((channel) => channel === person.channel).length;
  if (others.length < mostPending && inChannel < mostPendingOfChannel) return true;
  tellFull(state, person);
  return false;
}

/** Once in the life of a code, whoever else comes. */
function tellFull(state: State, person: Person): void {
  const now = state.options.platform.now();
  if (now - state.fullTold < codeMs) return;
  state.fullTold = now;
  const reason = `${mostPendingOfChannel} strangers of a channel, or ${mostPending} in all, have a code already`;
  record(state, person, { outcome: "refused", detail: "asked for a code", reason });
}

interface Recorded {
  readonly outcome: AuditOutcome;
  readonly detail: string;
  readonly reason?: string;
}

function record({ options }: State, { channel, sender }: Person, entry: Recorded): void {
  const who = { subject: `${channel}:${sender}`, actor: { channel, sender } };
  void options.audit.note({ kind: "pairing", ...who, ...entry });
}

async function ask(state: State, { channel, sender }: Person, to: Address): Promise<void> {
  const { platform, post } = state.options;
  const kept = current(state);
  const code = newCode(platform.randomBytes);
  const at = platform.now();
  const entry: PendingEntry = { channel, sender, at, until: at + codeMs, hash: hashOf(state, code), to, told: false };
  const others = kept.pending.filter((each) => !isSame(each, entry));
  await save(state, { ...kept, pending: [...others, entry] });
  record(state, entry, { outcome: "begun", detail: "asked for a code" });
  await post({ id: `pairing-${entry.hash.slice(0, 24)}`, to, text: codeText(code, codeMs / minuteMs) });
  // A crash before this makes him a new code when he writes again.
  await save(state, { pending: [...others, { ...entry, told: true }] });
}

function hashOf({ options }: State, code: string): string {
  return hexOf(options.platform.crypto.hash("sha256", new TextEncoder().encode(`weft pairing ${code}`)));
}

async function approve(state: State, typed: string, level: PairedLevel): Promise<Paired> {
  const { platform } = state.options;
  const kept = current(state);
  const now = platform.now();
  if (kept.wrong.length >= mostWrong) {
    const waitMs = Math.min(...kept.wrong) + wrongMs - now;
    const minutes = Math.ceil(waitMs / minuteMs);
    throw new WeftError("limit", `${mostWrong} wrong codes in ten minutes: wait ${minutes} min, then try again`, {
      retryAfterMs: waitMs,
    });
  }
  const code = codeIn(typed);
  if (code === undefined) throw new WeftError("usage", "a pairing code has 8 letters and digits, for example K7MX2PQA");
  const found = withHash(state, kept.pending, hashOf(state, code));
  if (!found) {
    await save(state, { ...kept, wrong: [...kept.wrong, now] });
    const tried = { outcome: "failed", detail: "approval", reason: "nobody has this code" } as const;
    void state.options.audit.note({ kind: "pairing", subject: "a wrong code", ...tried });
    const hint = "it may have expired: whoever has it writes again and gets a new one. See: weft pairing list";
    throw new WeftError("missing", `nobody waits with this code; ${hint}`);
  }
  const { channel, sender, to } = found;
  const entry: PairedEntry = { channel, sender, level, at: now, to, told: false };
  const pending = kept.pending.filter((each) => !isSame(each, entry));
  await save(state, { pending, paired: [...kept.paired.filter((each) => !isSame(each, entry)), entry], wrong: [] });
  record(state, entry, { outcome: "ok", detail: `approved, level ${level}` });
  await welcome(state, entry);
  return pairedOf(entry);
}

/** Compares with all of them, so that the time tells nothing. */
function withHash({ options }: State, pending: readonly PendingEntry[], hash: string): PendingEntry | undefined {
  const bytes = (text: string) => new TextEncoder().encode(text);
  return pending.filter((entry) => options.platform.crypto.equal(bytes(entry.hash), bytes(hash)))[0];
}

/** What was decided stands, also when he cannot be told now: the next start with his channel tells him. */
async function welcome(state: State, entry: PairedEntry): Promise<void> {
  const { at, channel, sender, to } = entry;
  try {
    const id = `paired-${hashOf(state, JSON.stringify([channel, sender, at])).slice(0, 24)}`;
    await state.options.post({ id, to, text: welcomeText });
  } catch (thrown) {
    if (WeftError.from(thrown).code === "internal") throw thrown;
    return;
  }
  await save(state, {
    paired: state.file.paired.map((each) =>
      each === entry || isSameEntry(each, entry) ? { ...each, told: true } : each,
    ),
  });
}

function isSameEntry(a: PairedEntry, b: PairedEntry): boolean {
  return isSame(a, b) && a.at === b.at;
}

async function revoke(state: State, person: Person): Promise<boolean> {
  const kept = current(state);
  const pending = kept.pending.filter((entry) => !isSame(entry, person));
  const paired = kept.paired.filter((entry) => !isSame(entry, person));
  if (pending.length === kept.pending.length && paired.length === kept.paired.length) return false;
  await save(state, { ...kept, pending, paired });
  record(state, person, { outcome: "ok", detail: "revoked" });
  return true;
}
