import * as v from "valibot";
import { amount, choice, flag, lazily, section, text, texts, whole } from "./fields.ts";
import { permissions } from "./permissions.ts";

export const routing = lazily(() =>
  v.object({
    mode: choice(["static", "tiered"], "static", "tiered: choose the model by how hard the question is"),
    tiers: tiers(),
    selection_strategy: v.optional(
      v.nullable(
        v.pipe(
          v.picklist(["preference_order", "round_robin", "lowest_cost", "random"]),
          v.description("which model of a tier is asked first; absent: preference_order"),
        ),
      ),
    ),
    fallback_model: v.optional(
      v.nullable(v.pipe(v.string(), v.description("VENDOR/NAME for when no model of the tiers is to be had"))),
    ),
    permissions,
    escalation: section({
      enabled: flag(false, "let hard questions go above a user's tier"),
      threshold: amount([0, 1], 0.6, "how hard they must be, for users with a lower threshold of their own too"),
      max_escalation_tiers: whole([0, 10], 1, "how many tiers above"),
    }),
    cost_budgets: costBudgets(),
    rate_limiting: section({
      window_seconds: whole([1, 86_400], 60, "length of the window"),
      strategy: text("sliding_window", "how requests are counted"),
      global_rate_limit_rpm: whole([0, 1_000_000], 0, "of all users together; 0: none"),
    }),
  }),
);

const tiers = () =>
  v.optional(
    v.pipe(
      v.array(
        v.object({
          name: v.string(),
          models: texts([], "VENDOR/NAME"),
          complexity_range: v.optional(v.tuple([v.number(), v.number()]), [0, 1]),
          cost_per_1k_tokens: amount([0, 1000], 0, "in US dollars, where the price of a model is not known"),
          max_context_tokens: whole([1, 10_000_000], 8192, "the most it is given to read"),
        }),
      ),
      v.description(
        "list of {name, models, complexity_range, cost_per_1k_tokens, max_context_tokens}; names: free, standard, premium, elite",
      ),
    ),
    [],
  );

const costBudgets = () =>
  section({
    global_daily_limit_usd: amount([0, 1_000_000], 0, "0: none"),
    global_monthly_limit_usd: amount([0, 1_000_000], 0, "0: none"),
    users: limits("by sender: {daily_usd, monthly_usd}; absent: no limit"),
    agents: limits("the same by agent: main, sub-agent, or an agent's name"),
    jobs: limits("the same by scheduled job"),
    channels: limits("the same by channel, for example http or telegram"),
    warn_at: amount([0, 1], 0.8, "the part of a budget at which the user is warned, once"),
    unknown_price: v.optional(
      v.pipe(
        v.union([v.picklist(["refuse", "allow"]), v.pipe(v.number(), v.minValue(0))], "refuse, allow or a number"),
        v.description(
          "a model without a known price, where a budget applies: refuse, allow (it counts as nothing), or US dollars for a million tokens to assume",
        ),
      ),
      "refuse",
    ),
    tracking_persistence: flag(true, "what was spent is always kept over a restart; false is warned of"),
    reset_hour_utc: whole([0, 23], 0, "when a day begins, and a month on its first day"),
  });

const usd = (about: string) =>
  v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1_000_000), v.description(about)));
const limits = (about: string) =>
  v.optional(
    v.pipe(
      v.record(v.string(), v.object({ daily_usd: usd("a day"), monthly_usd: usd("a month") })),
      v.description(about),
    ),
    {},
  );
