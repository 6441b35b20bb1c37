// How the program is bundled, for both engines: modules into chunks, small, with what a build leaves out left out.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { rolldown } from "rolldown";
import { definesOf } from "./features.mjs";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));

const engines = {
  node: { platform: "node", conditionNames: ["import", "default"] },
  native: { platform: "neutral", conditionNames: ["browser", "import", "default"] },
};

/**
 * The chunks as rolldown gives them; written into `dir` where one is named. `input`: the entries by name. `together`: by
 * name, sources that are loaded in one go: what one of them brings along lies in one chunk, what several of these sets
 * share in another, named after them all.
 */
export async function bundle(engine, { input, features, dir, together = {}, alias = {}, target = "es2024" }) {
  const { platform, conditionNames } = engines[engine];
  const bundled = await rolldown({
    input,
    platform,
    resolve: { conditionNames, mainFields: ["module", "main"], alias },
    transform: { target, define: { WEFT_VERSION: JSON.stringify(version), ...definesOf(features) } },
    preserveEntrySignatures: "allow-extension",
    checks: { pluginTimings: false },
  });
  const options = {
    format: "es",
    minify: true,
    comments: false,
    entryFileNames: "[name].js",
    chunkFileNames: "[name]-[hash].js",
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [{ debugName: "together", name: nameWith(together, Object.values(input)) }],
    },
  };
  const { output } = await (dir ? bundled.write({ dir, ...options }) : bundled.generate(options));
  await bundled.close();
  return output.filter(({ type }) => type === "chunk");
}

/** Names the chunk of a module; entries stay alone, for QuickJS links nothing to a module that is still running. */
function nameWith(together, entries) {
  const alone = new Set(entries.map((path) => resolve(path)));
  let sets;
  return (id, context) => {
    if (alone.has(id)) return null;
    sets ??= setsOf(together, context);
    return sets.get(id)?.join("-") ?? null;
  };
}

/** By module: the names of the sets it belongs to; where it is in the first, that one alone, which is always there. */
function setsOf(together, context) {
  const sets = new Map();
  const [first] = Object.keys(together);
  for (const [name, sources] of Object.entries(together)) {
    const todo = sources.map((path) => resolve(path));
    const seen = new Set();
    for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
      if (seen.has(id)) continue;
      seen.add(id);
      const of = sets.get(id) ?? [];
      if (!of.includes(first)) sets.set(id, [...of, name]);
      todo.push(...(context.getModuleInfo(id)?.importedIds ?? []));
    }
  }
  return sets;
}
