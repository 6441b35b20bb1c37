import type { Price } from "../core/spending.ts";
import type { Tier, TierOrder } from "./router.ts";

export const strategies = ["preference_order", "round_robin", "lowest_cost", "random"] as const;
export type Strategy = (typeof strategies)[number];

export interface TierOrderOptions {
  readonly strategy: Strategy;
  /** 0..1 */
  readonly random: () => number;
  /** Undefined where nobody knows it. */
  readonly priceOf: (id: string) => Promise<Price | undefined>;
  /** Of a tier, for models without a price of their own, in US dollars for a thousand tokens; 0 = not said. */
  readonly costPer1k: (tier: Tier) => number;
}

/** The order of models within a tier; made once, since taking turns has a memory. */
export function tierOrders(options: TierOrderOptions): (tiers: readonly Tier[]) => Promise<TierOrder> {
  const turns = new Map<string, number>();
  return async (tiers) => {
    switch (options.strategy) {
      case "preference_order":
        return (_, models) => models;
      case "round_robin":
        return ({ name }, models) => {
          const turn = turns.get(name) ?? 0;
          turns.set(name, turn + 1);
          return rotated(models, turn);
        };
      case "random":
        return (_, models) => rotated(models, Math.floor(options.random() * models.length));
      case "lowest_cost":
        return await byCost(tiers, options);
    }
  };
}

function rotated(models: readonly string[], by: number): readonly string[] {
  const first = models.length === 0 ? 0 : by % models.length;
  return [...models.slice(first), ...models.slice(0, first)];
}

/** What a thousand tokens of a usual call cost: most of them are read. */
const shareOfInput = 0.75;

async function byCost(tiers: readonly Tier[], { priceOf, costPer1k }: TierOrderOptions): Promise<TierOrder> {
  const costs = new Map<string, number>();
  for (const id of new Set(tiers.flatMap(({ models }) => models))) {
    const price = await priceOf(id);
    if (price) costs.set(id, (price.input * shareOfInput + price.output * (1 - shareOfInput)) / 1000);
  }
  return (tier, models) => {
    const unknown = costPer1k(tier) || Number.POSITIVE_INFINITY;
    const costOf = (id: string) => costs.get(id) ?? unknown;
    return models.toSorted((a, b) => (costOf(a) === costOf(b) ? 0 : costOf(a) - costOf(b)));
  };
}
