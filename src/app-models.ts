import type { ModelUse, TurnModel } from "./agent/turn-model.ts";
import { routeRules } from "./app-options.ts";
import type { Config } from "./config/schema.ts";
import { WeftError } from "./core/error.ts";
import type { Spending } from "./core/spending.ts";
import type { ModelCatalog } from "./models/catalog.ts";
import { permitted } from "./models/choice.ts";
import type { Route, RouteRules } from "./models/router.ts";

export interface TurnModelsBase {
  readonly models: ModelCatalog;
  readonly config: Config;
  readonly spending: () => Promise<Spending>;
  /** 0..1 */
  readonly random: () => number;
}

/** The model of a turn: chosen by the router or by name, allowed to its user, and paid for. */
export function turnModels(base: TurnModelsBase): (use: ModelUse) => Promise<TurnModel> {
  const { models, config, spending } = base;
  const route = config.routing.mode === "tiered" ? tieredRoute(base) : (use: ModelUse) => staticRoute(base, use);
  return async (use) => {
    const { models: routed, tier, score, why } = await route(use);
    const ids = tier ? withKeys(models, routed) : routed;
    const [first = routed[0], ...others] = ids;
    await models.prepare(first);
    const { payer } = use;
    const money = payer && ids.some((id) => id !== "offline") ? await spending() : undefined;
    const paid = payer && money;
    const model = models.get(first, others, paid && ((asked, price) => money.paid(asked, { payer, price })));
    if (!tier) return { model };
    const { contextTokens, name } = tier;
    return { model, contextTokens, route: { tier: name, score: score ?? 0, model: first, why } };
  };
}

/** What was named or configured, then the fallbacks. */
async function staticRoute({ models, config }: TurnModelsBase, use: ModelUse): Promise<Route> {
  const { permissions, named, wished, fallback } = use;
  const { fallbacks } = config.agents.defaults;
  const standard = models.defaultId();
  // Whoever may not choose cannot have an agent choose for him: only what the owner wrote down.
  const { claudeModel } = config.delegation;
  const written = [standard, ...fallbacks, claudeModel, `anthropic/${claudeModel}`];
  const mayWish = wished !== undefined && (permissions.mayChooseModel || written.includes(wished));
  const id = named ?? (mayWish ? wished : standard);
  const others = fallback === undefined ? [] : [fallback];
  const isDefault = [id, fallback].includes(standard);
  return { models: permitted(permissions, [id, ...others, ...(isDefault ? fallbacks : [])]), why: "" };
}

function tieredRoute({ models, config, random }: TurnModelsBase): (use: ModelUse) => Promise<Route> {
  const rules = routeRules(config);
  if (!rules) throw new WeftError("internal", "a router without tiers");
  checkTiers(models, rules);
  const costs = new Map(config.routing.tiers.map((tier) => [tier.name, tier.costPer1kTokens]));
  const load = async () => {
    const [router, { complexityOf }, { tierOrders }] = await Promise.all([
      import("./models/router.ts"),
      import("./models/complexity.ts"),
      import("./models/tier-order.ts"),
    ]);
    const strategy = config.routing.selectionStrategy ?? "preference_order";
    const costPer1k = ({ name }: { readonly name: string }) => costs.get(name) ?? 0;
    return { router, complexityOf, order: tierOrders({ strategy, random, priceOf: models.priceOf, costPer1k }) };
  };
  let loaded: ReturnType<typeof load> | undefined;
  return async (use) => {
    loaded ??= load();
    const { router, complexityOf, order } = await loaded;
    const usable = { ...rules, tiers: rules.tiers.map((tier) => ({ ...tier, models: withKeys(models, tier.models) })) };
    const { question, permissions, named, wished } = use;
    const complexity = complexityOf({ text: question.text, before: question.before, images: question.images });
    const asked = { permissions, named, wished, complexity, conversationTokens: question.conversationTokens };
    const route = router.explainRoute(usable, asked, await order(usable.tiers));
    return use.fallback === undefined || route.tier ? route : { ...route, models: [...route.models, use.fallback] };
  };
}

/** A name that can never work is told at once; a key may still come. */
function checkTiers(models: ModelCatalog, { tiers }: RouteRules): void {
  for (const [index, tier] of tiers.entries()) {
    for (const id of tier.models) {
      try {
        models.get(id);
      } catch (thrown) {
        const error = WeftError.from(thrown);
        if (error.code === "auth") continue;
        throw new WeftError(error.code, `routing.tiers.${index}.models: ${error.message}`, { cause: error });
      }
    }
  }
}

/** Those whose key is there; with none of them all, so that it is said which key is missing. */
function withKeys(models: ModelCatalog, ids: readonly string[]): readonly string[] {
  const usable = ids.filter((id) => {
    try {
      models.get(id);
      return true;
    } catch (thrown) {
      if (WeftError.from(thrown).code === "auth") return false;
      throw thrown;
    }
  });
  return usable.length === 0 ? ids : usable;
}
