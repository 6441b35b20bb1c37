import { memoryFiles } from "../../src/platform/memory-files.ts";
import { allChecks } from "../../src/security/scan/all-checks.ts";
import type { ConfigShape } from "../../src/security/scan/config-scan.ts";
import { type Report, scan } from "../../src/security/scan/scan.ts";
import type { ScanOptions } from "../../src/security/scan/state.ts";

export type MemoryFiles = ReturnType<typeof memoryFiles>;

export const own = {
  configFile: "/home/.clawft/config.json",
  configFolder: "/home/.clawft",
  workspace: "/home/.clawft/workspace",
};

/** The keys that the tests use, in place of the room of the configuration. */
export const configShape: ConfigShape = {
  normalise: (value) => ({ value, written: (path) => path }),
  isSecret: (path) => ["api_key", "token", "bot_token"].includes(path.at(-1) ?? "") || path.includes("env"),
};

export function emptyDisk(): MemoryFiles {
  return memoryFiles({ diskFull: false, readOnly: false }, () => 0);
}

export async function disk(files: Readonly<Record<string, string | Uint8Array>>): Promise<MemoryFiles> {
  const made = emptyDisk();
  for (const [path, content] of Object.entries(files)) {
    await made.makeDirectory(path.slice(0, path.lastIndexOf("/")) || "/");
    await made.write(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
  }
  return made;
}

export async function scanned(files: MemoryFiles, root: string, more: Partial<ScanOptions> = {}): Promise<Report> {
  let ms = 0;
  return await scan([root], {
    files,
    uid: 0,
    monotonic: () => ms++,
    own,
    config: configShape,
    redact: (text) => text,
    ignore: [],
    least: "info",
    ...more,
  });
}

/** `ID` or `ID severity` of what is found in one file. */
export async function foundIn(path: string, text: string): Promise<string[]> {
  const { findings } = await scanned(await disk({ [`/p/${path}`]: text }), "/p");
  return findings.map(({ check, severity }) => (severity === check.severity ? check.id : `${check.id} ${severity}`));
}

export const checkIds: readonly string[] = allChecks.map(({ id }) => id);
