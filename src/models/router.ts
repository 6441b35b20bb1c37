import { WeftError } from "../core/error.ts";
import { type Permissions, type TierRank, tierRanks } from "../core/policy.ts";
import { type ChoicePermissions, isFor, noModel } from "./choice.ts";
import type { Complexity } from "./complexity.ts";

/** Models of one price class, for questions of some difficulty. */
export interface Tier {
  readonly name: TierRank;
  /** `vendor/model`, in the order of preference. */
  readonly models: readonly string[];
  /** The scores it is for, both ends included. */
  readonly range: readonly [least: number, most: number];
  /** What it may be given to read. */
  readonly contextTokens: number;
}

export interface RouteRules {
  readonly tiers: readonly Tier[];
  readonly fallbackModel: string | undefined;
  readonly escalation: { readonly enabled: boolean; readonly threshold: number; readonly maxTiers: number };
}

export type RoutePermissions = ChoicePermissions & Pick<Permissions, "maxTier" | "mayEscalate" | "escalationThreshold">;

export interface RouteQuestion {
  readonly permissions: RoutePermissions;
  /** Named by a person for this message, who may do that. */
  readonly named?: string | undefined;
  /** Named by an agent for its sub-agent, or by somebody for the whole conversation: counts where it may be used. */
  readonly wished?: string | undefined;
  readonly complexity: Complexity;
  /** What the conversation so far takes. */
  readonly conversationTokens: number;
}

export interface Route {
  /** To ask in this order. */
  readonly models: readonly [string, ...string[]];
  /** Absent where no tier was chosen. */
  readonly tier?: Tier;
  readonly score?: number;
  readonly why: string;
}

/** The order within a tier; what its strategy says. */
export type TierOrder = (tier: Tier, models: readonly string[]) => readonly string[];

const inPreference: TierOrder = (_, models) => models;

/**
 * Which models answer, and why. Pure, so that it can be explained: what a strategy has of chance comes in as `order`.
 * Throws `refused` where no model is left.
 */
export function explainRoute(rules: RouteRules, question: RouteQuestion, order = inPreference): Route {
  const { permissions, named, wished } = question;
  if (named !== undefined) return { models: [named], why: "it was asked for" };
  const mayWish = wished !== undefined && (permissions.mayChooseModel || isInTiers(rules, permissions, wished));
  if (mayWish && isFor(permissions, wished)) return { models: [wished], why: "it was chosen before" };
  const chosen = tierFor(rules, question);
  if (!chosen) return withoutTier(rules, permissions);
  const { tier, why } = chosen;
  const models = candidates(rules, { tier, permissions }, order);
  const [first, ...others] = models;
  if (first === undefined) throw noModel(permissions);
  return { models: [first, ...others], tier, score: question.complexity.score, why };
}

export function rankOf({ name }: Pick<Tier, "name">): number {
  return tierRanks.indexOf(name);
}

interface Chosen {
  readonly tier: Tier;
  readonly why: string;
}

/** Undefined: the user may use none of the tiers. */
function tierFor({ tiers, escalation }: RouteRules, question: RouteQuestion): Chosen | undefined {
  const { permissions, complexity, conversationTokens } = question;
  const { score } = complexity;
  const most = tierRanks.indexOf(permissions.maxTier);
  const ranked = tiers.toSorted((a, b) => rankOf(b) - rankOf(a));
  const allowed = ranked.filter((tier) => rankOf(tier) <= most);
  const within = allowed.find((tier) => contains(tier, score));
  const above = within ? undefined : escalated(ranked, { question, escalation, most });
  const nearest = within ?? above ?? nearestOf(allowed, score);
  if (!nearest) return undefined;
  const how = within ? "" : above ? `, above your tier ${permissions.maxTier}` : ", the nearest you may use";
  const why = `tier ${nearest.name}${how}, for complexity ${score.toFixed(2)}: ${complexity.why}`;
  // A conversation that is cut for an easy question would be missing when a hard one comes.
  const roomy = allowed.findLast((tier) => rankOf(tier) > rankOf(nearest) && fits(tier, conversationTokens));
  if (fits(nearest, conversationTokens) || !roomy) return { tier: nearest, why };
  return { tier: roomy, why: `tier ${roomy.name}, for the conversation is too long for ${nearest.name}; else ${why}` };
}

function withoutTier({ tiers, fallbackModel }: RouteRules, permissions: RoutePermissions): Route {
  const what = `you may use models up to the tier ${permissions.maxTier} (max_tier in routing.permissions)`;
  const names = tiers.map(({ name }) => name).join(", ");
  const isAbove = tiers.some(({ models }) => models.includes(fallbackModel ?? ""));
  if (fallbackModel === undefined || isAbove || !isFor(permissions, fallbackModel)) {
    throw new WeftError("refused", `${what}, and routing.tiers has only ${names}`);
  }
  return { models: [fallbackModel], why: `routing.fallback_model: ${what}` };
}

/** Compacting begins somewhat before the context is full. */
const shareOfContext = 0.6;

function fits({ contextTokens }: Tier, tokens: number): boolean {
  return tokens <= contextTokens * shareOfContext;
}

function contains({ range: [least, most] }: Tier, score: number): boolean {
  return least <= score && score <= most;
}

interface Escalating {
  readonly question: RouteQuestion;
  readonly escalation: RouteRules["escalation"];
  readonly most: number;
}

/** For a hard question, a tier above the user's own; both thresholds must be reached. */
function escalated(ranked: readonly Tier[], { question, escalation, most }: Escalating): Tier | undefined {
  const { permissions, complexity } = question;
  const threshold = Math.max(escalation.threshold, permissions.escalationThreshold);
  if (!escalation.enabled || !permissions.mayEscalate || complexity.score < threshold) return undefined;
  const isNear = (tier: Tier) => rankOf(tier) > most && rankOf(tier) <= most + escalation.maxTiers;
  return ranked.find((tier) => isNear(tier) && contains(tier, complexity.score));
}

/** The better one of two that are as near. */
function nearestOf(ranked: readonly Tier[], score: number): Tier | undefined {
  const distance = ({ range: [least, most] }: Tier) => Math.max(least - score, score - most);
  return ranked.reduce<Tier | undefined>(
    (best, tier) => (best && distance(best) <= distance(tier) ? best : tier),
    undefined,
  );
}

/** The tier's own, then those of lower tiers, then the fallback where the user may have it. */
function candidates(
  rules: RouteRules,
  { tier, permissions }: { readonly tier: Tier; readonly permissions: RoutePermissions },
  order: TierOrder,
): string[] {
  const below = rules.tiers.filter((each) => rankOf(each) < rankOf(tier)).toSorted((a, b) => rankOf(b) - rankOf(a));
  const ids = [tier, ...below].flatMap((each) => {
    const usable = each.models.filter((id) => isFor(permissions, id));
    return each === tier ? order(each, usable) : usable;
  });
  const { fallbackModel } = rules;
  const isAbove = rules.tiers.some(
    (each) => rankOf(each) > tierRanks.indexOf(permissions.maxTier) && each.models.includes(fallbackModel ?? ""),
  );
  if (fallbackModel !== undefined && !isAbove && isFor(permissions, fallbackModel)) ids.push(fallbackModel);
  return [...new Set(ids)];
}

function isInTiers({ tiers }: RouteRules, { maxTier }: RoutePermissions, id: string): boolean {
  return tiers.some((tier) => rankOf(tier) <= tierRanks.indexOf(maxTier) && tier.models.includes(id));
}
