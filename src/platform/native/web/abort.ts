import { host } from "../host.ts";
import { uncaught } from "../uncaught.ts";

/** WebIDL, 2.8.1. */
export class WebDOMException extends Error {
  override readonly name: string;
  constructor(message = "", name = "Error") {
    super(message);
    this.name = name;
  }
}

type Listener = () => void;

interface Aborted {
  readonly reason: unknown;
  /** Which abort of all this was; the first of several sources gives the reason. */
  readonly order: number;
}

let order = 0;

/** Only here is a signal aborted; see `WebAbortController`. */
let abortSignal: (signal: WebAbortSignal, reason: unknown) => void;

/**
 * DOM, 3.2. A signal nobody listens to holds no timer and no place in its sources: whether it is aborted is then found
 * out when asked. So a signal for ten minutes costs nothing once its listener is gone.
 */
export class WebAbortSignal {
  #aborted: Aborted | undefined;
  #listeners: { readonly listener: Listener; readonly once: boolean }[] = [];
  #sources: readonly WebAbortSignal[] = [];
  /** When a timeout is over, by the monotonic clock. */
  #deadline: number | undefined;
  #timer: number | undefined;
  readonly #follow = (): void => {
    if (this.#now()) this.#tell();
  };
  onabort: Listener | null = null;

  static {
    abortSignal = (signal, reason) => {
      if (signal.#now()) return;
      signal.#aborted = { reason, order: order++ };
      signal.#tell();
    };
  }

  static abort(reason: unknown = abortError()): WebAbortSignal {
    const signal = new WebAbortSignal();
    signal.#aborted = { reason, order: order++ };
    return signal;
  }

  static timeout(ms: number): WebAbortSignal {
    const signal = new WebAbortSignal();
    signal.#deadline = host.monotonic() + ms;
    return signal;
  }

  static any(signals: Iterable<WebAbortSignal>): WebAbortSignal {
    const signal = new WebAbortSignal();
    signal.#sources = [...signals];
    return signal;
  }

  get aborted(): boolean {
    return this.#now() !== undefined;
  }

  get reason(): unknown {
    return this.#now()?.reason;
  }

  throwIfAborted(): void {
    const aborted = this.#now();
    if (aborted) throw aborted.reason;
  }

  addEventListener(_: "abort", listener: Listener, options: { once?: boolean } = {}): void {
    if (this.#listeners.some((each) => each.listener === listener)) return;
    if (this.#now()) return;
    this.#listeners.push({ listener, once: options.once === true });
    if (this.#listeners.length === 1) this.#attend();
  }

  removeEventListener(_: "abort", listener: Listener): void {
    this.#listeners = this.#listeners.filter((each) => each.listener !== listener);
    if (this.#listeners.length === 0) this.#rest();
  }

  #now(): Aborted | undefined {
    if (this.#aborted) return this.#aborted;
    for (const source of this.#sources) {
      const theirs = source.#now();
      if (theirs && theirs.order < (this.#aborted?.order ?? Number.POSITIVE_INFINITY)) this.#aborted = theirs;
    }
    if (!this.#aborted && this.#deadline !== undefined && host.monotonic() >= this.#deadline) {
      this.#aborted = { reason: new WebDOMException("The operation timed out", "TimeoutError"), order: order++ };
    }
    return this.#aborted;
  }

  #attend(): void {
    for (const source of this.#sources) source.addEventListener("abort", this.#follow);
    if (this.#deadline !== undefined) this.#wait(this.#deadline);
  }

  #wait(deadline: number): void {
    this.#timer = host.setTimer(
      () => {
        this.#timer = undefined;
        // The clock of the timer and ours may differ by a little.
        if (this.#now()) this.#tell();
        else this.#wait(deadline);
      },
      Math.max(0, deadline - host.monotonic()),
    );
  }

  #rest(): void {
    for (const source of this.#sources) source.removeEventListener("abort", this.#follow);
    if (this.#timer !== undefined) host.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #tell(): void {
    const listeners = this.#listeners.map(({ listener }) => listener);
    if (this.onabort) listeners.push(this.onabort);
    this.#listeners = [];
    this.#rest();
    for (const listener of listeners) {
      try {
        listener();
      } catch (thrown) {
        uncaught(thrown);
      }
    }
  }
}

function abortError(): WebDOMException {
  return new WebDOMException("This operation was aborted", "AbortError");
}

export class WebAbortController {
  readonly signal: WebAbortSignal = new WebAbortSignal();

  abort(reason: unknown = abortError()): void {
    abortSignal(this.signal, reason);
  }
}
