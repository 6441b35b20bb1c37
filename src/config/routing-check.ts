import { tierRanks } from "../core/policy.ts";
import { nearest } from "../lib/nearest.ts";
import type { ConfigFile } from "./schema.ts";

export interface RoutingProblem {
  /** In the schema's spelling. */
  readonly path: readonly string[];
  readonly problem: string;
  /** True: no question could be routed as it says. */
  readonly isError: boolean;
}

type Routing = ConfigFile["routing"];
type Tier = Routing["tiers"][number];

/** What is wrong with the tiers; where they are not in use nothing is an error. */
export function routingProblems(routing: Routing): RoutingProblem[] {
  const { tiers, mode } = routing;
  const found: RoutingProblem[] = [
    ...(mode === "tiered" && tiers.length === 0
      ? [error(["tiers"], "expected at least one tier, for routing.mode is tiered")]
      : []),
    ...tiers.flatMap((tier, index) => tierProblems(tier, { index, tiers })),
    ...coverageProblems(tiers),
    ...modelProblem(routing.fallback_model ?? undefined, ["fallback_model"]),
    ...strategyProblems(routing),
  ];
  return mode === "tiered" ? found : found.map((each) => ({ ...each, isError: false }));
}

function error(path: readonly string[], problem: string): RoutingProblem {
  return { path: ["routing", ...path], problem, isError: true };
}

function warning(path: readonly string[], problem: string): RoutingProblem {
  return { path: ["routing", ...path], problem, isError: false };
}

interface Place {
  readonly index: number;
  readonly tiers: readonly Tier[];
}

function tierProblems(
  { name, models, complexity_range: [least, most] }: Tier,
  { index, tiers }: Place,
): RoutingProblem[] {
  const at = ["tiers", `${index}`];
  const range = [...at, "complexity_range"];
  const isKnown = (tierRanks as readonly string[]).includes(name);
  const meant = isKnown ? undefined : nearest(name, tierRanks);
  const hint = meant === undefined ? "" : ` Did you mean ${meant}?`;
  return [
    ...(isKnown ? [] : [error([...at, "name"], `expected one of ${tierRanks.join(", ")}, found "${name}".${hint}`)]),
    ...(tiers.findIndex((tier) => tier.name === name) < index
      ? [error([...at, "name"], `there is a tier ${name} before; put their models into one`)]
      : []),
    ...(models.length === 0 ? [error([...at, "models"], "expected at least one VENDOR/NAME")] : []),
    ...models.flatMap((model, i) => modelProblem(model, [...at, "models", `${i}`])),
    ...(least < 0 || most > 1 ? [error(range, `expected numbers from 0 to 1, found [${least}, ${most}]`)] : []),
    ...(least > most ? [error(range, `expected the smaller number first, found [${least}, ${most}]`)] : []),
  ];
}

function modelProblem(model: string | undefined, path: readonly string[]): RoutingProblem[] {
  if (model === undefined || model === "offline" || /^[^/]+\/./.test(model)) return [];
  return [error(path, `expected VENDOR/NAME, found "${model}"`)];
}

/** Where tiers overlap the better one answers; where none is, the nearest. */
function coverageProblems(tiers: readonly Tier[]): RoutingProblem[] {
  const ranges = tiers
    .map(({ name, complexity_range: [least, most] }, index) => ({ name, least, most, index }))
    .filter(({ least, most }) => least <= most)
    .sort((a, b) => a.least - b.least || a.most - b.most);
  const problems: RoutingProblem[] = [];
  let upTo = 0;
  let before: (typeof ranges)[number] | undefined;
  for (const range of ranges) {
    const path = ["tiers", `${range.index}`, "complexity_range"];
    if (range.least > upTo) problems.push(warning(path, gap(upTo, range.least)));
    // Ranges that only touch are meant so.
    if (before && range.least < upTo) {
      const both = `${range.least} to ${Math.min(upTo, range.most)}`;
      problems.push(warning(path, `overlaps ${before.name} from ${both}; the better tier answers there`));
    }
    if (range.most > upTo) before = range;
    upTo = Math.max(upTo, range.most);
  }
  if (ranges.length > 0 && upTo < 1) problems.push(warning(["tiers"], gap(upTo, 1)));
  return problems;
}

function gap(from: number, to: number): string {
  return `no tier is for complexities from ${from} to ${to}; the nearest answers`;
}

function strategyProblems({ rate_limiting: { strategy } }: Routing): RoutingProblem[] {
  if (strategy === "sliding_window") return [];
  return [warning(["rate_limiting", "strategy"], `"${strategy}" is not known: weft counts in a sliding window`)];
}
