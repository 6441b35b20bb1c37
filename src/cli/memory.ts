import { recordOutside } from "../app-audit.ts";
import { takeWorkspace } from "../app-owner.ts";
import { absolutePath } from "../config/locate.ts";
import type { AuditEntry } from "../core/audit.ts";
import { WeftError } from "../core/error.ts";
import type { Platform } from "../core/platform.ts";
import { privateFolders, workspacePaths } from "../core/workspace.ts";
import { addMemory, memoryExport, readMemoryExport } from "../tools/memory-export.ts";
import type { Call } from "./command.ts";
import { load } from "./loading.ts";

const mostBytes = 16 * 1024 * 1024;

/** `weft memory export` */
export async function exportMemory(call: Call): Promise<number> {
  const { platform, options } = call;
  const loaded = await load(call);
  const exported = await memoryExport(treeOf(platform, loaded.workspace), platform, sha256Of(platform));
  const text = `${JSON.stringify(exported, null, 2)}\n`;
  if (options["out"] === undefined) await platform.terminal.out(text);
  else {
    const path = absolutePath(options["out"], platform.cwd);
    await platform.files.create(path, new TextEncoder().encode(text));
    await platform.terminal.error(`Exported the memory to ${path}\n`);
  }
  await recordOutside(platform, loaded, [entryOf("export", { bytes: text.length })]);
  return 0;
}

/** `weft memory import FILE` */
export async function importMemory(call: Call): Promise<number> {
  const { platform, arguments: words } = call;
  const { terminal } = platform;
  const loaded = await load(call);
  const imported = readMemoryExport(await textOf(platform, words["FILE"] ?? ""), sha256Of(platform));
  const lock = await takeWorkspace(platform, workspacePaths(loaded.workspace), {
    command: "memory import",
    waitMs: 5000,
  });
  let added: Record<string, number>;
  try {
    added = await addMemory(treeOf(platform, loaded.workspace), imported);
  } finally {
    await lock.release();
  }
  const verified = imported.verified
    ? "WITNESS chain verified"
    : "This file has no WITNESS chain: nobody can say whether it was changed";
  await terminal.out(`${verified}\n`);
  for (const [path, count] of Object.entries(added)) await terminal.out(`Added ${count} paragraph(s) to ${path}\n`);
  const paragraphs = Object.values(added).reduce((sum, count) => sum + count, 0);
  await recordOutside(platform, loaded, [entryOf("import", { paragraphs, verified: Number(imported.verified) })]);
  return 0;
}

function entryOf(subject: string, figures: Record<string, number>): AuditEntry {
  return { kind: "memory", subject, outcome: "ok", actor: { channel: "cli", sender: "local" }, figures };
}

/** As the agent's tools see it: no link in the workspace leads out of it. */
function treeOf({ files }: Platform, workspace: string) {
  return files.confined(workspace, privateFolders);
}

function sha256Of({ crypto }: Platform) {
  return (bytes: Uint8Array) => crypto.hash("sha256", bytes);
}

async function textOf({ files, terminal, cwd }: Platform, given: string): Promise<string> {
  if (given === "-") return await terminal.readAll(mostBytes);
  const path = absolutePath(given, cwd);
  const { bytes = 0 } = (await files.stat(path)) ?? {};
  if (bytes > mostBytes) throw new WeftError("invalid", `${path} has ${bytes} bytes, at most ${mostBytes} (16 MiB)`);
  return new TextDecoder().decode(await files.read(path));
}
