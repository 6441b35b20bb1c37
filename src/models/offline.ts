import type { Model } from "../core/model.ts";

/**
 * The model for when none is configured: no network, no tokens, an answer at once. It says what it is, and runs a tool
 * for each `/tool …`. `now` gives Unix milliseconds.
 */
export function offlineModel(now: () => number): Model {
  return {
    id: "offline",
    contextTokens: 128_000,
    async *stream(prompt, signal) {
      const { answer } = await import("./offline-answers.ts");
      yield* answer(prompt, signal, now);
    },
  };
}
