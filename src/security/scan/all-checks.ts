import type { Check } from "./check.ts";
import { configChecks, plainKey, unreadableConfig } from "./checks/configuration.ts";
import { keptKey } from "./checks/credentials.ts";
import { embeddedChecks } from "./checks/embedded.ts";
import { packageChecks, pluginChecks, skillChecks } from "./checks/manifests.ts";
import { placeChecks } from "./checks/places.ts";
import { textChecks } from "./text-checks.ts";

/** Everything that a scan may find, in the order of `weft security checks`. */
export const allChecks: readonly Check[] = [
  ...textChecks,
  keptKey,
  ...Object.values(embeddedChecks),
  ...skillChecks,
  ...pluginChecks,
  ...packageChecks,
  plainKey,
  unreadableConfig,
  ...configChecks,
  ...Object.values(placeChecks),
];
