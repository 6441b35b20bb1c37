import type { Bus, BusEvent } from "../core/bus.ts";

/** A listener that throws harms neither the publisher nor the other listeners: `broken` hears of it. */
export function createBus(broken: (thrown: unknown) => void): Bus {
  const listeners = new Set<(event: BusEvent) => void>();
  return {
    publish(event) {
      for (const listener of listeners) {
        try {
          listener(event);
        } catch (thrown) {
          broken(thrown);
        }
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
