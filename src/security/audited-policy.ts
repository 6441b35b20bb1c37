import type { Audit } from "../core/audit.ts";
import type { Action, Policy } from "../core/policy.ts";

/** The same policy; each of its refusals is in the audit, whoever asked. What the user is asked has entries of its own. */
export function auditedPolicy(policy: Policy, audit: Audit): Policy {
  return {
    permissionsOf: policy.permissionsOf,
    standingOf: policy.standingOf,
    decide(actor, action) {
      const decision = policy.decide(actor, action);
      if (!decision.allowed && !decision.ask) {
        const { subject, detail } = aboutAction(action);
        void audit.note({ kind: "refusal", outcome: "refused", actor, subject, detail, reason: decision.reason });
      }
      return decision;
    },
  };
}

function aboutAction(action: Action) {
  switch (action.kind) {
    case "tool":
      return { subject: `tool ${action.tool}`, detail: action.input };
    case "command":
      return { subject: "command", detail: action.command };
    case "path":
      return { subject: `${action.effect} ${action.path}`, detail: null };
    case "model":
      return { subject: `model ${action.model}`, detail: null };
    case "manage":
      return { subject: action.what, detail: null };
    case "connect":
      return { subject: `connect ${action.host}:${action.port}`, detail: action.target.address ?? null };
  }
}
