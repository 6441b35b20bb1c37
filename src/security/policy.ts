import type { Action, Aftermath, Decision, Permissions, Policy } from "../core/policy.ts";
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
    /** Whether what changes things, or sends them out, is asked for once a turn has read words of strangers. */
    readonly askAfterStrangers: boolean;
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
          return decideTool(rules, action);
        case "command":
          return decideCommand(rules, action);
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

function decideTool({ tools, urls }: PolicyRules, { tool, after }: Extract<Action, { kind: "tool" }>): Decision {
  const denied = tools.deny.find((pattern) => nameMatches(pattern, tool));
  if (denied !== undefined) {
    return refused(`tools.deny has "${denied}"`, `To allow it, take that entry out of tools.deny.`);
  }
  const asked = tools.ask.find((pattern) => nameMatches(pattern, tool));
  if (tools.allow.some((pattern) => nameMatches(pattern, tool))) {
    const reason = asked === undefined ? reasonAfter(after, { tools, urls }) : `tools.ask has "${asked}"`;
    if (reason === undefined || tools.approved.some((pattern) => nameMatches(pattern, tool))) return { allowed: true };
    const allow = `To allow it without asking, add "${tool}" to tools.approved.`;
    return { allowed: false, ask: true, reason, allow };
  }
  return refused("it is not in tools.allow", `To allow it, add "${tool}" to tools.allow.`);
}

function reasonAfter(
  after: Aftermath | undefined,
  { tools, urls }: Pick<PolicyRules, "tools" | "urls">,
): string | undefined {
  if (!after || !tools.askAfterStrangers) return undefined;
  const { host } = after;
  if (host && urls.allowedDomains.some((pattern) => domainMatches(pattern, host))) return undefined;
  return `it ${after.does}, and this turn has read words of strangers by ${after.sources.join(", ")}: tools.ask_after_strangers`;
}

function decideCommand({ commands }: PolicyRules, { command, facts }: Extract<Action, { kind: "command" }>): Decision {
  const problem = commandProblem(command, facts, commands);
  return problem ? refused(problem.reason, problem.allow) : { allowed: true };
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
