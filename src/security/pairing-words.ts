import { WeftError } from "../core/error.ts";
import type { PairedLevel, Pairing, PairingList, Person } from "../core/pairing.ts";

/** All that a stranger ever hears. */
export function codeText(code: string, minutes: number): string {
  return `I do not know you yet. Give this code to my owner, who can let you in: ${code}\nIt holds for ${minutes} minutes. What you write until then is not read or kept.\n(For the owner: weft pairing approve ${code})`;
}

export const welcomeText =
  "You are let in. What you wrote before was not kept: write again, and I answer. /help lists what can be typed here.";

/** `telegram:12345`; the sender may have colons. Throws `usage`. */
export function personIn(text: string): Person {
  const [, channel, sender] = /^([^:\s]+):(\S+)$/.exec(text) ?? [];
  if (channel !== undefined && sender !== undefined) return { channel, sender };
  throw new WeftError(
    "usage",
    `${text === "" ? "nobody is named" : text}: write CHANNEL:SENDER, for example telegram:12345`,
  );
}

/** Level 2 only when it is asked for. Throws `usage`. */
export function levelIn(text: string | undefined): PairedLevel {
  if (text === undefined || text === "1") return 1;
  if (text === "2") return 2;
  throw new WeftError("usage", `the level is 1 (a known user) or 2 (an admin), not ${text}`);
}

export function pairingRows({ pending, paired }: PairingList): string[][] {
  const time = (at: number) => new Date(at).toISOString().slice(0, 16).replace("T", " ");
  return [
    ...paired.map(({ channel, sender, level, at }) => [
      `${channel}:${sender}`,
      `level ${level}`,
      `since ${time(at)} UTC`,
    ]),
    ...pending.map(({ channel, sender, until }) => [`${channel}:${sender}`, "waits", `code until ${time(until)} UTC`]),
  ];
}

export const nobodyText = "Nobody is paired, and nobody waits.";

/** Words after `/pairing`. */
export async function pairingCommand(pairing: Pairing, words: string): Promise<string> {
  const [verb = "list", what = "", level] = words.split(/\s+/).filter((word) => word !== "");
  if (verb === "list") {
    const rows = pairingRows(pairing.list());
    return rows.length === 0 ? nobodyText : rows.map((row) => row.join("  ")).join("\n");
  }
  if (verb === "approve" && what !== "") {
    const paired = await pairing.approve(what, levelIn(level));
    return `${paired.channel}:${paired.sender} is let in, level ${paired.level}.`;
  }
  if (verb === "revoke" && what !== "") {
    const { channel, sender } = personIn(what);
    return (await pairing.revoke({ channel, sender }))
      ? `${channel}:${sender} is a stranger again.`
      : `${channel}:${sender} was not paired: see /pairing`;
  }
  return "Usage: /pairing, /pairing approve CODE [2], or /pairing revoke CHANNEL:SENDER";
}

/** Told at the start of a gateway with channels, until somebody was let in. */
export function pairingHint(channels: readonly string[], { paired }: PairingList): string[] {
  if (channels.length === 0 || paired.length > 0) return [];
  return [
    `  pairing    write to it on ${channels.join(" or ")}; the code it answers lets you in: weft pairing approve CODE`,
  ];
}
