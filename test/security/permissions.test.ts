import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Permissions, refusalText } from "../../src/core/policy.ts";
import type { Actor } from "../../src/core/tool.ts";
import { type Layers, type Patch, rankOf, standingOf } from "../../src/security/permissions.ts";
import { policyWith, rulesWith } from "./rules.ts";

const ann: Actor = { channel: "telegram", sender: "ann" };
const listed = (actor: Actor) => actor.sender === "listed";
const nobody = () => undefined;

function permissionsOf(user: Layers, actor: Actor = ann, workspace: Layers = {}): Permissions {
  return standingOf({ user, workspace, isListed: listed, paired: nobody }, actor).permissions;
}

describe("who has which level", () => {
  const rows: readonly (readonly [string, Actor, Layers, number, string])[] = [
    ["a stranger", ann, {}, 0, "nobody has let telegram:ann in"],
    ["the terminal", { channel: "cli", sender: "local" }, {}, 2, "cli is the owner's own way in"],
    ["who holds the token", { channel: "http", sender: "owner" }, {}, 2, "http is the owner's own way in"],
    ["an unknown channel", { channel: "new", sender: "x" }, {}, 0, "nobody has let new:x in"],
    [
      "who is on the channel's list",
      { channel: "telegram", sender: "listed" },
      {},
      1,
      'channels.telegram.allow_from has "listed"',
    ],
    ["a user with a level", ann, { users: { ann: { level: 2 } } }, 2, "routing.permissions.users.ann.level"],
    [
      "the one on this channel before the one of that name",
      ann,
      { users: { ann: { level: 2 }, "telegram:ann": { level: 1 } } },
      1,
      "routing.permissions.users.telegram:ann.level",
    ],
    [
      "a channel's level for everybody on it",
      ann,
      { channels: { telegram: { level: 1 } } },
      1,
      "routing.permissions.channels.telegram.level",
    ],
    [
      "a user before his channel",
      ann,
      { users: { ann: { level: 0 } }, channels: { telegram: { level: 2 } } },
      0,
      "routing.permissions.users.ann.level",
    ],
    [
      "a group before its channel",
      { ...ann, group: "family" },
      { groups: { "telegram:family": { level: 1 } }, channels: { telegram: { level: 0 } } },
      1,
      "routing.permissions.groups.telegram:family.level",
    ],
    [
      "the terminal, when it is told so",
      { channel: "cli", sender: "x" },
      { channels: { cli: { level: 0 } } },
      0,
      "cli",
    ],
  ];
  test.each(rows)("%s", (_, actor, user, level, why) => {
    const standing = standingOf({ user, workspace: {}, isListed: listed, paired: nobody }, actor);
    expect(standing.permissions.level).toBe(level);
    expect(standing.why).toContain(why);
  });

  test("who was paired", () => {
    const rules = { user: {}, workspace: {}, isListed: listed, paired: () => 1 as const };
    expect(standingOf(rules, ann)).toMatchObject({ permissions: { level: 1 }, why: "telegram:ann was paired" });
  });
});

describe("layers", () => {
  const level1 = { users: { ann: { level: 1 } } } as const;
  const rows: readonly (readonly [string, Layers, Layers, Partial<Permissions>, Actor?])[] = [
    ["the level's own", level1, {}, { maxTier: "standard", dailyUsd: 5, messagesPerMinute: 60 }],
    ["its section", { ...level1, user: { maxTier: "premium" } }, {}, { maxTier: "premium", dailyUsd: 5 }],
    [
      "the user's own",
      { users: { ann: { level: 1, maxTier: "free" } }, user: { maxTier: "elite" } },
      {},
      { maxTier: "free" },
    ],
    [
      "the channel's last",
      { users: { ann: { level: 1, toolAccess: ["a"] } }, channels: { telegram: { toolAccess: ["b"] } } },
      {},
      { tools: [["b"]] },
    ],
    ["an empty list says nothing", { users: { ann: { level: 2, toolAccess: [] } } }, {}, { tools: [["*"]] }],
    [
      "what is denied adds up",
      { user: { toolDenylist: ["a"] }, users: { ann: { level: 1, toolDenylist: ["b"] } } },
      {},
      { toolsDenied: ["a", "b"] },
    ],
    [
      "0 is no limit",
      { users: { ann: { level: 1, rateLimit: 0, costBudgetDailyUsd: 0 } } },
      {},
      {
        messagesPerMinute: Number.POSITIVE_INFINITY,
        dailyUsd: Number.POSITIVE_INFINITY,
      },
    ],
    [
      "custom permissions by name",
      { user: { customPermissions: { a: 1, b: 1 } }, users: { ann: { level: 1, customPermissions: { b: 2 } } } },
      {},
      { custom: { a: 1, b: 2 } },
    ],
    [
      "an agent only takes away",
      { users: { ann: { level: 1 } }, agents: { bot: { maxTier: "elite", maxOutputTokens: 10 } } },
      {},
      {
        maxTier: "standard",
        maxOutputTokens: 10,
      },
      { ...ann, agent: "bot" },
    ],
    [
      "a job of a lower level",
      { users: { ann: { level: 2 } }, jobs: { nightly: { level: 1 } } },
      {},
      {
        level: 1,
        dailyUsd: 5,
        maxTier: "standard",
      },
      { ...ann, job: "nightly" },
    ],
    [
      "the workspace takes away",
      level1,
      { user: { toolAccess: ["read_*"], costBudgetDailyUsd: 1 } },
      {
        dailyUsd: 1,
        tools: [expect.arrayContaining(["read_file"]), ["read_*"]] as never,
      },
    ],
    [
      "and gives nothing",
      level1,
      { user: { maxTier: "elite", costBudgetDailyUsd: 0, level: 2 } },
      {
        level: 1,
        maxTier: "standard",
        dailyUsd: 5,
      },
    ],
  ];
  test.each(rows.map(([what, user, below, wanted, actor = ann]) => [what, user, below, wanted, actor] as const))(
    "%s",
    (...[, user, below, wanted, actor]) => {
      expect(permissionsOf(user, actor, below)).toMatchObject(wanted);
    },
  );

  test("each permission names the setting behind it", () => {
    const user: Layers = { user: { maxTier: "premium" }, users: { ann: { level: 1, rateLimit: 5 } } };
    const workspace: Layers = { channels: { telegram: { costBudgetDailyUsd: 1 } } };
    expect(standingOf({ user, workspace, isListed: listed, paired: nobody }, ann).from).toEqual({
      level: "routing.permissions.users.ann.level",
      maxTier: "routing.permissions.user.max_tier",
      messagesPerMinute: "routing.permissions.users.ann.rate_limit",
      dailyUsd: "the workspace's routing.permissions.channels.telegram.cost_budget_daily_usd",
    });
  });
});

const names = ["read_file", "exec_shell", "web_fetch", "write_file"];
const patterns = fc.array(fc.constantFrom("*", "read_*", "exec_shell", "w*"), { maxLength: 3 });
const patch: fc.Arbitrary<Patch> = fc.record(
  {
    level: fc.constantFrom(0, 1, 2),
    maxTier: fc.constantFrom("free", "standard", "premium", "elite"),
    toolAccess: patterns,
    toolDenylist: patterns,
    pathDenylist: fc.array(fc.constantFrom("a", "b/c"), { maxLength: 2 }),
    modelAccess: patterns,
    modelDenylist: patterns,
    rateLimit: fc.constantFrom(0, 1, 100),
    costBudgetDailyUsd: fc.constantFrom(0, 0.5, 50),
    maxOutputTokens: fc.constantFrom(1, 100_000),
    streamingAllowed: fc.boolean(),
    modelOverride: fc.boolean(),
    escalationAllowed: fc.boolean(),
    escalationThreshold: fc.constantFrom(0, 0.5, 1),
    customPermissions: fc.dictionary(fc.constantFrom("k", "l"), fc.boolean(), { maxKeys: 1 }),
  },
  { requiredKeys: [] },
);
const layers: fc.Arbitrary<Layers> = fc.record(
  {
    zeroTrust: patch,
    user: patch,
    admin: patch,
    users: fc.record({ ann: patch }, { requiredKeys: [] }),
    groups: fc.record({ family: patch }, { requiredKeys: [] }),
    channels: fc.record({ telegram: patch, cli: patch }, { requiredKeys: [] }),
    agents: fc.record({ bot: patch }, { requiredKeys: [] }),
    jobs: fc.record({ nightly: patch }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
);
const actors = fc.record(
  {
    channel: fc.constantFrom("telegram", "cli"),
    sender: fc.constantFrom("ann", "bob", "listed"),
    group: fc.constant("family"),
    agent: fc.constant("bot"),
    job: fc.constant("nightly"),
  },
  { requiredKeys: ["channel", "sender"] },
);

/** Every permission of `a` is at most that of `b`. */
function expectAtMost(a: Permissions, b: Permissions): void {
  const counts = [
    "level",
    "maxContextTokens",
    "maxOutputTokens",
    "messagesPerMinute",
    "dailyUsd",
    "monthlyUsd",
  ] as const;
  for (const name of counts) expect(a[name], name).toBeLessThanOrEqual(b[name]);
  for (const name of ["mayChooseModel", "mayStream", "mayEscalate"] as const) expect(a[name] && !b[name]).toBe(false);
  expect(rankOf(a.maxTier)).toBeLessThanOrEqual(rankOf(b.maxTier));
  expect(a.escalationThreshold).toBeGreaterThanOrEqual(b.escalationThreshold);
  for (const name of ["toolsDenied", "pathsDenied", "pathsReadOnly", "modelDenied"] as const) {
    expect(a[name]).toEqual(expect.arrayContaining([...b[name]]));
  }
  expect(a.custom).toEqual(b.custom);
}

describe("whatever is configured", () => {
  const allowedTools = (user: Layers, workspace: Layers, actor: Actor) => {
    const policy = policyWith({ permissions: { user, workspace, isListed: listed, paired: nobody } });
    return names.filter((tool) => policy.decide(actor, { kind: "tool", tool, input: {} }).allowed);
  };

  test("the workspace never gives anybody more than the user's configuration does", () =>
    fc.assert(
      fc.property(layers, layers, actors, (user, workspace, actor) => {
        expectAtMost(permissionsOf(user, actor, workspace), permissionsOf(user, actor));
        const before = allowedTools(user, {}, actor);
        for (const tool of allowedTools(user, workspace, actor)) expect(before).toContain(tool);
      }),
      { numRuns: 500 },
    ));

  test("an agent and a job never have more than the one they act for", () =>
    fc.assert(
      fc.property(layers, actors, (user, { agent: _, job: __, ...actor }) => {
        expectAtMost(permissionsOf(user, { ...actor, agent: "bot", job: "nightly" }), permissionsOf(user, actor));
      }),
      { numRuns: 500 },
    ));

  test("one more deny never allows more", () =>
    fc.assert(
      fc.property(
        layers,
        actors,
        fc.constantFrom("users", "channels", "groups"),
        fc.constantFrom("*", "read_*", "exec_shell"),
        (user, actor, kind, deny) => {
          const name = { users: "ann", channels: "telegram", groups: "family" }[kind];
          const old = user[kind]?.[name] ?? {};
          const list = [...(old.toolDenylist ?? []), deny];
          const more = { ...user, [kind]: { ...user[kind], [name]: { ...old, toolDenylist: list } } };
          const before = allowedTools(user, {}, actor);
          for (const tool of allowedTools(more, {}, actor)) expect(before).toContain(tool);
        },
      ),
      { numRuns: 500 },
    ));

  test("nobody knows a stranger, so he may use nothing", () => {
    const policy = policyWith({ permissions: { isListed: listed, paired: nobody } });
    for (const tool of names) {
      expect(policy.decide({ channel: "irc", sender: "x" }, { kind: "tool", tool, input: {} })).toMatchObject({
        allowed: false,
        reason: "tool is not in the allowed tools for permission level 0",
        allow: 'To let irc:x in, add "x" to channels.irc.allow_from, or pair them: weft pairing.',
      });
    }
  });
});

describe("refusals name rule and setting", () => {
  const user: Layers = {
    users: { ann: { level: 1, toolDenylist: ["web_*"] }, bob: { level: 2, modelOverride: false } },
  };
  const rules = rulesWith({
    tools: { requires: { "write_*": { level: 2 }, "read_*": { custom: { archive: true } } } },
    paths: { deny: ["secrets"], readOnly: ["docs/"] },
    permissions: { user, isListed: listed, paired: nobody },
    originOf: (setting: string) => `at ${setting}`,
  });
  const policy = policyWith(rules);
  const tool = (name: string) => ({ kind: "tool", tool: name, input: {} }) as const;
  const path = (effect: "read" | "write", at: string) => ({ kind: "path", effect, path: at }) as const;
  const bob = { channel: "irc", sender: "bob" };
  test.each([
    [ann, tool("web_fetch"), "tool is explicitly denied for this user", "users.ann.tool_denylist"],
    [
      ann,
      tool("exec_shell"),
      "tool is not in the allowed tools for permission level 1",
      "users.telegram:ann.tool_access",
    ],
    [ann, tool("write_file"), "tool requires permission level 2 but user has level 1", "users.telegram:ann.level to 2"],
    [ann, tool("read_file"), "tool requires custom permission 'archive' which is not set", "archive to true"],
    [ann, path("read", "secrets/key"), "path is denied: secrets/key", "tools.paths.deny"],
    [ann, path("read", "./secrets"), "path is denied", "tools.paths.deny"],
    [ann, path("write", "docs/a.md"), "path may only be read", "tools.paths.read_only"],
    [bob, { kind: "model", model: "a/b", chosen: true } as const, "may not choose a model", "model_override"],
    [ann, { kind: "manage", what: "budgets" } as const, "only be changed by admins", "level"],
  ])("%o %o", (actor, action, reason, allow) => {
    const decision = policy.decide(actor, action);
    if (decision.allowed) throw new Error("allowed");
    expect(decision.reason).toContain(reason);
    expect(refusalText(decision)).toContain(
      ` Rule: ${decision.rule.setting}, at ${decision.rule.setting}. To allow it`,
    );
    expect(decision.allow).toContain(allow);
  });

  test("what only looks like a denied path is not", () => {
    expect(policy.decide(ann, path("read", "secrets-not/a")).allowed).toBe(true);
    expect(policy.decide(ann, path("read", "docs/a.md")).allowed).toBe(true);
  });

  test("effects stand for all tools that have them", () => {
    const by = policyWith({ tools: { deny: ["effect:egress"], ask: ["effect:write"] } });
    const of = (effect: "read" | "write", egress?: true) =>
      by.decide({ channel: "cli", sender: "x" }, { kind: "tool", tool: "t", effect, egress, input: {} });
    expect(of("read")).toMatchObject({ allowed: true });
    expect(of("write")).toMatchObject({ allowed: false, ask: true, reason: 'tools.ask has "effect:write"' });
    expect(of("read", true)).toMatchObject({ allowed: false, reason: 'tools.deny has "effect:egress"' });
  });
});
