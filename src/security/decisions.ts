import type { Decision, Refusal } from "../core/policy.ts";

/** How each rule of the policy answers: with itself and, when it refuses, with what would allow it. */

export function granted(setting: string, reason: string): Decision {
  return { allowed: true, reason, rule: { setting } };
}

export function refused(setting: string, reason: string, allow: string): Refusal {
  return { allowed: false, reason, allow, rule: { setting } };
}
