import type { Check, Finding, Severity } from "./check.ts";
import { severities } from "./check.ts";
import { visible } from "./excerpt.ts";
import type { Mending } from "./fix.ts";
import type { Report } from "./scan.ts";

export interface Shown {
  readonly report: Report;
  readonly mending?: Mending | undefined;
  /** Where paths are seen from. */
  readonly cwd: string;
}

const mostSkipped = 20;

/** For people: by file, with place and mend. */
export function textReport({ report, mending, cwd }: Shown): string {
  const files = new Map<string, Finding[]>();
  for (const finding of mending?.findings ?? report.findings) {
    files.set(finding.path, [...(files.get(finding.path) ?? []), finding]);
  }
  const parts = [...files].map(([path, findings]) => `${shownPath(path, cwd)}\n${findings.map(block).join("")}`);
  return [...parts, mendingText(mending, cwd), skippedText(report, cwd), summary(report, mending)]
    .filter((part) => part !== "")
    .join("\n");
}

function block({ check, severity, line, column, excerpt, note }: Finding): string {
  const place = line === undefined ? "" : `${line}:${column}`;
  const lines = [`  ${place.padEnd(8)} ${severity.padEnd(8)} ${check.id}  ${check.what}`];
  if (excerpt !== undefined && excerpt !== "") lines.push(`${indent}> ${excerpt}`);
  if (note !== undefined) lines.push(`${indent}${visible(note)}`);
  lines.push(`${indent}mend: ${check.mend}`);
  return `${lines.join("\n")}\n`;
}

const indent = " ".repeat(12);

function mendingText(mending: Mending | undefined, cwd: string): string {
  if (!mending) return "";
  const lines = [
    ...mending.mended.map(
      ({ path, from, to }) => `mended: ${shownPath(path, cwd)}: mode ${octal(from)} -> ${octal(to)}`,
    ),
    ...mending.failed.map(({ path, why }) => `not mended: ${shownPath(path, cwd)}: ${why}`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function skippedText({ skipped }: Report, cwd: string): string {
  const told = skipped
    .slice(0, mostSkipped)
    .map(({ path, why }) => `skipped: ${shownPath(path, cwd)}: ${visible(why)}\n`);
  const more =
    skipped.length > mostSkipped ? `skipped: ${skipped.length - mostSkipped} more (--format json lists them)\n` : "";
  return told.join("") + more;
}

function summary(report: Report, mending: Mending | undefined): string {
  const findings = mending?.findings ?? report.findings;
  const counts = [...severities].reverse().flatMap((severity) => countOf(findings, severity));
  const found = counts.length > 0 ? counts.join(", ") : "nothing found";
  const ignored = report.ignored > 0 ? `; ${report.ignored} ignored by security.scan.ignore` : "";
  const below = report.below > 0 ? `; ${report.below} below --min-severity` : "";
  return `${found} in ${report.files} file(s)${ignored}${below}\n`;
}

function countOf(findings: readonly Finding[], severity: Severity): string[] {
  const count = findings.filter((finding) => finding.severity === severity).length;
  return count > 0 ? [`${count} ${severity}`] : [];
}

/** Seen from the folder where the command was given; a name of a file cannot steer a terminal. */
export function shownPath(path: string, cwd: string): string {
  return visible(path.startsWith(`${cwd}/`) ? path.slice(cwd.length + 1) : path);
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

export function checkRows(checks: readonly Check[]): string[][] {
  return [
    ["ID", "SEVERITY", "CATEGORY", "WHAT"],
    ...checks.map(({ id, severity, category, what }) => [id, severity, category, what]),
  ];
}
