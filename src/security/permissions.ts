import type { Json } from "../core/json.ts";
import { type Level, type Permissions, type Standing, type TierRank, tierRanks } from "../core/policy.ts";
import type { Actor } from "../core/tool.ts";

/** What a layer of the configuration may say of somebody; what it leaves out stays as the layers below say. */
export interface Patch {
  readonly level?: Level | undefined;
  readonly maxTier?: TierRank | undefined;
  readonly modelAccess?: readonly string[] | undefined;
  readonly modelDenylist?: readonly string[] | undefined;
  readonly toolAccess?: readonly string[] | undefined;
  readonly toolDenylist?: readonly string[] | undefined;
  readonly pathDenylist?: readonly string[] | undefined;
  readonly pathReadOnly?: readonly string[] | undefined;
  readonly maxContextTokens?: number | undefined;
  readonly maxOutputTokens?: number | undefined;
  /** Messages a minute; 0: no limit. */
  readonly rateLimit?: number | undefined;
  readonly streamingAllowed?: boolean | undefined;
  readonly escalationAllowed?: boolean | undefined;
  readonly escalationThreshold?: number | undefined;
  readonly modelOverride?: boolean | undefined;
  /** US dollars; 0: no limit. */
  readonly costBudgetDailyUsd?: number | undefined;
  readonly costBudgetMonthlyUsd?: number | undefined;
  readonly customPermissions?: Readonly<Record<string, Json>> | undefined;
}

type Named = Readonly<Record<string, Patch>>;

/** One level of the configuration: the user's file, or the workspace's. */
export interface Layers {
  readonly zeroTrust?: Patch | undefined;
  readonly user?: Patch | undefined;
  readonly admin?: Patch | undefined;
  /** By `sender` or `channel:sender`. */
  readonly users?: Named | undefined;
  readonly groups?: Named | undefined;
  readonly channels?: Named | undefined;
  readonly agents?: Named | undefined;
  readonly jobs?: Named | undefined;
}

export interface PermissionRules {
  readonly user: Layers;
  /** May take away, never give: the agent can write there. */
  readonly workspace: Layers;
  /** Whether a channel's own allow list has this sender. */
  readonly isListed: (actor: Actor) => boolean;
  /** The level somebody was paired with. */
  readonly paired: (actor: Actor) => Level | undefined;
}

/** Who reaches weft here holds its owner's token or sits at its owner's terminal. */
export const ownChannels: readonly string[] = ["cli", "http"];

/**
 * Level, then layers: the built-in permissions of the level, the configuration's section for it, the user, the group
 * and the channel. An agent, a job and the workspace's own configuration then only take away. Lists of what is allowed
 * replace each other, lists of what is denied add up.
 */
export function standingOf(rules: PermissionRules, actor: Actor): Standing {
  const { level, why, from } = levelOf(rules, actor);
  let standing = withPatch(atLevel(rules.user, { level, why }), patchesFor(rules.user, actor));
  if (from !== undefined) standing = { ...standing, from: { ...standing.from, level: from } };
  for (const patch of [...boundsOf(rules.user, actor), ...workspacePatches(rules, actor, level)]) {
    standing = within(standing, bounded(rules.user, standing, patch));
  }
  return standing;
}

interface Placed {
  /** The key of the configuration that has it. */
  readonly key: string;
  readonly patch: Patch | undefined;
}

const root = "routing.permissions";

/** First found: what names the user, the group, the channel; then who is listed, paired, or comes by the owner's ways. */
function levelOf(rules: PermissionRules, actor: Actor): { level: Level; why: string; from?: string } {
  for (const { key, patch } of patchesFor(rules.user, actor)) {
    if (patch?.level !== undefined) return { level: patch.level, why: `${key}.level`, from: `${key}.level` };
  }
  const { channel, sender } = actor;
  if (rules.isListed(actor)) {
    return { level: 1, why: `channels.${channel}.allow_from has "${sender}"`, from: `channels.${channel}.allow_from` };
  }
  const paired = rules.paired(actor);
  if (paired !== undefined) return { level: paired, why: `${channel}:${sender} was paired` };
  if (ownChannels.includes(channel)) return { level: 2, why: `${channel} is the owner's own way in` };
  return { level: 0, why: `nobody has let ${channel}:${sender} in` };
}

function patchesFor({ users, groups, channels }: Layers, { channel, sender, group }: Actor): Placed[] {
  return [
    ...named("users", users, [`${channel}:${sender}`, sender]).slice(0, 1),
    ...named("groups", groups, group === undefined ? [] : [`${channel}:${group}`, group]).slice(0, 1),
    ...named("channels", channels, [channel]),
  ];
}

/** Who acts for somebody has at most that one's permissions. */
function boundsOf({ agents, jobs }: Layers, { agent, job }: Actor): Placed[] {
  return [
    ...named("agents", agents, agent === undefined ? [] : [agent]),
    ...named("jobs", jobs, job === undefined ? [] : [job]),
  ];
}

function named(kind: string, patches: Named | undefined, names: readonly string[]): Placed[] {
  return names.flatMap((name) => {
    const patch = patches && Object.hasOwn(patches, name) ? patches[name] : undefined;
    return patch ? [{ key: `${root}.${kind}.${name}`, patch }] : [];
  });
}

function workspacePatches({ workspace }: PermissionRules, actor: Actor, level: Level): Placed[] {
  const patches = [sectionOf(workspace, level), ...patchesFor(workspace, actor), ...boundsOf(workspace, actor)];
  return patches.map(({ key, patch }) => ({ key: `the workspace's ${key}`, patch }));
}

function sectionOf({ zeroTrust, user, admin }: Layers, level: Level): Placed {
  const name = (["zero_trust", "user", "admin"] as const)[level];
  return { key: `${root}.${name}`, patch: [zeroTrust, user, admin][level] };
}

function atLevel(layers: Layers, { level, why }: { readonly level: Level; readonly why: string }): Standing {
  return withPatch({ permissions: levels[level], why, from: {} }, [sectionOf(layers, level)]);
}

/** What the patch makes of it, begun from the lower level where it names one. */
function bounded(layers: Layers, standing: Standing, placed: Placed): Standing {
  const level = placed.patch?.level;
  const lower = level !== undefined && level < standing.permissions.level;
  const base = lower ? atLevel(layers, { level, why: `${placed.key}.level` }) : standing;
  const wanted = withPatch(base, [placed]);
  if (!lower) return wanted;
  const from = Object.fromEntries(Object.keys(wanted.permissions).map((name) => [name, `${placed.key}.level`]));
  return { ...wanted, from: { ...from, ...wanted.from } };
}

/** The patches in turn; later ones replace what earlier ones said. */
function withPatch(standing: Standing, patches: readonly Placed[]): Standing {
  return patches.reduce(patched, standing);
}

function patched({ permissions, why, from }: Standing, { key, patch }: Placed): Standing {
  if (!patch) return { permissions, why, from };
  const changes = changesOf(permissions, patch);
  const sources = Object.fromEntries(changes.map(([name, , setting]) => [name, `${key}.${setting}`]));
  const values = Object.fromEntries(changes.map(([name, value]) => [name, value]));
  return { permissions: { ...permissions, ...values }, why, from: { ...from, ...sources } };
}

type Change = readonly [name: keyof Permissions, value: unknown, setting: string];

function changesOf(old: Permissions, patch: Patch): Change[] {
  const { customPermissions: custom } = patch;
  const rows: readonly Change[] = [
    ["tools", filled(patch.toolAccess, (list) => [list]), "tool_access"],
    ["toolsDenied", filled(patch.toolDenylist, (list) => [...old.toolsDenied, ...list]), "tool_denylist"],
    ["pathsDenied", filled(patch.pathDenylist, (list) => [...old.pathsDenied, ...plainPaths(list)]), "path_denylist"],
    [
      "pathsReadOnly",
      filled(patch.pathReadOnly, (list) => [...old.pathsReadOnly, ...plainPaths(list)]),
      "path_read_only",
    ],
    ["maxTier", patch.maxTier, "max_tier"],
    ["modelAccess", filled(patch.modelAccess, (list) => list), "model_access"],
    ["modelDenied", filled(patch.modelDenylist, (list) => [...old.modelDenied, ...list]), "model_denylist"],
    ["mayChooseModel", patch.modelOverride, "model_override"],
    ["maxContextTokens", patch.maxContextTokens, "max_context_tokens"],
    ["maxOutputTokens", patch.maxOutputTokens, "max_output_tokens"],
    ["mayStream", patch.streamingAllowed, "streaming_allowed"],
    ["mayEscalate", patch.escalationAllowed, "escalation_allowed"],
    ["escalationThreshold", patch.escalationThreshold, "escalation_threshold"],
    ["messagesPerMinute", unlimitedIfZero(patch.rateLimit), "rate_limit"],
    ["dailyUsd", unlimitedIfZero(patch.costBudgetDailyUsd), "cost_budget_daily_usd"],
    ["monthlyUsd", unlimitedIfZero(patch.costBudgetMonthlyUsd), "cost_budget_monthly_usd"],
    ["custom", custom && { ...old.custom, ...custom }, "custom_permissions"],
  ];
  return rows.filter(([, value]) => value !== undefined);
}

export function plainPaths(paths: readonly string[]): string[] {
  return paths.map(plainPath);
}

/** Relative to the workspace, without what means nothing: `./a//b/` is `a/b`. */
export function plainPath(path: string): string {
  return namesOf(path).join("/");
}

/** What a path goes through: `./a//b/` is `a`, then `b`. */
export function namesOf(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}

/** An empty list says nothing. */
function filled<T>(list: readonly string[] | undefined, use: (list: readonly string[]) => T): T | undefined {
  return list && list.length > 0 ? use(list) : undefined;
}

function unlimitedIfZero(value: number | undefined): number | undefined {
  return value === 0 ? Number.POSITIVE_INFINITY : value;
}

/** The lower of both, permission by permission. */
function within(ceiling: Standing, wanted: Standing): Standing {
  const [a, b] = [ceiling.permissions, wanted.permissions];
  const permissions: Permissions = {
    level: Math.min(a.level, b.level) as Level,
    tools: a.tools === b.tools ? a.tools : [...a.tools, ...b.tools],
    toolsDenied: union(a.toolsDenied, b.toolsDenied),
    pathsDenied: union(a.pathsDenied, b.pathsDenied),
    pathsReadOnly: union(a.pathsReadOnly, b.pathsReadOnly),
    maxTier: rankOf(a.maxTier) < rankOf(b.maxTier) ? a.maxTier : b.maxTier,
    // Which models there are is the user's to say; a workspace or an agent may only deny some.
    modelAccess: a.modelAccess,
    modelDenied: union(a.modelDenied, b.modelDenied),
    mayChooseModel: a.mayChooseModel && b.mayChooseModel,
    maxContextTokens: Math.min(a.maxContextTokens, b.maxContextTokens),
    maxOutputTokens: Math.min(a.maxOutputTokens, b.maxOutputTokens),
    mayStream: a.mayStream && b.mayStream,
    mayEscalate: a.mayEscalate && b.mayEscalate,
    escalationThreshold: Math.max(a.escalationThreshold, b.escalationThreshold),
    messagesPerMinute: Math.min(a.messagesPerMinute, b.messagesPerMinute),
    dailyUsd: Math.min(a.dailyUsd, b.dailyUsd),
    monthlyUsd: Math.min(a.monthlyUsd, b.monthlyUsd),
    custom: a.custom,
  };
  const changed = Object.keys(permissions).filter((each) => {
    const name = each as keyof Permissions;
    return permissions[name] !== a[name] && wanted.from[name] !== undefined;
  });
  const from = Object.fromEntries(changed.map((name) => [name, wanted.from[name as keyof Permissions]]));
  const why = permissions.level === a.level ? ceiling.why : wanted.why;
  return { permissions, why, from: { ...ceiling.from, ...from } };
}

function union(a: readonly string[], b: readonly string[]): readonly string[] {
  const more = b.filter((each) => !a.includes(each));
  return more.length === 0 ? a : [...a, ...more];
}

export function rankOf(tier: TierRank): number {
  return tierRanks.indexOf(tier);
}

const unlimited = Number.POSITIVE_INFINITY;

/** What each level may do before anybody configured something. */
export const levels: readonly [Permissions, Permissions, Permissions] = [
  {
    level: 0,
    tools: [[]],
    toolsDenied: [],
    pathsDenied: [],
    pathsReadOnly: [],
    maxTier: "free",
    modelAccess: ["*"],
    modelDenied: [],
    mayChooseModel: false,
    maxContextTokens: 4096,
    maxOutputTokens: 1024,
    mayStream: false,
    mayEscalate: false,
    escalationThreshold: 1,
    messagesPerMinute: 10,
    dailyUsd: 0.1,
    monthlyUsd: 2,
    custom: {},
  },
  {
    level: 1,
    tools: [
      ["read_file", "write_file", "edit_file", "list_directory", "glob", "grep", "web_search", "web_fetch", "message"],
    ],
    toolsDenied: [],
    pathsDenied: [],
    pathsReadOnly: [],
    maxTier: "standard",
    modelAccess: ["*"],
    modelDenied: [],
    mayChooseModel: false,
    maxContextTokens: 16_384,
    maxOutputTokens: 4096,
    mayStream: true,
    mayEscalate: true,
    escalationThreshold: 0.6,
    messagesPerMinute: 60,
    dailyUsd: 5,
    monthlyUsd: 100,
    custom: {},
  },
  {
    level: 2,
    tools: [["*"]],
    toolsDenied: [],
    pathsDenied: [],
    pathsReadOnly: [],
    maxTier: "elite",
    modelAccess: ["*"],
    modelDenied: [],
    mayChooseModel: true,
    maxContextTokens: unlimited,
    maxOutputTokens: unlimited,
    mayStream: true,
    mayEscalate: true,
    escalationThreshold: 0,
    messagesPerMinute: unlimited,
    dailyUsd: unlimited,
    monthlyUsd: unlimited,
    custom: {},
  },
];
