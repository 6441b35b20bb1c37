import type { Json } from "../core/json.ts";
import type { Action, Aftermath, Decision, Level, Permissions, Policy, Standing } from "../core/policy.ts";
import type { Actor } from "../core/tool.ts";
import { privateFolders } from "../core/workspace.ts";
import { setBounded } from "../lib/bounded-map.ts";
import { nameMatches } from "../lib/glob.ts";
import { placeMatches } from "../lib/places.ts";
import { mayChange, mayTouch } from "./command-paths.ts";
import { type CommandRules, commandProblem } from "./commands.ts";
import { decideConnect, type UrlRules } from "./connect-policy.ts";
import { granted, refused } from "./decisions.ts";
import { levels, type PermissionRules, plainPath, plainPaths, standingOf } from "./permissions.ts";

export interface PolicyRules {
  readonly tools: ToolRules;
  /** Of the workspace, for everybody; relative to it. */
  readonly paths: { readonly deny: readonly string[]; readonly readOnly: readonly string[] };
  readonly commands: CommandRules;
  readonly urls: UrlRules;
  readonly permissions: PermissionRules;
  /** Where a setting's value comes from: a file, a variable, "the default". */
  readonly originOf?: (setting: string) => string;
}

/** Patterns of names, or `effect:write`, `effect:read`, `effect:egress`. */
export interface ToolRules {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  /** What is allowed and in here, but not in `approved`, needs the user's word. */
  readonly ask: readonly string[];
  /** Grows when the user says "always". */
  readonly approved: string[];
  /** Whether what changes things, or sends them out, is asked for once a turn has read words of strangers. */
  readonly askAfterStrangers: boolean;
  /** What somebody must have to use a tool, by pattern. */
  readonly requires?: Readonly<Record<string, Requirement>>;
  /** What the workspace's own configuration denies. */
  readonly deniedByWorkspace?: readonly string[];
}

export interface Requirement {
  readonly level?: Level | undefined;
  readonly custom?: Readonly<Record<string, Json>> | undefined;
}

/** Tables in, decisions out. What no rule allows is refused. */
export function policyOf(rules: PolicyRules): Policy {
  const plain = withPlainPaths(rules);
  const standing = remembered(rules.permissions);
  const permissions = new WeakMap<Standing, Permissions>();
  return {
    standingOf: standing,
    permissionsOf: (actor) => {
      const its = standing(actor);
      const known = permissions.get(its) ?? withPaths(its.permissions, plain.paths);
      permissions.set(its, known);
      return known;
    },
    decide: (actor, action) => placed(rules, decide(plain, { actor, standing: standing(actor) }, action)),
  };
}

function withPlainPaths(rules: PolicyRules): PolicyRules {
  const { deny, readOnly } = rules.paths;
  return { ...rules, paths: { deny: plainPaths(deny), readOnly: plainPaths(readOnly) } };
}

/** With the paths that hold for everybody; the same object for the same standing. */
function withPaths(permissions: Permissions, { deny, readOnly }: PolicyRules["paths"]): Permissions {
  return {
    ...permissions,
    pathsDenied: [...deny, ...permissions.pathsDenied],
    pathsReadOnly: [...readOnly, ...permissions.pathsReadOnly],
  };
}

const mostRemembered = 256;

/** Layers are joined once for each who asks: one turn asks dozens of times. Pairing may change while we run. */
function remembered(rules: PermissionRules): (actor: Actor) => Standing {
  const known = new Map<string, Standing>();
  const last = new WeakMap<Actor, { readonly paired: Level | undefined; readonly standing: Standing }>();
  return (actor) => {
    const paired = rules.paired(actor);
    const before = last.get(actor);
    if (before && before.paired === paired) return before.standing;
    const { channel, sender, group, agent, job } = actor;
    const key = JSON.stringify([channel, sender, group, agent, job, paired]);
    const standing = known.get(key) ?? standingOf(rules, actor);
    if (!known.has(key)) setBounded(known, [key, standing], mostRemembered);
    last.set(actor, { paired, standing });
    return standing;
  };
}

interface Who {
  readonly actor: Actor;
  readonly standing: Standing;
}

function decide(rules: PolicyRules, who: Who, action: Action): Decision {
  switch (action.kind) {
    case "tool":
      return decideTool(rules, who, action);
    case "command":
      return decideCommand(rules, who, action);
    case "path":
      return decidePath(rules, who, action);
    case "connect":
      return decideConnect(rules.urls, action);
    case "model":
      return decideModel(who, action);
    case "manage":
      return decideManage(who, action.what);
  }
}

/** With where the rule is written; looked up when somebody asks. */
function placed({ originOf }: PolicyRules, decision: Decision): Decision {
  if (!originOf) return decision;
  const { setting } = decision.rule;
  const rule = {
    setting,
    get origin() {
      return originOf(setting);
    },
  };
  return { ...decision, rule };
}

type ToolAction = Extract<Action, { kind: "tool" }>;

function decideTool(rules: PolicyRules, who: Who, action: ToolAction): Decision {
  const { tools } = rules;
  const denied = find(tools.deny, action);
  if (denied !== undefined) {
    return refused("tools.deny", `tools.deny has "${denied}"`, "To allow it, take that entry out of tools.deny.");
  }
  const below = find(tools.deniedByWorkspace ?? [], action);
  if (below !== undefined) {
    const setting = "the workspace's tools.deny";
    return refused(setting, `${setting} has "${below}"`, "To allow it, take that entry out of it.");
  }
  const allowed = find(tools.allow, action);
  if (allowed === undefined) {
    return refused("tools.allow", "it is not in tools.allow", `To allow it, add "${action.tool}" to tools.allow.`);
  }
  const lacking = whatLacks(rules, who, action);
  if (lacking) return lacking;
  const asked = find(tools.ask, action);
  const question = asked === undefined ? questionAfter(action.after, rules) : `tools.ask has "${asked}"`;
  if (question === undefined) return granted("tools.allow", `tools.allow has "${allowed}"`);
  const approved = find(tools.approved, action);
  if (approved !== undefined) return granted("tools.approved", `tools.approved has "${approved}"`);
  const allow = `To allow it without asking, add "${action.tool}" to tools.approved.`;
  const setting = asked === undefined ? "tools.ask_after_strangers" : "tools.ask";
  return { allowed: false, ask: true, reason: question, allow, rule: { setting } };
}

/** What the one who asks may not, where others may. */
function whatLacks(rules: PolicyRules, { actor, standing }: Who, action: ToolAction): Decision | undefined {
  const { permissions, from } = standing;
  const denied = find(permissions.toolsDenied, action);
  if (denied !== undefined) {
    const setting = from.toolsDenied ?? "tool_denylist";
    return refused(
      setting,
      "tool is explicitly denied for this user",
      `To allow it, take "${denied}" out of ${setting}.`,
    );
  }
  if (permissions.tools.some((list) => find(list, action) === undefined)) {
    const setting = from.tools ?? levelSetting(standing);
    const reason = `tool is not in the allowed tools for permission level ${permissions.level}`;
    return refused(setting, reason, howToLift({ actor, standing }, action.tool));
  }
  return whatIsRequired(rules.tools.requires ?? {}, { actor, standing }, action);
}

function whatIsRequired(
  requires: NonNullable<ToolRules["requires"]>,
  { actor, standing: { permissions } }: Who,
  action: ToolAction,
): Decision | undefined {
  for (const [pattern, { level = 0, custom = {} }] of Object.entries(requires)) {
    if (!fits(pattern, action)) continue;
    const setting = `tools.requires.${pattern}`;
    if (permissions.level < level) {
      const reason = `tool requires permission level ${level} but user has level ${permissions.level}`;
      return refused(setting, reason, `To allow it, set ${userKey(actor)}.level to ${level}.`);
    }
    const lacking = Object.keys(custom).find((name) => !same(permissions.custom[name], custom[name]));
    if (lacking !== undefined) {
      const reason = `tool requires custom permission '${lacking}' which is not set`;
      const wanted = JSON.stringify(custom[lacking]);
      return refused(setting, reason, `To allow it, set ${userKey(actor)}.custom_permissions.${lacking} to ${wanted}.`);
    }
  }
  return undefined;
}

function same(a: Json | undefined, b: Json | undefined): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

function userKey({ channel, sender }: Actor): string {
  return `routing.permissions.users.${channel}:${sender}`;
}

function howToLift({ actor, standing }: Who, tool: string): string {
  const { channel, sender } = actor;
  if (standing.permissions.level === 0) {
    return `To let ${channel}:${sender} in, add "${sender}" to channels.${channel}.allow_from, or pair them: weft pairing.`;
  }
  const setting = standing.from.tools;
  if (setting !== undefined) return `To allow it, add "${tool}" to ${setting}.`;
  return `To allow it, list the tools of ${channel}:${sender} in ${userKey(actor)}.tool_access.`;
}

/** The level's own permissions are the program's; what gave the level is the configuration's. */
function levelSetting({ permissions, from }: Standing): string {
  return from.level ?? `the permissions of level ${permissions.level}`;
}

function find(patterns: readonly string[], action: ToolAction): string | undefined {
  return patterns.find((pattern) => fits(pattern, action));
}

/** `effect:…` stands for every tool with that effect. */
function fits(pattern: string, { tool, effect, egress }: ToolAction): boolean {
  if (!pattern.startsWith("effect:")) return nameMatches(pattern, tool);
  return pattern === "effect:egress" ? egress === true : pattern === `effect:${effect}`;
}

function questionAfter(after: Aftermath | undefined, { tools, urls }: PolicyRules): string | undefined {
  if (!after || !tools.askAfterStrangers) return undefined;
  const { host } = after;
  if (host && urls.allowedDomains.some((entry) => placeMatches(entry, { host }))) return undefined;
  return `it ${after.does}, and this turn has read words of strangers by ${after.sources.join(", ")}: tools.ask_after_strangers`;
}

function decideCommand(
  { commands, paths }: PolicyRules,
  { standing }: Who,
  { command, facts }: Extract<Action, { kind: "command" }>,
): Decision {
  const problem = commandProblem(command, facts, commands);
  if (problem) return refused(`tools.command_policy.${problem.list}`, problem.reason, problem.allow);
  for (const { what, does, rows } of [
    { what: "path is denied", does: mayTouch, rows: deniedPaths(paths, standing) },
    { what: "path may only be read", does: mayChange, rows: readOnlyPaths(paths, standing) },
  ]) {
    for (const [setting, list] of rows) {
      const hit = list.find((path) => facts.commands.some((each) => does(each, path)));
      if (hit === undefined) continue;
      const reason = `command not allowed: ${what} (${setting} has "${hit}")`;
      return refused(setting, reason, `To allow it, take "${hit}" out of ${setting}.`);
    }
  }
  return granted("tools.command_policy", `tools.command_policy.mode ${commands.mode} lets it run`);
}

/** The setting that has them, and its paths. */
type PathRow = readonly [setting: string, paths: readonly string[]];

function deniedPaths({ deny }: PolicyRules["paths"], { permissions, from }: Standing): PathRow[] {
  return [
    ["tools.paths.deny", deny],
    [from.pathsDenied ?? "path_denylist", permissions.pathsDenied],
  ];
}

function readOnlyPaths({ readOnly }: PolicyRules["paths"], { permissions, from }: Standing): PathRow[] {
  return [
    ["tools.paths.read_only", readOnly],
    [from.pathsReadOnly ?? "path_read_only", permissions.pathsReadOnly],
  ];
}

function isWithin(folder: string, path: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function decidePath({ paths }: PolicyRules, { standing }: Who, action: Extract<Action, { kind: "path" }>): Decision {
  const path = plainPath(action.path);
  const isOutside = action.path.startsWith("/") || path.split("/").includes("..");
  if (isOutside || privateFolders.some((folder) => isWithin(folder, path))) {
    const how = "File tools see nothing but the workspace, and there not what weft keeps for itself.";
    return refused("agents.defaults.workspace", `path escapes workspace: ${action.path}`, how);
  }
  const denied = deniedPaths(paths, standing);
  const readOnly = action.effect === "write" ? readOnlyPaths(paths, standing) : [];
  for (const [setting, list] of [...denied, ...readOnly]) {
    const hit = list.find((each) => isWithin(each, path));
    if (hit === undefined) continue;
    const what = denied.some(([name]) => name === setting) ? "path is denied" : "path may only be read";
    return refused(
      setting,
      `${what}: ${action.path} (${setting} has "${hit}")`,
      `To allow it, take "${hit}" out of ${setting}.`,
    );
  }
  return granted("tools.paths", "it lies in the workspace, and no rule denies it");
}

function decideModel({ standing }: Who, { model, chosen }: Extract<Action, { kind: "model" }>): Decision {
  const { permissions, from } = standing;
  if (chosen && !permissions.mayChooseModel) {
    const setting = from.mayChooseModel ?? levelSetting(standing);
    return refused(setting, `level ${permissions.level} may not choose a model`, lift("model_override", "true"));
  }
  const denied = permissions.modelDenied.find((pattern) => nameMatches(pattern, model));
  if (denied !== undefined) {
    const setting = from.modelDenied ?? "model_denylist";
    return refused(
      setting,
      `model is denied for this user: ${model}`,
      `To allow it, take "${denied}" out of ${setting}.`,
    );
  }
  const allowed = permissions.modelAccess.find((pattern) => nameMatches(pattern, model));
  const setting = from.modelAccess ?? levelSetting(standing);
  if (allowed !== undefined) return granted(setting, `model_access has "${allowed}"`);
  return refused(
    setting,
    `model is not in the allowed models of this user: ${model}`,
    lift("model_access", `["${model}"]`),
  );
}

function decideManage({ standing }: Who, what: string): Decision {
  const { level } = standing.permissions;
  if (level === levels[2].level) return granted(levelSetting(standing), "admins may");
  return refused(
    levelSetting(standing),
    `${what} may only be changed by admins, and this is level ${level}`,
    lift("level", "2"),
  );
}

function lift(key: keyof typeof settingsOfUsers, value: string): string {
  return `To allow it, set ${key} to ${value} for this user in routing.permissions.users: ${settingsOfUsers[key]}.`;
}

const settingsOfUsers = {
  level: "2 is an admin",
  model_override: "whether they may name a model",
  model_access: "patterns of models",
} as const;
