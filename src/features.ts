/** Put in by the build (`--features`, `--no-default-features`); without a build every feature is on. */
declare const WEFT_DELEGATION: boolean;
declare const WEFT_WASM_PLUGINS: boolean;

/** What a build can leave out: when it does, neither this bundle nor the host has any of it. */
export const features: { readonly delegation: boolean; readonly wasmPlugins: boolean } = {
  delegation: typeof WEFT_DELEGATION === "undefined" || WEFT_DELEGATION,
  wasmPlugins: typeof WEFT_WASM_PLUGINS === "undefined" || WEFT_WASM_PLUGINS,
};
