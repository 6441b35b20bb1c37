import type { Json, JsonObject } from "../../core/json.ts";
import { allChecks } from "./all-checks.ts";
import type { Check, Finding, Severity } from "./check.ts";
import type { Shown } from "./report-text.ts";

/** SARIF 2.1.0 (OASIS): what code hosts show beside the lines. */
export function sarifReport({ report, mending, cwd }: Shown, version: string): JsonObject {
  const findings = mending?.findings ?? report.findings;
  const bases = basesOf(report.roots, cwd);
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "weft security scan", version, rules: allChecks.map(ruleOf) } },
        columnKind: "utf16CodeUnits",
        originalUriBaseIds: Object.fromEntries(
          bases.map(({ id, folder }) => [id, { uri: `file://${encoded(folder)}/` }]),
        ),
        invocations: [
          {
            executionSuccessful: true,
            toolExecutionNotifications: report.skipped
              .slice(0, 1000)
              .map(({ path, why }) => ({ level: "note", message: { text: `skipped: ${path}: ${why}` } })),
          },
        ],
        results: findings.map((finding) => resultOf(finding, bases)),
      },
    ],
  };
}

interface Base {
  readonly id: string;
  readonly folder: string;
}

/** Paths are relative to the working directory, else to the scanned folder, else to that of the scanned file. */
function basesOf(roots: readonly string[], cwd: string): Base[] {
  const folders = roots.map((root) => (root === cwd || root.startsWith(`${cwd}/`) ? cwd : root));
  return [...new Set(folders)].map((folder, i) => ({
    id: i === 0 ? "SRCROOT" : `SRCROOT${i + 1}`,
    folder: folder === "/" ? "" : folder,
  }));
}

function ruleOf({ id, severity, category, what, mend }: Check): JsonObject {
  return {
    id,
    name: id.replace("-", ""),
    shortDescription: { text: what },
    fullDescription: { text: what },
    help: { text: mend },
    defaultConfiguration: { level: levels[severity] },
    properties: { tags: ["security", category], "security-severity": scores[severity] },
  };
}

const levels: Readonly<Record<Severity, string>> = {
  info: "note",
  low: "note",
  medium: "warning",
  high: "error",
  critical: "error",
};
/** By which code hosts sort: above 9 is critical, above 7 high, above 4 medium. */
const scores: Readonly<Record<Severity, string>> = {
  info: "0.0",
  low: "2.0",
  medium: "5.0",
  high: "8.0",
  critical: "9.5",
};

function resultOf(
  { check, severity, path, line, column, length, note, excerpt }: Finding,
  bases: readonly Base[],
): JsonObject {
  const base = bases.find(({ folder }) => path.startsWith(`${folder}/`));
  const relative = base ? path.slice(base.folder.length + 1) : path.slice(path.lastIndexOf("/") + 1);
  const region: Json = {
    startLine: line ?? 1,
    startColumn: column ?? 1,
    ...(excerpt !== undefined && { snippet: { text: excerpt } }),
  };
  return {
    ruleId: check.id,
    ruleIndex: allChecks.findIndex(({ id }) => id === check.id),
    level: levels[severity],
    message: { text: `${check.what}${note === undefined ? "" : ` (${note})`} ${check.mend}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: encoded(relative), ...(base && { uriBaseId: base.id }) },
          ...(line !== undefined && { region: length ? { ...region, endColumn: (column ?? 1) + length } : region }),
        },
      },
    ],
    properties: { severity },
  };
}

function encoded(path: string): string {
  return path
    .replace(/\p{Cs}/gu, "\ufffd")
    .split("/")
    .map(encodeURIComponent)
    .join("/");
}
