import type { WireOptions } from "../../src/models/wire.ts";
import { nodeFetch } from "../../src/platform/node/fetch.ts";

const timeouts = { connectMs: 5000, firstTokenMs: 5000, idleMs: 5000, totalMs: 20_000 };

export function wireOptions(
  options: Pick<WireOptions, "url" | "name"> & {
    fetch?: WireOptions["fetch"];
    timeouts?: Partial<WireOptions["timeouts"]>;
  },
): WireOptions {
  return {
    id: `acme/${options.name}`,
    key: "sk-test-key",
    headers: {},
    contextTokens: 100_000,
    fetch: nodeFetch({}),
    now: () => Date.now(),
    ...options,
    timeouts: { ...timeouts, ...options.timeouts },
  };
}
