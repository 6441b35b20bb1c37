import type { Action, Decision, Permissions, Policy } from "../core/policy.ts";
import { nameMatches } from "../lib/glob.ts";
import { type CommandRules, commandProblem } from "./commands.ts";

export interface PolicyRules {
  /** Patterns of names; what is allowed and in `ask`, but not in `approved`, needs the user's word. */
  readonly tools: {
    readonly allow: readonly string[];
    readonly deny: readonly string[];
    readonly ask: readonly string[];
    /** Grows when the user says "always". */
    readonly approved: string[];
  };
  readonly commands: CommandRules;
  readonly urls: UrlRules;
}

export interface UrlRules {
  readonly enabled: boolean;
  readonly allowPrivate: boolean;
  readonly allowedDomains: readonly string[];
  readonly blockedDomains: readonly string[];
}

/** Allow and deny as the configuration says, the same for everybody. */
export function simplePolicy(rules: PolicyRules): Policy {
  return {
    permissionsOf: () => ({ ...everything, tools: rules.tools.allow, toolsDenied: rules.tools.deny }),
    decide(_, action) {
      switch (action.kind) {
        case "tool":
          return decideTool(rules, action.tool);
        case "command":
          return decideCommand(rules, action.command);
        case "connect":
          return decideConnect(rules.urls, action);
      }
    },
  };
}

const everything: Permissions = {
  level: 2,
  tools: ["*"],
  toolsDenied: [],
  maxTier: "elite",
  modelAccess: ["*"],
  modelDenied: [],
  mayChooseModel: true,
  maxContextTokens: 200_000,
  maxOutputTokens: 16_384,
  mayStream: true,
  mayEscalate: true,
  escalationThreshold: 0,
  messagesPerMinute: Number.POSITIVE_INFINITY,
  dailyUsd: Number.POSITIVE_INFINITY,
  monthlyUsd: Number.POSITIVE_INFINITY,
};

function decideTool({ tools }: PolicyRules, tool: string): Decision {
  const denied = tools.deny.find((pattern) => nameMatches(pattern, tool));
  if (denied !== undefined) {
    return refused(`tools.deny has "${denied}"`, `To allow it, take that entry out of tools.deny.`);
  }
  const asked = tools.ask.find((pattern) => nameMatches(pattern, tool));
  if (tools.allow.some((pattern) => nameMatches(pattern, tool))) {
    if (asked === undefined || tools.approved.some((pattern) => nameMatches(pattern, tool))) return { allowed: true };
    const how = `To allow it without asking, add "${tool}" to tools.approved.`;
    return { allowed: false, ask: true, reason: `tools.ask has "${asked}"`, allow: how };
  }
  return refused("it is not in tools.allow", `To allow it, add "${tool}" to tools.allow.`);
}

function decideCommand({ commands }: PolicyRules, command: string): Decision {
  const problem = commandProblem(command, commands);
  if (problem === undefined) return { allowed: true };
  const how =
    commands.mode === "allowlist"
      ? "To allow programs, list them in tools.command_policy.allowlist, or set tools.command_policy.mode to denylist."
      : "To allow it, list your own patterns in tools.command_policy.denylist.";
  return refused(problem, how);
}

/** Facts of the address first come last: names that the owner wrote down decide before them. */
function decideConnect(urls: UrlRules, { host, target, purpose }: Extract<Action, { kind: "connect" }>): Decision {
  if (!urls.enabled) return { allowed: true };
  const blocked = urls.blockedDomains.find((pattern) => domainMatches(pattern, host));
  if (blocked !== undefined) {
    return refused(
      `blocked domain: ${host}`,
      `To allow it, take "${blocked}" out of tools.url_policy.blocked_domains.`,
    );
  }
  const allow = `To allow it, add "${host}" to tools.url_policy.allowed_domains.`;
  if (urls.allowedDomains.some((pattern) => domainMatches(pattern, host))) return { allowed: true };
  if (target.isMetadata) return refused(`blocked cloud metadata endpoint: ${host}`, allow);
  if (purpose === "model" || urls.allowPrivate || target.range === undefined) return { allowed: true };
  return refused(`blocked private IP ${target.address} for host ${host} (${target.range})`, allow);
}

/** `*.example.com` stands for every subdomain, `example.com` for itself. */
function domainMatches(pattern: string, host: string): boolean {
  return nameMatches(pattern.toLowerCase(), host.toLowerCase().replace(/\.$/, ""));
}

function refused(reason: string, allow: string): Decision {
  return { allowed: false, reason, allow };
}
