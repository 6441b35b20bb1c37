import { isJsonObject } from "../core/json.ts";
import type { Files } from "../core/platform.ts";
import { serial } from "../lib/serial.ts";

export interface ModelChoices {
  /** The model chosen for a session with `/model`. */
  of(session: string): Promise<string | undefined>;
  choose(session: string, model: string): Promise<void>;
  forget(session: string): Promise<void>;
}

const mostKept = 1000;

/** A small JSON file `{session: model}`, written as a whole; the oldest choices go first. */
export function modelChoices(files: Files, path: string): ModelChoices {
  const inOrder = serial();
  let known: Map<string, string> | undefined;
  const load = async () => {
    known ??= await read(files, path);
    return known;
  };
  const change = (session: string, model: string | undefined) =>
    inOrder(async () => {
      const before = await load();
      if (before.get(session) === model) return;
      const after = new Map(before);
      after.delete(session);
      if (model !== undefined) after.set(session, model);
      for (const oldest of after.keys()) if (after.size > mostKept) after.delete(oldest);
      await files.makeDirectory(path.slice(0, path.lastIndexOf("/")));
      await files.write(path, new TextEncoder().encode(JSON.stringify(Object.fromEntries(after))));
      known = after;
    });
  return {
    of: async (session) => (await load()).get(session),
    choose: (session, model) => change(session, model),
    forget: (session) => change(session, undefined),
  };
}

async function read(files: Files, path: string): Promise<Map<string, string>> {
  if (!(await files.stat(path))) return new Map();
  const value: unknown = JSON.parse(new TextDecoder().decode(await files.read(path)));
  if (!isJsonObject(value)) return new Map();
  return new Map(Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === "string"));
}
