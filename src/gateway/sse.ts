import { type Timer, within } from "./within.ts";

export interface SseOptions {
  /** A comment is sent when nothing else was for so long, so that no proxy takes the connection for dead. */
  readonly idleMs: number;
  readonly timer: Timer;
  /** The last frame when the frames broke off. */
  readonly failed: (thrown: unknown) => string;
  /** Called once: all frames are sent, or nobody reads them any more. */
  readonly ended: (how: "complete" | "gone") => void;
}

export interface SseBody {
  readonly stream: ReadableStream<Uint8Array>;
  /** The client has gone: nothing more is sent. */
  leave(): void;
}

/** Server-sent events, made only as fast as the client reads them. */
export function sseBody(frames: AsyncIterator<string>, options: SseOptions): SseBody {
  const state: State = { frames, options, ended: false, cancelTimer: () => {} };
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => {
      state.controller = controller;
    },
    pull: (controller) => pull(state, controller),
    cancel: () => end(state, "gone"),
  });
  return { stream, leave: () => leave(state) };
}

export function sseFrame(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

export const doneFrame = "data: [DONE]\n\n";

interface State {
  readonly frames: AsyncIterator<string>;
  readonly options: SseOptions;
  /** The frame that is being made; kept over keep-alives. */
  making?: Promise<Made> | undefined;
  controller?: ReadableStreamDefaultController<Uint8Array>;
  ended: boolean;
  cancelTimer: () => void;
}

interface Made {
  readonly text: string;
  readonly last: boolean;
}

async function pull(state: State, controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
  const { options } = state;
  state.making ??= makeFrame(state);
  const timer: Timer = (ms, elapsed) => {
    state.cancelTimer = options.timer(ms, elapsed);
    return state.cancelTimer;
  };
  const made = await within(state.making, options.idleMs, timer);
  if (state.ended) return;
  const text = made ? made.text : ": keep-alive\n\n";
  if (text !== "") controller.enqueue(new TextEncoder().encode(text));
  if (!made) return;
  state.making = undefined;
  if (!made.last) return;
  end(state, "complete");
  controller.close();
}

async function makeFrame({ frames, options }: State): Promise<Made> {
  try {
    const { done, value } = await frames.next();
    return done ? { text: "", last: true } : { text: value, last: false };
  } catch (thrown) {
    return { text: options.failed(thrown), last: true };
  }
}

function leave(state: State): void {
  if (state.ended) return;
  end(state, "gone");
  state.controller?.close();
}

function end(state: State, how: "complete" | "gone"): void {
  if (state.ended) return;
  state.ended = true;
  state.cancelTimer();
  state.options.ended(how);
}
