import type { Audit } from "./core/audit.ts";
import type { OutboxItem } from "./core/journal.ts";
import type { PairedLevel, Pairing, Person } from "./core/pairing.ts";
import type { Platform } from "./core/platform.ts";
import type { WorkspacePaths } from "./core/workspace.ts";

/** Who was let in, for the policy, and all of pairing for who needs it. */
export interface AppPairing {
  levelOf(person: Person): PairedLevel | undefined;
  open(): Promise<Pairing>;
}

export interface PairingJoined {
  readonly platform: Platform;
  readonly paths: WorkspacePaths;
  readonly audit: Audit;
  readonly post: (item: OutboxItem) => Promise<void>;
}

/** Loads nothing where nobody was ever let in and nobody asks. */
export async function appPairing({ platform, paths, audit, post }: PairingJoined): Promise<AppPairing> {
  const path = paths.pairing;
  const load = async () => {
    const { openPairing } = await import("./security/pairing.ts");
    return await openPairing({ platform, path, audit, post });
  };
  let opening: Promise<Pairing> | undefined;
  let opened: Pairing | undefined;
  const open = async () => {
    opening ??= load();
    opened = await opening;
    return opened;
  };
  if (await platform.files.stat(path)) await open();
  return { levelOf: (person) => opened?.levelOf(person), open };
}
