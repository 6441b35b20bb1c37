import type { Decision, Policy, Refusal } from "../../src/core/policy.ts";
import { type PolicyRules, policyOf } from "../../src/security/policy.ts";

type Some<T> = { readonly [K in keyof Omit<T, "originOf">]?: Partial<T[K]> } & Pick<PolicyRules, "originOf">;

/** The rules of a configuration that says nothing, with some of them changed; everybody is an admin. */
export function rulesWith({
  tools,
  paths,
  commands,
  urls,
  permissions,
  originOf,
}: Some<PolicyRules> = {}): PolicyRules {
  return {
    tools: { allow: ["*"], deny: [], ask: [], approved: [], askAfterStrangers: true, ...tools },
    paths: { deny: [], readOnly: [], ...paths },
    commands: { mode: "allowlist", allowlist: [], denylist: [], ...commands },
    urls: { enabled: true, allowPrivate: false, allowedDomains: [], blockedDomains: [], ...urls },
    permissions: { user: {}, workspace: {}, isListed: () => false, paired: () => 2, ...permissions },
    ...(originOf && { originOf }),
  };
}

export function policyWith(changes: Some<PolicyRules> = {}): Policy {
  return policyOf(rulesWith(changes));
}

export const yes: Decision = { allowed: true, reason: "it may", rule: { setting: "tools.allow" } };

export function no(reason: string, allow: string, more: { readonly ask?: true } = {}): Refusal {
  return { allowed: false, reason, allow, rule: { setting: "tools.deny" }, ...more };
}
