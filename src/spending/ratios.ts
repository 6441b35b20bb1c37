import { setBounded } from "../lib/bounded-map.ts";

/** How many tokens a provider may count where we count so many. */
export interface CountRatios {
  /** The most that is to be expected. */
  most(model: string, ours: number): number;
  learn(model: string, ours: number, theirs: number): void;
}

/** Our count is within some 20 %; what a provider adds around a prompt is the same for short ones. */
const margin = 1.25;
const around = 64;
const largest = 8;

/** Follows a provider that counts more at once, and one that counts less slowly. */
export function countRatios(): CountRatios {
  const ratios = new Map<string, number>();
  return {
    most: (model, ours) => Math.ceil(ours * margin * (ratios.get(model) ?? 1)) + around,
    learn(model, ours, theirs) {
      if (ours < 50 || !Number.isFinite(theirs)) return;
      const measured = Math.min(largest, Math.max(1, (theirs - around) / ours));
      const known = ratios.get(model) ?? 1;
      setBounded(ratios, [model, measured > known ? measured : known + (measured - known) * 0.1], 1000);
    },
  };
}
