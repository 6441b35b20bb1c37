import { auditedCall } from "../agent/audited-call.ts";
import { recordOutside } from "../app-audit.ts";
import { lookingBrain } from "../app-brain.ts";
import { absolutePath } from "../config/locate.ts";
import type { AuditEntry } from "../core/audit.ts";
import { WeftError } from "../core/error.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { Platform } from "../core/platform.ts";
import { refusalText } from "../core/policy.ts";
import { type Approved, approvalsIn, notApproved, permissionsDiff } from "../plugins/approvals.ts";
import { type Permissions, unusedIn } from "../plugins/manifest.ts";
import { pluginPaths } from "../plugins/plugins.ts";
import { pluginStore, verifyPackage } from "../plugins/store.ts";
import type { Call } from "./command.ts";
import { load } from "./loading.ts";
import { runningGateway } from "./running-gateway.ts";
import { harmless, table } from "./style.ts";

/** `weft plugin install PATH` */
export async function install(call: Call): Promise<number> {
  const { platform, arguments: words } = call;
  const loaded = await load(call);
  const from = await verifyPackage(platform.files, absolutePath(words["PATH"] ?? "", platform.cwd));
  const { store, approvals, locked } = placesOf(platform, loaded.workspace);
  const { id, name, version, permissions } = from.manifest;
  const folder = await locked(() => store.install(from));
  const approved = await approvals.get(id);
  const problem = notApproved(from.manifest, approved);
  await recorded(call, loaded, { subject: `plugin ${id} ${version}`, detail: "installed" });
  await platform.terminal.out(`Installed ${id} ${version} (${name}) in ${folder}\n`);
  await say(platform, diffLines(permissions, approved));
  await say(platform, [
    ...unusedIn(from.manifest).map((each) => `Not used: ${each}`),
    problem === undefined ? "It is approved." : `Not approved yet. To approve it: weft plugin approve ${id}`,
  ]);
  await tellGateway(call, loaded);
  return 0;
}

/** `weft plugin approve ID` */
export async function approve(call: Call): Promise<number> {
  const { platform, arguments: words } = call;
  const loaded = await load(call);
  const { store, approvals, locked } = placesOf(platform, loaded.workspace);
  const { manifest } = await store.load(words["ID"] ?? "");
  const { id, version, permissions } = manifest;
  const before = await approvals.get(id);
  await say(platform, diffLines(permissions, before));
  await locked(() => approvals.set(id, { version, permissions, at: platform.now() }));
  await recorded(call, loaded, { subject: `plugin ${id} ${version}`, detail: permissionsText(permissions) });
  await say(platform, [`Approved ${id} ${version}.`]);
  await tellGateway(call, loaded);
  return 0;
}

/** `weft plugin remove ID` */
export async function remove(call: Call): Promise<number> {
  const {
    platform,
    arguments: { ID: id = "" },
  } = call;
  const loaded = await load(call);
  const { store, approvals, locked } = placesOf(platform, loaded.workspace);
  const was = await locked(async () => {
    // The approval first: what comes next under this name must ask again.
    const forgotten = await approvals.forget(id);
    return (await store.remove(id)) || forgotten;
  });
  if (!was) throw new WeftError("missing", `there is no plugin ${id}. See: weft plugin list`);
  await recorded(call, loaded, { subject: `plugin ${id}`, detail: "removed, and its approval" });
  await say(platform, [`Removed ${id}`]);
  await tellGateway(call, loaded);
  return 0;
}

interface Row {
  readonly id: string;
  readonly version: string;
  readonly state: "approved" | "not approved" | "broken";
  readonly permissions?: Permissions;
  /** Why it does not run, and what to do; empty when it may. */
  readonly problem: string;
}

/** `weft plugin list` */
export async function list(call: Call): Promise<number> {
  const { platform, options } = call;
  const loaded = await load(call);
  const { store, approvals, folder } = placesOf(platform, loaded.workspace);
  const rows = await Promise.all(
    (await store.ids()).map(async (id): Promise<Row> => {
      try {
        const { manifest } = await store.load(id);
        const { version, permissions } = manifest;
        const problem = notApproved(manifest, await approvals.get(id)) ?? "";
        return { id, version, state: problem === "" ? "approved" : "not approved", permissions, problem };
      } catch (error) {
        return { id, version: "", state: "broken", problem: WeftError.from(error).message };
      }
    }),
  );
  if ("json" in options) {
    await platform.terminal.out(`${JSON.stringify(rows, null, 2)}\n`);
    return 0;
  }
  if (rows.length === 0) await say(platform, ["No plugins are installed. See: weft plugin install --help"]);
  else {
    const cells = rows.map(({ id, version, state, permissions, problem }) => [
      id,
      version,
      state,
      problem || (permissions ? permissionsText(permissions) : ""),
    ]);
    await platform.terminal.out(harmless(table([["PLUGIN", "VERSION", "STATE", "DETAIL"], ...cells])));
  }
  await say(platform, [`Dir: ${folder}`]);
  return 0;
}

/** `weft plugin verify PATH`; exit code 1 when it could not be installed. */
export async function verify({ platform, arguments: words, options }: Call): Promise<number> {
  const folder = absolutePath(words["PATH"] ?? "", platform.cwd);
  const { manifest, module, packed } = await verifyPackage(platform.files, folder);
  const unused = unusedIn(manifest);
  if ("json" in options) {
    const report = { manifest, module: { bytes: module.length, gzip: packed }, unused };
    await platform.terminal.out(`${JSON.stringify(report, null, 2)}\n`);
    return 0;
  }
  const { id, name, version, permissions, resources } = manifest;
  const limits = Object.entries(resources).map(([key, value]) => `${key} ${value}`);
  await say(platform, [
    `${id} ${version} (${name}) is in order`,
    `Module: ${manifest.wasm_module}, ${module.length} bytes, ${packed} packed`,
    `Permissions: ${permissionsText(permissions)}`,
    `Limits: ${limits.join(", ")}`,
    ...unused.map((each) => `Not used: ${each}`),
  ]);
  return 0;
}

/** `weft plugin run ID TOOL [JSON]` */
export async function run(call: Call): Promise<number> {
  const { platform, options, arguments: words } = call;
  const { ID: id = "", TOOL: tool = "", JSON: given = "{}" } = words;
  const input = objectIn(given === "-" ? await platform.terminal.readAll(mostInput) : given);
  const loaded = await load(call);
  const { store, approvals } = placesOf(platform, loaded.workspace);
  const problem = notApproved((await store.load(id)).manifest, await approvals.get(id));
  if (problem !== undefined) throw new WeftError("refused", problem);
  const noted: AuditEntry[] = [];
  const audit = {
    record: (entry: AuditEntry) => recordOutside(platform, loaded, [entry]),
    note: async (entry: AuditEntry) => void noted.push(entry),
  };
  const { policy, plugins } = await lookingBrain(platform, loaded, audit);
  const found = plugins?.toolsOf(id).get(tool);
  if (!found || !plugins) {
    const names = [...(plugins?.toolsOf(id).keys() ?? [])];
    const hint = names.length > 0 ? `There are: ${names.join(", ")}` : `See why: weft status --detailed`;
    throw new WeftError("missing", `plugin ${id} has no tool ${tool}. ${hint}`);
  }
  const actor = { channel: "cli", sender: "local" };
  const stop = new AbortController();
  const ignore = platform.onSignal(() => stop.abort(new WeftError("aborted", "stopped")));
  try {
    const context = { session: "cli:plugin", actor, signal: stop.signal, send: nowhere };
    const about = { subject: found.name, actor, session: context.session, detail: input };
    const call = { audit, about, signal: stop.signal, monotonic: platform.monotonic };
    const output = await auditedCall(call, async (begin) => {
      const decision = policy.decide(actor, { kind: "tool", tool: found.name, input });
      if (!decision.allowed) throw new WeftError("refused", `${found.name}: ${refusalText(decision)}`);
      if (found.effect === "write") await begin();
      return await found.run(input, context);
    });
    const text = typeof output === "string" ? output : output.text;
    const calls = noted.filter(({ kind }) => kind === "plugin");
    const report = `${JSON.stringify({ ok: true, text, audit: calls }, null, 2)}\n`;
    await platform.terminal.out("json" in options ? report : `${harmless(text)}\n`);
    return 0;
  } finally {
    ignore();
    await plugins.close();
    await recordOutside(platform, loaded, noted);
  }
}

/** What the owner has decided about a plugin. */
async function recorded(
  { platform }: Call,
  loaded: Parameters<typeof recordOutside>[1],
  about: Pick<AuditEntry, "subject" | "detail">,
): Promise<void> {
  const actor = { channel: "cli", sender: "local" };
  await recordOutside(platform, loaded, [{ kind: "approval", outcome: "ok", actor, ...about }]);
}

const mostInput = 1024 * 1024;

async function nowhere(): Promise<never> {
  throw new WeftError("refused", "a plugin sends no messages");
}

function objectIn(text: string): JsonObject {
  const value = parsed(text);
  if (isJsonObject(value)) return value;
  throw new WeftError("usage", `error: JSON must be an object, for example '{"city":"Bern"}'`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function placesOf({ files, randomBytes }: Platform, workspace: string) {
  const paths = pluginPaths(workspace);
  return {
    folder: paths.folder,
    store: pluginStore({ files, randomBytes }, paths.folder),
    approvals: approvalsIn(files, paths.approvals),
    /** Two commands at once would undo each other. */
    async locked<T>(task: () => Promise<T>): Promise<T> {
      await files.makeDirectory(`${workspace}/.weft`);
      const lock = await files.lock(`${workspace}/.weft/plugins.lock`);
      if (!lock) throw new WeftError("conflict", "another weft plugin command is running: try again when it has ended");
      try {
        return await task();
      } finally {
        await lock.release();
      }
    },
  };
}

function diffLines(wanted: Permissions, approved: Approved | undefined): string[] {
  const lines = permissionsDiff(wanted, approved?.permissions);
  if (lines.length > 0)
    return [
      approved ? `Against what was approved for ${approved.version}:` : "It asks for:",
      ...lines.map((line) => `  ${line}`),
    ];
  return [approved ? "It asks for what was approved before." : "It asks for no permissions."];
}

function permissionsText(permissions: Permissions): string {
  const lines = permissionsDiff(permissions, undefined).map((line) => line.slice(2));
  return lines.length === 0 ? "none" : lines.join(", ");
}

async function say({ terminal }: Platform, lines: readonly string[]): Promise<void> {
  await terminal.out(harmless(lines.map((line) => `${line}\n`).join("")));
}

/** A gateway that runs looks at plugins when it starts and when it is told to. */
async function tellGateway({ platform }: Call, loaded: Parameters<typeof runningGateway>[1]): Promise<void> {
  const gateway = await runningGateway(platform, loaded);
  if (gateway) await platform.terminal.error(`The running gateway takes this up with: kill -HUP ${gateway.pid}\n`);
}
