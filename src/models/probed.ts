import { isJsonObject, type Json } from "../core/json.ts";
import { setBounded } from "../lib/bounded-map.ts";
import type { ModelFacts } from "./context-sizes.ts";
import type { ProbeTarget } from "./probe.ts";

/** A small text kept over restarts. */
export interface Note {
  /** Empty when nothing was written yet. */
  read(): Promise<string>;
  write(text: string): Promise<void>;
}

/** What self-hosted servers said of their models: asking again costs a round trip before every first word. */
export interface Probed {
  factsOf(target: Asked): Partial<ModelFacts> | undefined;
  /** Asks the server when what is known is older than ten minutes. Never throws: an unknown model stays unknown. */
  prepare(target: Asked, question: () => Promise<Partial<ModelFacts>>): Promise<void>;
}

export type Asked = Pick<ProbeTarget, "url" | "name">;

const mostProbed = 100;
const probeAgainMs = 600_000;
const probeAgainAfterFailureMs = 60_000;

interface Known {
  facts: Partial<ModelFacts>;
  /** Unix milliseconds; infinite while the server is being asked. */
  freshUntil: number;
  asking?: Promise<void>;
}

/** `now`: Unix milliseconds. Without a note it is forgotten at the end of the process. */
export function probed(now: () => number, note?: Note): Probed {
  const known = new Map<string, Known>();
  let noted: Promise<void> | undefined;
  const save = async () => {
    const lasting = [...known].filter(([, { freshUntil }]) => Number.isFinite(freshUntil));
    const rows = lasting.map(([key, { facts, freshUntil }]) => [key, { facts, freshUntil }]);
    await note?.write(JSON.stringify(Object.fromEntries(rows)));
  };
  const ask = async (entry: Known, question: () => Promise<Partial<ModelFacts>>) => {
    try {
      entry.facts = await question();
      entry.freshUntil = now() + probeAgainMs;
      // Nobody waits for it: what is not kept is asked for again.
      void save().catch(() => {});
    } catch {
      entry.freshUntil = now() + probeAgainAfterFailureMs;
    }
  };
  return {
    factsOf: (target) => known.get(keyOf(target))?.facts,
    async prepare(target, question) {
      noted ??= load(known, note);
      await noted;
      const before = known.get(keyOf(target));
      if (before && before.freshUntil > now()) return await before.asking;
      const entry: Known = { facts: before?.facts ?? {}, freshUntil: Number.POSITIVE_INFINITY };
      setBounded(known, [keyOf(target), entry], mostProbed);
      entry.asking = ask(entry, question);
      await entry.asking;
    },
  };
}

function keyOf({ url, name }: Asked): string {
  return `${url} ${name}`;
}

/** A note that cannot be read is as good as none. */
async function load(known: Map<string, Known>, note: Note | undefined): Promise<void> {
  const rows: unknown = await Promise.resolve(note?.read())
    .then((text) => JSON.parse(text || "{}"))
    .catch(() => ({}));
  if (!isJsonObject(rows)) return;
  for (const [key, row] of Object.entries(rows)) {
    const facts = isJsonObject(row) ? factsIn(row["facts"]) : undefined;
    const freshUntil = isJsonObject(row) ? row["freshUntil"] : undefined;
    if (facts && typeof freshUntil === "number") setBounded(known, [key, { facts, freshUntil }], mostProbed);
  }
}

function factsIn(value: Json | undefined): Partial<ModelFacts> | undefined {
  if (!isJsonObject(value)) return undefined;
  const { contextTokens, images, tools } = value;
  return {
    ...(Number.isSafeInteger(contextTokens) && Number(contextTokens) > 0 && { contextTokens: Number(contextTokens) }),
    ...(typeof images === "boolean" && { images }),
    ...(typeof tools === "boolean" && { tools }),
  };
}
