import { budgetRules } from "./app-options.ts";
import type { Loaded } from "./config/load.ts";
import type { Audit } from "./core/audit.ts";
import type { Bus } from "./core/bus.ts";
import type { Platform } from "./core/platform.ts";
import type { Spending } from "./core/spending.ts";
import type { WorkspacePaths } from "./core/workspace.ts";
import type { OpenSpending } from "./spending/spending.ts";

interface SpendingBase {
  readonly platform: Platform;
  readonly paths: WorkspacePaths;
  readonly bus: Bus;
  readonly audit: Audit;
  readonly newId: () => string;
  /** The configuration as it is now. */
  readonly loaded: () => Loaded;
}

/** The money of the workspace whose lock we hold, loaded when first needed. */
export function lazySpending({ platform, paths, loaded, ...base }: SpendingBase) {
  let opened: Promise<OpenSpending> | undefined;
  const { files, now } = platform;
  const open = async () => {
    const { openSpending } = await import("./spending/spending.ts");
    const rules = () => budgetRules(loaded().config);
    return openSpending({ ...base, files, now, folder: paths.spending, rules });
  };
  return {
    spending: (): Promise<Spending> => {
      opened ??= open();
      return opened;
    },
    closeSpending: async () => await (await opened)?.close(),
  };
}
