import { host } from "../host.ts";
import { uncaught } from "../uncaught.ts";

/** HTML, 8.6 Timers: callbacks without arguments. */
export function webSetTimeout(callback: () => void, ms = 0): number {
  return host.setTimer(
    () => {
      try {
        callback();
      } catch (thrown) {
        uncaught(thrown);
      }
    },
    Number.isFinite(ms) ? ms : 0,
  );
}

export function webClearTimeout(id: number | undefined): void {
  if (id !== undefined) host.clearTimer(id);
}
