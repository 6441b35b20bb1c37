import type { Json, JsonObject } from "../../core/json.ts";
import { severities } from "./check.ts";
import { type Shown, shownPath } from "./report-text.ts";

/** For programs. Members are only ever added. */
export function jsonReport({ report, mending, cwd }: Shown): JsonObject {
  const findings = mending?.findings ?? report.findings;
  return {
    version: 1,
    roots: [...report.roots],
    summary: {
      ...Object.fromEntries(
        severities.map((severity) => [severity, findings.filter((each) => each.severity === severity).length]),
      ),
      files: report.files,
      bytes: report.bytes,
      ignored: report.ignored,
      below: report.below,
    },
    findings: findings.map(
      ({ check, severity, path, line, column, length, excerpt, note, mode }): Json => ({
        check: check.id,
        severity,
        category: check.category,
        path,
        file: shownPath(path, cwd),
        ...(line !== undefined && { line, column: column ?? 1, length: length ?? 0 }),
        ...(excerpt !== undefined && { excerpt }),
        ...(note !== undefined && { note }),
        ...(mode !== undefined && { wantedMode: mode.toString(8).padStart(4, "0") }),
        what: check.what,
        mend: check.mend,
      }),
    ),
    skipped: report.skipped.map(({ path, why }) => ({ path, why })),
    ...(mending && {
      mended: mending.mended.map(({ path, from, to }) => ({ path, from: from.toString(8), to: to.toString(8) })),
      notMended: mending.failed.map(({ path, why }) => ({ path, why })),
    }),
  };
}
