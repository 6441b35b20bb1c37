/** Calls back after `ms`; returns what cancels it. */
export type Timer = (ms: number, elapsed: () => void) => () => void;

/** The value, or undefined when it takes longer than `ms`. */
export function within<T>(promise: Promise<T>, ms: number, timer: Timer): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const cancel = timer(ms, () => resolve(undefined));
    promise.finally(cancel).then(resolve, reject);
  });
}
