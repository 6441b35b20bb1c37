/** Who may act how often; exact: never more than `most` in any window. */
export interface SlidingWindows {
  /** 0 when there is a place, else the milliseconds after which there is one. Takes nothing. */
  waitMs(who: string, most: number): number;
  take(who: string): void;
}

export interface WindowOptions {
  readonly windowMs: () => number;
  readonly monotonic: () => number;
  /** So many are known one by one; of others only their group is. */
  readonly mostKnown: number;
}

const groups = 1024;
const mostInGroup = 600;

/**
 * Who was forgotten for too many others does not begin anew: what he did stays with a group, chosen by his name, and
 * whoever comes back, or is new in it, begins with what the group has. That may be too much for some, and is never less
 * than what they did.
 */
export function slidingWindows({ windowMs, monotonic, mostKnown }: WindowOptions): SlidingWindows {
  const known = new Map<string, number[]>();
  const forgotten = new Map<number, number[]>();
  const live = (times: readonly number[]) => {
    const from = monotonic() - windowMs();
    const first = times.findIndex((at) => at > from);
    return first < 0 ? [] : times.slice(first);
  };
  const timesOf = (who: string): number[] => live(known.get(who) ?? forgotten.get(groupOf(who)) ?? []);
  const forget = (who: string, times: readonly number[]) => {
    known.delete(who);
    const group = groupOf(who);
    const all = live(union(forgotten.get(group) ?? [], times)).slice(-mostInGroup);
    if (all.length === 0) forgotten.delete(group);
    else forgotten.set(group, all);
  };
  return {
    waitMs(who, most) {
      const times = timesOf(who);
      if (times.length < most) return 0;
      const leaves = times[times.length - most] ?? monotonic();
      return leaves + windowMs() - monotonic();
    },
    take(who) {
      const times = [...timesOf(who), monotonic()];
      known.delete(who);
      known.set(who, times);
      if (known.size <= mostKnown) return;
      for (const [oldest, his] of known) {
        forget(oldest, his);
        break;
      }
    },
  };
}

/** Each time as often as the list has it that has it more often: what was taken over from the group is in both. */
function union(a: readonly number[], b: readonly number[]): number[] {
  const all: number[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const [x = Number.POSITIVE_INFINITY, y = Number.POSITIVE_INFINITY] = [a[i], b[j]];
    all.push(Math.min(x, y));
    if (x <= y) i++;
    if (y <= x) j++;
  }
  return all;
}

/** FNV-1a, https://datatracker.ietf.org/doc/html/draft-eastlake-fnv */
function groupOf(who: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < who.length; i++) hash = Math.imul(hash ^ who.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % groups;
}
