import type { AuditEntry } from "../../src/core/audit.ts";
import type { OutboxItem } from "../../src/core/journal.ts";
import type { Pairing } from "../../src/core/pairing.ts";
import { memoryPlatform } from "../../src/platform/memory.ts";
import { nodePlatform } from "../../src/platform/node/platform.ts";
import { openPairing } from "../../src/security/pairing.ts";

export const path = "/w/.weft/pairing.json";
export const minute = 60_000;

/** A disk in RAM with real hashes and a clock that the test moves. */
export function pairingRig() {
  const clock = { now: 1_700_000_000_000 };
  const real = nodePlatform();
  const platform = { ...memoryPlatform({ now: () => clock.now }), crypto: real.crypto, randomBytes: real.randomBytes };
  const posted: OutboxItem[] = [];
  const entries: AuditEntry[] = [];
  const fail: { post?: Error } = {};
  const open = (): Promise<Pairing> =>
    openPairing({
      platform,
      path,
      audit: { note: async (entry) => void entries.push(entry) },
      post: async (item) => {
        if (fail.post) throw fail.post;
        posted.push(item);
      },
    });
  const kept = async () => new TextDecoder().decode(await platform.files.read(path));
  return { clock, platform, posted, entries, fail, open, kept };
}

/** The code in what a stranger was told. */
export function codeOf({ text }: Pick<OutboxItem, "text">): string {
  return /: ([2-9A-HJ-NP-Z]{8})\n/.exec(text)?.[1] ?? "";
}

export const person = (sender: string, channel = "telegram") => ({ channel, sender });
export const chatOf = (sender: string, channel = "telegram") => ({ channel, chat: sender });
