import { host, onRejection } from "./host.ts";

type Listener = (thrown: unknown) => void;

const state: { listener: Listener | undefined; readonly unseen: Map<object, unknown>; looking: boolean } = {
  listener: undefined,
  unseen: new Map(),
  looking: false,
};

/** What nobody caught goes to the listener; without one it ends the process. */
export function setUncaughtListener(listener: Listener): void {
  state.listener = listener;
}

export function uncaught(thrown: unknown): void {
  if (state.listener) {
    state.listener(thrown);
    return;
  }
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}\n${thrown.stack ?? ""}` : String(thrown);
  void host.put(2, `weft: internal error: ${text.toWellFormed()}\n`);
  host.exit(70);
}

/** Whoever is rejected may still be looked at by the end of the current task, as on Node. */
export function watchRejections(): void {
  onRejection((promise, reason, handled) => {
    if (handled) {
      state.unseen.delete(promise);
      return;
    }
    state.unseen.set(promise, reason);
    if (state.looking) return;
    state.looking = true;
    host.setTimer(() => {
      state.looking = false;
      const reasons = [...state.unseen.values()];
      state.unseen.clear();
      for (const each of reasons) uncaught(each);
    }, 0);
  });
}
