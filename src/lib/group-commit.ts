/** One writer for many: what gathers while one batch is written is the next batch. */
export interface GroupCommit<T> {
  /** Resolves when the batch that holds the item is written; rejects when that batch failed. */
  put(item: T): Promise<void>;
  /** Resolves when nothing is being written any more. */
  idle(): Promise<void>;
}

interface Waiting<T> {
  readonly item: T;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function groupCommit<T>(write: (batch: readonly T[]) => Promise<void>): GroupCommit<T> {
  let waiting: Waiting<T>[] = [];
  let flushing: Promise<void> | undefined;
  const flush = async () => {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await write(batch.map(({ item }) => item));
      } catch (error) {
        for (const { reject } of batch) reject(error);
        continue;
      }
      for (const { resolve } of batch) resolve();
    }
    flushing = undefined;
  };
  return {
    put: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        flushing ??= flush();
      }),
    idle: async () => await flushing,
  };
}
