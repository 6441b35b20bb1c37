import type { TurnEvent } from "../core/channel.ts";

/**
 * Carries the events of one turn to any number of readers, also late ones. A reader that lags gets its text in
 * fewer, longer deltas, so that what waits is never more than the turn's own text.
 */
export interface EventHub {
  push(event: TurnEvent): void;
  /** From the beginning of the turn, each time it is read; ends after `reply`. Leaving early is fine. */
  read(): AsyncIterable<TurnEvent>;
}

export function eventHub(): EventHub {
  const soFar: TurnEvent[] = [];
  const readers = new Set<Reader>();
  return {
    push(event) {
      addTo(soFar, event);
      for (const reader of readers) {
        addTo(reader.waiting, event);
        reader.wake?.();
      }
    },
    read: () => ({ [Symbol.asyncIterator]: () => iterate(readers, soFar) }),
  };
}

interface Reader {
  readonly waiting: TurnEvent[];
  wake?: () => void;
}

async function* iterate(readers: Set<Reader>, soFar: readonly TurnEvent[]): AsyncGenerator<TurnEvent> {
  const reader: Reader = { waiting: soFar.slice() };
  readers.add(reader);
  try {
    for (;;) {
      const event = reader.waiting.shift();
      if (!event) {
        await new Promise<void>((resolve) => {
          reader.wake = resolve;
        });
        continue;
      }
      yield event;
      if (event.type === "reply") return;
    }
  } finally {
    readers.delete(reader);
  }
}

function addTo(events: TurnEvent[], event: TurnEvent): void {
  const last = events.at(-1);
  if (last && last.type === event.type && (last.type === "text" || last.type === "thinking")) {
    if ("delta" in event) events[events.length - 1] = { type: last.type, delta: last.delta + event.delta };
    return;
  }
  events.push(event);
}
