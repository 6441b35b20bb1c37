import { budgetRules } from "../app-options.ts";
import { WeftError } from "../core/error.ts";
import { workspacePaths } from "../core/workspace.ts";
import { usdText } from "../lib/money.ts";
import { dayOf } from "../spending/periods.ts";
import { type Grouping, groupings, type Report, spendingReport } from "../spending/report.ts";
import type { Call } from "./command.ts";
import { load } from "./loading.ts";
import { harmless, table } from "./style.ts";
import { timeOf } from "./time-of.ts";

/** `weft cost` */
export async function cost(call: Call): Promise<number> {
  const { platform, options } = call;
  const { files, terminal } = platform;
  const by = options["by"] ?? "day";
  if (!isGrouping(by)) {
    throw new WeftError("usage", `error: --by ${by} is not known. There are: ${groupings.join(", ")}`);
  }
  const loaded = await load(call);
  const { resetHourUtc } = budgetRules(loaded.config);
  const since = options["since"];
  const from = since === undefined ? undefined : dayOf(timeOf(since, platform.now()), resetHourUtc);
  const folder = workspacePaths(loaded.workspace).spending;
  const report = await spendingReport({ files, folder, by, since: from });
  if ("json" in options) await terminal.out(`${JSON.stringify(jsonOf(report, by), null, 2)}\n`);
  else if (report.rows.length === 0) await terminal.out("Nothing was spent yet.\n");
  else await terminal.out(harmless(textOf(report, by)));
  return 0;
}

function isGrouping(by: string): by is Grouping {
  return groupings.includes(by as Grouping);
}

function jsonOf({ rows, total }: Report, by: Grouping) {
  const withUsd = <T extends { readonly nano: number }>({ nano, ...rest }: T) => ({
    ...rest,
    usd: nano / 1e9,
    nanoUsd: nano,
  });
  return { by, rows: rows.map(withUsd), total: withUsd(total) };
}

function textOf({ rows, total }: Report, by: Grouping): string {
  const cells = ({ name, nano, calls, ...counts }: Report["rows"][number]) => [
    name,
    usdText(nano),
    `${calls}`,
    `${counts.inputTokens}`,
    `${counts.cacheReadTokens}`,
    `${counts.outputTokens}`,
    [
      counts.lost > 0 ? `${counts.lost} cut off, counted at their most` : "",
      counts.unpriced > 0 ? `${counts.unpriced} without a known price` : "",
    ]
      .filter((note) => note !== "")
      .join("; "),
  ];
  const titles = [by.toUpperCase(), "COST", "CALLS", "TOKENS IN", "OF THEM CACHED", "TOKENS OUT", "NOTE"];
  return table([titles, ...rows.map(cells), ...(rows.length > 1 ? [cells({ name: "all", ...total })] : [])]);
}
