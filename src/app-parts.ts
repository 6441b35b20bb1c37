import { catalogOptions } from "./app-options.ts";
import type { Loaded } from "./config/load.ts";
import type { Audit } from "./core/audit.ts";
import type { Bus } from "./core/bus.ts";
import type { ModelDoor } from "./core/door.ts";
import type { Platform } from "./core/platform.ts";
import type { WorkspacePaths } from "./core/workspace.ts";
import { loadPlugins } from "./features.ts";
import { createBus } from "./lib/bus.ts";
import { type ModelCatalog, modelCatalog } from "./models/catalog.ts";

/** What can be looked at without the agent, which takes longer to load than `weft status` may. */

export type Plugins = Awaited<ReturnType<Awaited<ReturnType<NonNullable<typeof loadPlugins>>>["openPlugins"]>>;

export interface PluginsBase {
  readonly platform: Platform;
  readonly paths: WorkspacePaths;
  readonly bus: Bus;
  readonly audit: Audit;
  readonly writes: boolean;
}

/** Undefined in a build without them. */
export async function openPlugins({ paths, ...options }: PluginsBase): Promise<Plugins | undefined> {
  return await (await loadPlugins?.())?.openPlugins({ ...options, workspace: paths.root });
}

/** Throws `config` or `auth` when the configured model or a fallback cannot be used. */
export function usableModels(platform: Platform, loaded: Loaded, door: ModelDoor): ModelCatalog {
  const models = modelCatalog(catalogOptions(platform, loaded, door));
  models.get(models.defaultId(), loaded.config.agents.defaults.fallbacks);
  return models;
}

export function busFor({ terminal }: Platform): Bus {
  return createBus((thrown) => void terminal.error(`weft: a listener failed: ${String(thrown)}\n`));
}
