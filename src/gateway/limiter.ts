export interface Limiter {
  /** 0 when the client may go on, otherwise the milliseconds after which it may. */
  take(client: string): number;
}

const windowMs = 60_000;
const slotMs = 5_000;
const slotsInWindow = windowMs / slotMs;

/**
 * Never more than `perMinute` in any 60 s (no limit when 0). Counts in slots of 5 s, so a place may come free up to
 * one slot late, and a client costs a few numbers however high its limit is. Knows the newest `mostClients` only.
 */
export function slidingLimiter(
  limits: { readonly perMinute: number; readonly mostClients: number },
  monotonic: () => number,
): Limiter {
  const clients = new Map<string, Slot[]>();
  return {
    take(client) {
      if (limits.perMinute <= 0) return 0;
      const now = monotonic();
      const current = Math.floor(now / slotMs);
      const slots = (clients.get(client) ?? []).filter(({ index }) => index >= current - slotsInWindow);
      const waitMs = waitFor(slots, limits.perMinute, now);
      if (waitMs === 0) count(slots, current);
      clients.delete(client);
      clients.set(client, slots);
      if (clients.size > limits.mostClients) clients.delete(clients.keys().next().value ?? "");
      return waitMs;
    },
  };
}

interface Slot {
  readonly index: number;
  taken: number;
}

function waitFor(slots: readonly Slot[], perMinute: number, now: number): number {
  const [oldest] = slots;
  if (!oldest || slots.reduce((sum, { taken }) => sum + taken, 0) < perMinute) return 0;
  return (oldest.index + slotsInWindow + 1) * slotMs - now;
}

function count(slots: Slot[], current: number): void {
  const last = slots.at(-1);
  if (last?.index === current) last.taken++;
  else slots.push({ index: current, taken: 1 });
}
