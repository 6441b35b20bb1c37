import type { Fetch } from "../../src/core/platform.ts";
import type { WireOptions } from "../../src/models/wire.ts";
import { nodeFetch } from "../../src/platform/node/fetch.ts";
import { egressDoor, type ProviderSecrets } from "../../src/security/egress.ts";
import { policyWith } from "../security/rules.ts";

const timeouts = { connectMs: 5000, firstTokenMs: 5000, idleMs: 5000, totalMs: 20_000 };

/** The real door, whose provider "acme" is at this address with the key "sk-test-key". */
export function wireOptions({
  fetch = nodeFetch({}),
  timeouts: some,
  ...options
}: Pick<WireOptions, "url" | "name"> & {
  fetch?: Fetch;
  timeouts?: Partial<WireOptions["timeouts"]>;
}): WireOptions {
  return {
    id: `acme/${options.name}`,
    door: doorOf(fetch, () => secretsAt(options.url))("acme", 0),
    contextTokens: 100_000,
    now: () => Date.now(),
    ...options,
    timeouts: { ...timeouts, ...some },
  };
}

export function secretsAt(url: string, more: Partial<ProviderSecrets> = {}): ProviderSecrets {
  return { origin: new URL(url).origin, keys: ["sk-test-key"], headers: {}, ...more };
}

export function doorOf(fetch: Fetch, providers: (name: string) => ProviderSecrets) {
  const platform = { fetch, resolve: async () => [], proxyFor: () => undefined };
  return egressDoor({ platform, policy: policyWith(), providers }).toModel;
}
