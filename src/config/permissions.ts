import * as v from "valibot";
import { lazily } from "./fields.ts";

/** What somebody may do, as `routing.permissions` says it; docs/policy.md has the rules. */

const list = (about: string) => v.optional(v.pipe(v.array(v.string()), v.description(about)));
const limit = (about: string) => v.optional(v.pipe(v.number(), v.minValue(0), v.description(about)));
const count = (about: string) => v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.description(about)));
const flag = (about: string) => v.optional(v.pipe(v.boolean(), v.description(about)));

const patch = () =>
  v.object({
    level: v.optional(v.pipe(v.picklist([0, 1, 2]), v.description("0 a stranger, 1 a known user, 2 an admin"))),
    max_tier: v.optional(v.pipe(v.picklist(["free", "standard", "premium", "elite"]), v.description("dearest tier"))),
    model_access: list("models that may be used"),
    model_denylist: list("models that may not"),
    tool_access: list("tools that may be used"),
    tool_denylist: list("tools that may not"),
    path_denylist: list("files and folders of the workspace that file tools and commands do not see"),
    path_read_only: list("those that they do not change"),
    max_context_tokens: count("how much a model is given to read"),
    max_output_tokens: count("how much it may write in one answer"),
    rate_limit: count("messages a minute; 0: no limit"),
    streaming_allowed: flag("whether answers come word by word"),
    escalation_allowed: flag("whether hard questions may go above max_tier"),
    escalation_threshold: v.optional(
      v.pipe(v.number(), v.minValue(0), v.maxValue(1), v.description("how hard they must be")),
    ),
    model_override: flag("whether a model may be chosen by name"),
    cost_budget_daily_usd: limit("US dollars a day; 0: no limit"),
    cost_budget_monthly_usd: limit("US dollars a month; 0: no limit"),
    custom_permissions: v.optional(v.record(v.string(), v.any())),
  });

const named = (about: string) => v.optional(v.pipe(v.record(v.string(), patch()), v.description(about)));

export const permissions = lazily(() =>
  v.object({
    zero_trust: v.optional(patch()),
    user: v.optional(patch()),
    admin: v.optional(patch()),
    users: named("by SENDER or CHANNEL:SENDER"),
    groups: named("by GROUP or CHANNEL:GROUP"),
    channels: named("by channel"),
    agents: named("by agent; only takes away"),
    jobs: named("by job; only takes away"),
  }),
);

/** By a pattern of tools: what one must have to use them. */
export const requires = () =>
  v.optional(
    v.pipe(
      v.record(
        v.string(),
        v.object({
          level: v.optional(v.picklist([0, 1, 2])),
          custom: v.optional(v.record(v.string(), v.any())),
        }),
      ),
      v.description("by a pattern of tools: the level and custom permissions that their users must have"),
    ),
    {},
  );
