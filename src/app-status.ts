import type { Brain, BrainBase } from "./app-brain.ts";
import { modelsInUse } from "./app-options.ts";
import { busFor, openPlugins, type Plugins, usableModels } from "./app-parts.ts";
import type { Loaded } from "./config/load.ts";
import { noAudit } from "./core/audit.ts";
import { WeftError } from "./core/error.ts";
import type { Journal } from "./core/journal.ts";
import type { Platform } from "./core/platform.ts";
import type { PartStatus } from "./core/status.ts";
import { type WorkspacePaths, workspacePaths } from "./core/workspace.ts";
import { featureNames } from "./features.ts";
import type { AuditLog } from "./security/audit.ts";
import { version } from "./version.ts";

/** How each part is, by looking at it now. */
export async function partsStatus(
  base: Pick<BrainBase, "platform" | "paths" | "channels" | "plugins"> & {
    readonly journal: Journal;
    readonly audit: Pick<AuditLog, "status">;
  },
  brain: Brain,
): Promise<PartStatus[]> {
  const part = partAt(base.platform.now);
  const { loaded, models, tools } = brain;
  const { bytes, open } = base.journal.health();
  const names = [...base.channels.keys()];
  return [
    configPart(loaded, part),
    modelState(models.defaultId(), loaded, part),
    await workspacePart(base, part),
    part("journal", "ok", `${open} open turn(s), ${bytes} bytes`),
    auditPart(base.audit.status(), part),
    part("tools", "ok", tools.map(({ name }) => name).join(", ")),
    await sandboxPart(base.platform, loaded, part),
    ...pluginsPart(base.plugins, part),
    part("channels", names.length === 0 ? "off" : "ok", names.length === 0 ? "none configured" : names.join(", ")),
    part("engine", "ok", base.platform.engine),
    buildPart(part),
  ];
}

/** None in a build without them. */
function pluginsPart(plugins: Plugins | undefined, part: NewPart): PartStatus[] {
  if (!plugins) return [];
  const { state, detail } = plugins.status();
  return [part("plugins", state, detail)];
}

function auditPart({ entries, problem }: ReturnType<AuditLog["status"]>, part: NewPart): PartStatus {
  return part(
    "audit",
    problem === undefined ? "ok" : "degraded",
    problem ?? (entries === 0 ? "nothing recorded yet" : `${entries} entries`),
  );
}

type NewPart = (name: string, state: PartStatus["state"], detail: string) => PartStatus;

function partAt(now: () => number): NewPart {
  return (name, state, detail) => ({ part: name, state, detail, at: now() });
}

function configPart({ sources, warnings }: Loaded, part: NewPart): PartStatus {
  const from = sources.length === 0 ? "the defaults" : sources.join(", ");
  if (warnings.length === 0) return part("config", "ok", from);
  return part("config", "degraded", `${from}; ${warnings.length} warning(s): weft config check`);
}

function modelState(id: string, { config }: Loaded, part: NewPart): PartStatus {
  if (id === "offline" && config.routing.mode === "static") {
    return part("model", "degraded", "offline: set a provider's key, for example ANTHROPIC_API_KEY, to connect one");
  }
  return part("model", "ok", modelsInUse(config, id));
}

/** How the agent would start here, without starting it: nothing is locked. */
export async function initialStatus(platform: Platform, loaded: Loaded, detailed: boolean): Promise<PartStatus[]> {
  const { now } = platform;
  const part = partAt(now);
  const paths = workspacePaths(loaded.workspace);
  // The disk works while we look at the rest.
  const workspace = workspacePart({ platform, paths }, part);
  const plugins = await openPlugins({ platform, paths, bus: busFor(platform), audit: noAudit, writes: false });
  return [
    configPart(loaded, part),
    modelPart(platform, loaded, part),
    await workspace,
    // Finding out takes some milliseconds.
    ...(detailed ? [await sandboxPart(platform, loaded, part)] : []),
    ...pluginsPart(plugins, part),
    buildPart(part),
  ];
}

/** What holds the commands of exec_shell back. */
async function sandboxPart(platform: Platform, { config }: Loaded, part: NewPart): Promise<PartStatus> {
  const { sandbox } = config.tools.exec;
  if (sandbox === "off") return part("sandbox", "off", "tools.exec.sandbox is off");
  const { files, name, missing } = await platform.sandbox();
  if (files) return part("sandbox", "ok", missing === undefined ? name : `${name}; ${missing}`);
  const what = sandbox === "require" ? "commands are refused" : name === "" ? "none" : `${name} only`;
  return part("sandbox", sandbox === "require" ? "degraded" : "off", `${what}: ${missing}`);
}

function buildPart(part: NewPart): PartStatus {
  return part("build", "ok", `weft ${version}, features: ${featureNames().join(", ") || "none"}`);
}

function asksNobody(provider: string): never {
  throw new WeftError("internal", `status asks no model, and not one of ${provider}`);
}

function modelPart(platform: Platform, loaded: Loaded, part: NewPart): PartStatus {
  try {
    return modelState(usableModels(platform, loaded, asksNobody).defaultId(), loaded, part);
  } catch (error) {
    return part("model", "failed", WeftError.from(error).message);
  }
}

/** Writing is tried, for a full disk looks healthy until then. */
async function workspacePart(
  { platform, paths }: Pick<BrainBase, "platform" | "paths">,
  part: NewPart,
): Promise<PartStatus> {
  try {
    await tryWriting(platform, paths);
    return part("workspace", "ok", paths.root);
  } catch (error) {
    return part("workspace", "failed", WeftError.from(error).message);
  }
}

/** What is written need not outlive a power cut: nothing waits for it to be on the disk. */
async function tryWriting({ files }: Platform, { root }: WorkspacePaths): Promise<void> {
  await files.makeDirectory(`${root}/.weft`);
  const probe = `${root}/.weft/probe`;
  const file = await files.append(probe);
  try {
    await file.write(new Uint8Array(4096));
  } finally {
    await file.close();
    await files.remove(probe);
  }
}
