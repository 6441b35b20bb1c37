import loadWabt from "wabt";
import { wasmModules } from "./wasm-modules.ts";

/** `wasmModules` as bytes. */
export async function compiledModules(): Promise<Record<string, Uint8Array>> {
  const wabt = await loadWabt();
  return Object.fromEntries(
    Object.entries(wasmModules).map(([name, source]) => {
      const module = wabt.parseWat(`${name}.wat`, source, { reference_types: true, bulk_memory: true });
      const { buffer } = module.toBinary({});
      module.destroy();
      return [name, buffer.slice()];
    }),
  );
}
