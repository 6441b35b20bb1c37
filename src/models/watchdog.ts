import { WeftError } from "../core/error.ts";
import type { WireOptions } from "./wire.ts";

export interface Watchdog {
  /** Aborts when a time limit passes or the caller stops. */
  readonly signal: AbortSignal;
  /** An event has arrived: from now on the idle limit counts. */
  alive(): void;
  /** The reason of the abort when there was one, else the error itself. */
  reasonFor(error: unknown): unknown;
  end(): void;
}

/** Holds a provider to its time limits: first event, between events, in all. */
export function watchdog({ id, timeouts }: WireOptions, outer: AbortSignal): Watchdog {
  const controller = new AbortController();
  const expire = (ms: number, what: string) => {
    const text = `${id} ${what} within ${ms / 1000} s`;
    return setTimeout(() => controller.abort(new WeftError("timeout", text)), ms);
  };
  const stop = () => controller.abort(outer.reason);
  outer.addEventListener("abort", stop, { once: true });
  if (outer.aborted) stop();
  const total = expire(timeouts.totalMs, "did not finish its answer");
  let silence = expire(timeouts.firstTokenMs, "did not begin to answer");
  return {
    signal: controller.signal,
    alive() {
      clearTimeout(silence);
      silence = expire(timeouts.idleMs, "stopped in the middle of its answer and said nothing more");
    },
    reasonFor(error) {
      if (outer.aborted) return WeftError.from(outer.reason);
      return controller.signal.aborted ? controller.signal.reason : error;
    },
    end() {
      clearTimeout(total);
      clearTimeout(silence);
      outer.removeEventListener("abort", stop);
    },
  };
}
