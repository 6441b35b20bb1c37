import { nodeWasm } from "../../src/platform/node/wasm.ts";
import { wasmContract } from "../contracts/wasm.ts";
import { compiledModules } from "../contracts/wasm-compiled.ts";

wasmContract({
  name: "node",
  engine: async () => nodeWasm(),
  modules: await compiledModules(),
  monotonic: () => performance.now(),
  skip: { reason: "V8 counts no instructions; the deadline stands for the fuel", parts: ["fuel"] },
});
