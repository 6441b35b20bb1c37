import type { Audit, AuditEntry } from "../core/audit.ts";
import { WeftError } from "../core/error.ts";
import type { Model, ModelDone, ModelEvent } from "../core/model.ts";
import type { RouteTaken } from "./turn-model.ts";

export interface AuditedTurn {
  /** The same model; each call of it is noted when it has ended, however it did. */
  model(model: Model, route?: RouteTaken): Model;
  /** Resolves when what was noted so far outlives a kill: what follows from it may be made durable. */
  noted(): Promise<void>;
}

type About = Pick<AuditEntry, "actor" | "session" | "turn">;

export function auditedTurn(audit: Audit, about: About, monotonic: () => number): AuditedTurn {
  let last: Promise<void> = Promise.resolve();
  const note = (entry: Pick<AuditEntry, "subject" | "outcome" | "reason" | "detail" | "figures">) => {
    last = audit.note({ kind: "model", ...about, ...entry });
  };
  return {
    noted: () => last,
    model: (model, route) => ({
      id: model.id,
      get contextTokens() {
        return model.contextTokens;
      },
      stream(prompt, signal) {
        const began = monotonic();
        const ended = (subject: string, outcome: AuditEntry["outcome"], more: Partial<AuditEntry> = {}) =>
          note({
            subject,
            outcome,
            ...more,
            ...(route && { detail: { ...route } }),
            figures: { ...more.figures, ms: monotonic() - began },
          });
        return watched(model.stream(prompt, signal), {
          done: (event) => ended(event.model, "ok", { figures: figuresOf(event) }),
          failed(thrown) {
            const error = WeftError.from(signal.aborted ? signal.reason : thrown);
            const outcome = signal.aborted ? "interrupted" : error.code === "budget" ? "refused" : "failed";
            ended(model.id, outcome, { reason: error.message });
          },
          left: () => ended(model.id, "interrupted"),
        });
      },
    }),
  };
}

function figuresOf({ usage }: ModelDone): Record<string, number> {
  const { estimated: _, ...tokens } = usage;
  return Object.fromEntries(Object.entries(tokens).filter(([, count]) => count !== undefined));
}

interface Watcher {
  done(event: ModelDone): void;
  failed(thrown: unknown): void;
  /** Nobody read on. */
  left(): void;
}

/** Looks at what goes by without another step for each event: there are thousands. */
function watched(events: AsyncIterable<ModelEvent>, watcher: Watcher): AsyncIterable<ModelEvent> {
  return {
    [Symbol.asyncIterator]() {
      const inner = events[Symbol.asyncIterator]();
      let isOver = false;
      const once = (tell: () => void) => {
        if (!isOver) tell();
        isOver = true;
      };
      return {
        next() {
          const next = inner.next();
          next.then(
            ({ value, done }) => {
              if (done) once(() => watcher.failed(new WeftError("internal", "it ended without an answer")));
              else if (value.type === "done") once(() => watcher.done(value));
            },
            (thrown: unknown) => once(() => watcher.failed(thrown)),
          );
          return next;
        },
        async return() {
          once(watcher.left);
          await inner.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
