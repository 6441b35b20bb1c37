import { subSessionPrefix } from "../core/delegation.ts";
import { WeftError } from "../core/error.ts";
import type { Usage } from "../core/model.ts";
import { refusalText } from "../core/policy.ts";
import type { BudgetStanding, Nano, Period } from "../core/spending.ts";
import { costOf, nanoOf, usdText } from "../lib/money.ts";
import type { CommandCall, CommandOptions, CommandResult } from "./commands.ts";
import { addUsage } from "./turn-state.ts";

/** What a conversation has used, and what may still be spent. */

export async function cost({ session }: CommandCall, options: CommandOptions): Promise<CommandResult> {
  const below = (await options.store.list()).filter((info) => info.session.startsWith(subSessionPrefix(session)));
  const byModel = await usedIn([session, ...below.map((info) => info.session)], options);
  if (byModel.size === 0) return { text: "No tokens used in this conversation yet." };
  const rows = [...byModel].map(([name, { usage, calls, nano }]) => {
    const about = usage.estimated ? " (estimated)" : "";
    const cached = usage.cacheReadTokens ? `, ${usage.cacheReadTokens} of them cached` : "";
    const tokens = `${usage.inputTokens} tokens in${cached}, ${usage.outputTokens} out${about}`;
    return `${name}: ${calls} call(s), ${tokens}, ${nano === undefined ? "price unknown" : usdText(nano)}`;
  });
  const who = below.length === 0 ? "" : `, with ${below.length} sub-agent(s)`;
  const sum = [...byModel.values()].reduce((all, { nano = 0 }) => all + nano, 0);
  return { text: [...rows, `In all ${usdText(sum)}${who}; weft cost counts everything.`].join("\n") };
}

interface Used {
  readonly usage: Usage;
  readonly calls: number;
  /** Undefined where the price is not known. */
  readonly nano: Nano | undefined;
}

async function usedIn(
  sessions: readonly string[],
  { store, priceOf }: Pick<CommandOptions, "store" | "priceOf">,
): Promise<ReadonlyMap<string, Used>> {
  const byModel = new Map<string, Used>();
  for (const session of sessions) {
    for (const entry of await store.read(session)) {
      if (entry.type !== "message" || !entry.usage) continue;
      const name = entry.model ?? "unknown model";
      const sum = byModel.get(name) ?? { usage: { inputTokens: 0, outputTokens: 0 }, calls: 0, nano: 0 };
      const price = await priceOf(name);
      const nano = price && sum.nano !== undefined ? sum.nano + costOf(entry.usage, price) : undefined;
      byModel.set(name, { usage: addUsage(sum.usage, entry.usage), calls: sum.calls + 1, nano });
    }
  }
  return byModel;
}

const usage = "Usage: /budget, or /budget extend SCOPE USD [day|month]; SCOPE as in user:ann, channel:http or global";

export async function budget(
  { rest, actor, permissions, payer }: CommandCall,
  { spending, policy }: CommandOptions,
): Promise<CommandResult> {
  const isAdmin = permissions.level === 2;
  if (rest === "") return { text: table(await spending.standing(isAdmin ? undefined : payer), isAdmin) };
  const [, scope, amount, period] = /^extend\s+(\S+)\s+\$?(\d+(?:\.\d+)?)(?:\s+(day|month))?$/.exec(rest) ?? [];
  if (scope === undefined) return { text: usage };
  const decision = policy.decide(actor, { kind: "manage", what: "budgets" });
  if (!decision.allowed) throw new WeftError("refused", refusalText(decision));
  const nano = nanoOf(Number(amount));
  const most = 1_000_000;
  if (!(nano > 0 && Number(amount) <= most)) return { text: `${usage}\nUSD is more than 0 and at most ${most}.` };
  const periods: readonly Period[] = period === undefined ? ["day", "month"] : [period as Period];
  const changed = await spending.extend({ scope, nano, periods, by: `${payer.channel}:${payer.user}` });
  const told = `${usdText(nano)} more for ${scope}, for this ${periods.join(" and this ")}.`;
  return { text: changed.length === 0 ? told : `${told}\n${table(changed, true)}` };
}

function table(budgets: readonly BudgetStanding[], all: boolean): string {
  const none = all ? "No budget is configured: see routing.cost_budgets." : "No budget applies to you.";
  if (budgets.length === 0) return none;
  return budgets.map(lineOf).join("\n");
}

function lineOf({ scope, period, spent, reserved, limit, extended, resetsAt, setting }: BudgetStanding): string {
  const held = reserved > 0 ? `, ${usdText(reserved)} held for calls that run` : "";
  const more = extended > 0 ? `, ${usdText(extended)} of it added` : "";
  const when = new Date(resetsAt).toISOString().slice(0, 16).replace("T", " ");
  const name = period === "day" ? "today" : "this month";
  return `${scope} ${name}: ${usdText(spent)} of ${usdText(limit)} spent${held}${more}; anew at ${when} UTC (${setting})`;
}
