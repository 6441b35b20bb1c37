import { setBounded } from "../lib/bounded-map.ts";

/** Which keys of which models should rest, shared by all turns; by `vendor/model#number of the key`. */
export interface Cooldowns {
  /** Undefined when there is no reason to avoid it. */
  of(slot: string): Cooldown | undefined;
  /** Never shortens a rest of the same kind. */
  rest(slot: string, cooldown: Cooldown): void;
  /** It works again. */
  clear(slot: string): void;
  /** Whose turn it is among so many keys of a model: one after the other, over all turns. */
  turnOf(model: string, keys: number): number;
}

export interface Cooldown {
  /** `limit`: not to be asked before · `auth` and `broken`: asked only when nothing better is there. */
  readonly why: "limit" | "auth" | "broken";
  /** Unix milliseconds. */
  readonly until: number;
}

const mostSlots = 1000;

export function cooldowns(now: () => number): Cooldowns {
  const slots = new Map<string, Cooldown>();
  const turns = new Map<string, number>();
  return {
    of(slot) {
      const cooldown = slots.get(slot);
      return cooldown && cooldown.until > now() ? cooldown : undefined;
    },
    rest(slot, cooldown) {
      const before = slots.get(slot);
      if (before && before.why === cooldown.why && before.until > cooldown.until) return;
      setBounded(slots, [slot, cooldown], mostSlots);
    },
    clear(slot) {
      slots.delete(slot);
    },
    turnOf(model, keys) {
      const turn = (turns.get(model) ?? -1) + 1;
      if (keys > 1) setBounded(turns, [model, turn], mostSlots);
      return turn % Math.max(1, keys);
    },
  };
}
