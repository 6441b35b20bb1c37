import * as v from "valibot";
import { WeftError } from "../core/error.ts";
import type { JsonObject } from "../core/json.ts";
import type { Platform } from "../core/platform.ts";
import { compilePattern } from "../lib/pattern.ts";
import { entryProblem } from "../lib/places.ts";
import { namesSecret } from "../lib/secret-name.ts";
import { configOf, withDefaults } from "./defaults.ts";
import { kindOf, placeOfPath, readDocument } from "./document.ts";
import { absolutePath, locateConfig } from "./locate.ts";
import { type Level, type Origins, originOf, placeOf } from "./origins.ts";
import { environmentOverrides, merged } from "./overrides.ts";
import { expandHome, readSecretFile, resolveReferences } from "./references.ts";
import { type Config, type ConfigFile, configSchema, notYet, type Written } from "./schema.ts";
import { hintOf, normalise, pathKey, type UnknownKey } from "./shape.ts";
import { ownOfWorkspace } from "./workspace-level.ts";

/** The configuration, checked, with all references resolved. */
export interface Loaded {
  readonly config: Config;
  /** In the file's spelling, merged, references as they are written: what `config show` shows. */
  readonly raw: ConfigFile;
  /** The file of the user's level, also where it does not exist yet. */
  readonly path: string;
  /** What was read, in the order of precedence; the environment's variables last. */
  readonly sources: readonly string[];
  readonly warnings: readonly string[];
  /** Values that must never be shown. */
  readonly secrets: readonly string[];
  /** Absolute path. */
  readonly workspace: string;
  /** What the workspace's own configuration takes away. */
  readonly restrictions: Restrictions;
  /** The variable or the file that a setting's value comes from, else "the default". */
  originOf(setting: string): string;
  /** The same with line and column. */
  placeOf(setting: string): Promise<string>;
  /** An environment variable, or the content of the file that its `NAME_FILE` names. */
  env(name: string): string | undefined;
}

export interface Restrictions {
  readonly deny: Config["tools"]["deny"];
  readonly paths: Config["tools"]["paths"];
  readonly permissions: Config["routing"]["permissions"];
}

export interface LoadOptions {
  /** `-c FILE`; it must exist. */
  readonly path?: string | undefined;
  /** Sections that this build has no use for. */
  readonly without?: readonly string[];
}

/** Defaults, then the user's file, then the workspace's, then `CLAWFT__…`. Throws `config` naming what is wrong where. */
export async function loadConfig(platform: Platform, options: LoadOptions = {}): Promise<Loaded> {
  const { env, files } = platform;
  const located = await locateConfig(platform, options.path);
  const user = await readLevel(files, located.path);
  const overrides = environmentOverrides(env);
  const home = env["HOME"];
  const standard = await standardWorkspace(platform);
  const below = merged(standard, user?.normal.value ?? {});
  const first = await check(below, { levels: [user], overrides });
  const workspace = workspacePath(platform, withDefaults(first), located.path);
  const above = await readLevel(files, `${workspace}/.clawft/config.json`, located.path);
  const limited = above && ownOfWorkspace(above.normal.value, above.document.path);
  const levels = [user, above];
  const origins = { levels, overrides };
  const restrictions = await restrictionsOf(limited?.restrictions ?? {}, origins);
  const written = limited ? await check(merged(below, limited.value), origins) : first;
  const raw = withDefaults(written);
  const references = await resolveReferences(written as unknown as JsonObject, {
    env,
    files,
    home,
    store: async () => {
      const { openSecretStore } = await import("./secret-store.ts");
      return await openSecretStore(platform, located.path.slice(0, located.path.lastIndexOf("/")));
    },
  });
  const config = configOf(references.value as unknown as Written);
  const fromFiles = await secretFiles(platform);
  const variables = [...overrides.variables.values()];
  return {
    config,
    raw,
    path: located.path,
    sources: [...levels.flatMap((level) => level?.document.path ?? []), ...variables],
    warnings: [
      ...located.warnings,
      ...levels.flatMap((level) => (level ? unknownWarnings(level) : [])),
      ...levels.flatMap((level) => (level ? modeWarning(level, references.secrets) : [])),
      ...overrides.unknown.map((key) => `${key.variable}: ${unknownText(key)}`),
      ...(limited?.warnings ?? []),
      ...references.warnings,
      ...(written.routing ? await routingWarnings(written.routing) : []),
      ...notYet(config),
      ...withoutWarnings(levels, options.without ?? []),
    ],
    secrets: [
      ...new Set([...references.secrets, ...[...environmentSecrets(env), ...fromFiles.values()].flatMap(eachKey)]),
    ],
    workspace,
    restrictions,
    originOf: (setting) => originOf(origins, setting),
    placeOf: (setting) => placeOf(origins, setting),
    env: (name) => env[name] || fromFiles.get(name),
  };
}

async function restrictionsOf(value: JsonObject, { levels }: Origins): Promise<Restrictions> {
  if (Object.keys(value).length === 0) return { deny: [], paths: { deny: [], readOnly: [] }, permissions: undefined };
  const nothing = { value: {}, variables: new Map(), unknown: [] };
  const { tools, routing } = configOf(await check(value, { levels, overrides: nothing }));
  return { deny: tools.deny, paths: tools.paths, permissions: routing.permissions };
}

async function readLevel(files: Platform["files"], path: string, not?: string): Promise<Level | undefined> {
  const document = path === not ? undefined : await readDocument(files, path);
  if (!document) return undefined;
  const normal = normalise(document.value);
  const [list] = normal.lists;
  if (!list) return { document, normal };
  const place = `${path}:${await placeOfPath(document, list)}`;
  throw new WeftError("config", `${place}: ${list.join(".")}: expected an object, found a list`);
}

/** Where only the older program's folder exists, its workspace goes on. */
async function standardWorkspace({ env, files }: Platform): Promise<JsonObject> {
  const home = env["HOME"];
  if (!home) return {};
  const [ours, older] = await Promise.all([files.stat(`${home}/.clawft`), files.stat(`${home}/.nanobot/workspace`)]);
  return !ours && older ? { agents: { defaults: { workspace: "~/.nanobot/workspace" } } } : {};
}

function workspacePath({ env, cwd }: Platform, raw: ConfigFile, configPath: string): string {
  const home = env["HOME"];
  const chosen = env["CLAWFT_WORKSPACE"];
  if (chosen) return absolutePath(expandHome(chosen, home), cwd);
  const folder = configPath.slice(0, configPath.lastIndexOf("/"));
  return absolutePath(expandHome(raw.agents.defaults.workspace, home), folder);
}

/** Throws `config` when this document, with the defaults around it, is no configuration. */
export async function checkDocument(document: JsonObject): Promise<void> {
  const overrides = { value: {}, variables: new Map(), unknown: [] };
  await check(merged({}, normalise(document).value), { levels: [], overrides });
}

/** The sections that somebody wrote, complete. */
async function check(value: JsonObject, origins: Origins): Promise<Written> {
  const parsed = v.safeParse(configSchema, merged(value, origins.overrides.value));
  if (parsed.success) {
    const { delegation, tools, routing } = parsed.output;
    if (delegation) await checkPatterns(delegation, origins);
    if (tools) await checkPlaces(tools, origins);
    if (routing) await checkRouting(routing, origins);
    return parsed.output;
  }
  const problems = await Promise.all(parsed.issues.slice(0, 5).map((issue) => problemOf(issue, origins)));
  throw new WeftError("config", problems.join("\n"));
}

/** Throws `config` for a rule whose pattern cannot be read, which otherwise would be found out in the middle of a turn. */
async function checkPatterns(delegation: ConfigFile["delegation"], origins: Origins): Promise<void> {
  for (const [index, { pattern }] of delegation.rules.entries()) {
    try {
      await compilePattern(pattern);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const what = `expected a regular expression in the syntax of RE2: ${why}`;
      throw new WeftError("config", await placed(["delegation", "rules", `${index}`, "pattern"], what, origins));
    }
  }
}

/** Throws `config` for an entry that could never match: its owner would think that it protects him. */
async function checkPlaces(tools: ConfigFile["tools"], origins: Origins): Promise<void> {
  const { allowed_domains: allowed, blocked_domains: blocked } = tools.url_policy;
  for (const [key, entries] of Object.entries({ allowed_domains: allowed, blocked_domains: blocked })) {
    for (const [index, entry] of entries.entries()) {
      const problem = entryProblem(entry);
      if (problem === undefined) continue;
      const path = ["tools", "url_policy", key, `${index}`];
      throw new WeftError("config", await placed(path, `${JSON.stringify(entry)}: ${problem}`, origins));
    }
  }
}

/** Throws `config` for what no question could be routed by. */
async function checkRouting(routing: ConfigFile["routing"], origins: Origins): Promise<void> {
  const { routingProblems } = await import("./routing-check.ts");
  const wrong = routingProblems(routing).filter(({ isError }) => isError);
  if (wrong.length === 0) return;
  const problems = wrong.slice(0, 5).map(({ path, problem }) => placed(path, problem, origins));
  throw new WeftError("config", (await Promise.all(problems)).join("\n"));
}

async function routingWarnings(routing: ConfigFile["routing"]): Promise<string[]> {
  const { routingProblems } = await import("./routing-check.ts");
  return routingProblems(routing).flatMap((each) => (each.isError ? [] : `${each.path.join(".")}: ${each.problem}`));
}

async function problemOf(issue: v.BaseIssue<unknown>, origins: Origins): Promise<string> {
  const path = (issue.path ?? []).map(({ key }) => String(key));
  return await placed(path, `expected ${expectation(issue)}, found ${kindOf(issue.input as never)}`, origins);
}

/** What is wrong, after the place where it is written. */
async function placed(path: readonly string[], problem: string, { levels, overrides }: Origins): Promise<string> {
  const name = path.join(".");
  const what = `${name}: ${problem}`;
  const variable = [...overrides.variables].find(([at]) => name === at || name.startsWith(`${at}.`))?.[1];
  if (variable) return `${variable}: ${what}`;
  const level = levels.findLast((each) => each?.normal.written.has(pathKey(path)));
  const written = level?.normal.written.get(pathKey(path));
  return level && written ? `${level.document.path}:${await placeOfPath(level.document, written)}: ${what}` : what;
}

function expectation(issue: v.BaseIssue<unknown>): string {
  const words: Readonly<Record<string, string>> = {
    string: "a text in quotes",
    number: "a number",
    boolean: "true or false",
    array: "a list",
    object: "an object",
    record: "an object",
    integer: "a whole number",
  };
  if (issue.type === "picklist") return `one of ${issue.expected?.replace(/[()]/g, "").replaceAll(" | ", ", ")}`;
  if (issue.type === "min_value") return `a number of at least ${issue.expected?.slice(2)}`;
  if (issue.type === "max_value") return `a number of at most ${issue.expected?.slice(2)}`;
  if (issue.type === "union") return issue.message;
  return words[issue.type] ?? issue.expected ?? issue.message;
}

function unknownWarnings({ document, normal }: Level): string[] {
  return normal.unknown.map((key) => `${document.path}: ${unknownText(key)}`);
}

function withoutWarnings(levels: readonly (Level | undefined)[], without: readonly string[]): string[] {
  const configured = without.filter((section) => levels.some((level) => level && section in level.normal.value));
  return configured.map((section) => `${section} is configured, but this build of weft was made without it`);
}

function unknownText(key: UnknownKey): string {
  return `unknown key ${key.path.join(".")} is ignored.${hintOf(key)}`;
}

function modeWarning({ document }: Level, secrets: readonly string[]): string[] {
  const { path, mode, text } = document;
  const open = (mode & 0o077) !== 0 && secrets.some((value) => text.includes(value));
  return open ? [`${path} holds keys and other users can read it. Run: chmod 600 ${path}`] : [];
}

function environmentSecrets(env: Platform["env"]): string[] {
  return Object.entries(env).flatMap(([name, value]) => (namesSecret(name) && value && value.length >= 8 ? value : []));
}

/** A variable, or its file, may hold several keys with commas between them. */
function eachKey(value: string): string[] {
  if (!value.includes(",")) return [value];
  const keys = value.split(",").map((key) => key.trim());
  return [value, ...keys.filter((key) => key.length >= 8)];
}

/** The files that `OPENAI_API_KEY_FILE` and the like name, by the variable they stand for. */
async function secretFiles({ env, files }: Platform): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const [name, path] of Object.entries(env)) {
    const plain = name.slice(0, -"_FILE".length);
    if (!name.endsWith("_FILE") || !namesSecret(plain) || !path || env[plain]) continue;
    found.set(plain, await readSecretFile(files, expandHome(path, env["HOME"]), name));
  }
  return found;
}
