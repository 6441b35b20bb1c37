/** Put in by the build (`--features`, `--no-default-features`); without a build every feature is on. */
declare const WEFT_DELEGATION: boolean;
declare const WEFT_WASM_PLUGINS: boolean;

/** What a build can leave out: when it does, neither this bundle nor the host has any of it. */
export const features: { readonly delegation: boolean; readonly wasmPlugins: boolean } = {
  delegation: typeof WEFT_DELEGATION === "undefined" || WEFT_DELEGATION,
  wasmPlugins: typeof WEFT_WASM_PLUGINS === "undefined" || WEFT_WASM_PLUGINS,
};

/** Loads the feature. The condition stands here again since a bundler drops an import only behind a constant. */
export const loadDelegation =
  typeof WEFT_DELEGATION === "undefined" || WEFT_DELEGATION ? () => import("./delegation/delegation.ts") : undefined;

/** The names of what this build has, as `--features` takes them. */
export function featureNames(): string[] {
  return [...(features.delegation ? ["delegation"] : []), ...(features.wasmPlugins ? ["wasm-plugins"] : [])];
}

/** Sections of the configuration that this build has no use for. */
export function absentSections(): string[] {
  return features.delegation ? [] : ["delegation"];
}

/** Tools that this build was made without, by name: what to say of them. */
export function absentTools(): ReadonlyMap<string, string> {
  if (features.delegation) return new Map();
  const why =
    "This build of weft was made without the feature `delegation`. Make one with it: npm run build -- --features delegation";
  return new Map(["delegate_task", "spawn", "spawned"].map((name) => [name, why]));
}
