import { words } from "./complexity-words.ts";

/** What a question points at. */
export interface Material {
  /** Text that may be a part of the question. */
  readonly prose: string;
  readonly characters: number;
  /** Code, logs, tables. */
  readonly isTechnical: boolean;
}

export interface Parts {
  readonly ask: string;
  readonly material: Material;
}

/** Tells what asks from what it points at. */
export function partsOf(text: string): Parts {
  const { rest, technical } = withoutTechnical(text);
  const { ask, prose } = askIn(rest.trim());
  return {
    ask,
    material: { prose, characters: prose.length + technical, isTechnical: technical > 0 },
  };
}

/** Fenced code, quotes, and what looks like code, a log or a table. */
function withoutTechnical(text: string): { readonly rest: string; readonly technical: number } {
  let technical = 0;
  const outside = text.replace(/```[\s\S]*?(?:```|$)/g, (fenced) => {
    technical += fenced.length;
    return "\n\n";
  });
  const lines = outside.split("\n");
  const marks = lines.map((line) => (isTechnicalLine(line) ? line.length : 0));
  // One such line in a sentence is no code.
  if (marks.filter((length) => length > 0).length < 3) return { rest: outside, technical };
  const kept = lines.filter((_, index) => marks[index] === 0);
  return { rest: kept.join("\n"), technical: technical + marks.reduce((sum, length) => sum + length, 0) };
}

function isTechnicalLine(line: string): boolean {
  return technicalLines.some((pattern) => pattern.test(line));
}

const technicalLines: readonly RegExp[] = [
  // Quotes, and diffs.
  /^\s*>/,
  /^[+-]{1,3}[\w\s]*[;{}()=]/,
  // Ends or begins as code does.
  /[;{}]\s*$/,
  /^\s*(?:[)\]}]|\/\/|#include|import |from \S+ import|def |class \w+|return\b|const |let |var |public |private |func |fn |if \(|for \()/,
  /^\s{4,}\S/,
  // Logs and traces.
  /^\s*(?:\[?\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d|at \S+ ?\(|File ".*", line \d+|Traceback|\w*(?:Error|Exception):)/,
  /^\s*(?:INFO|WARN|WARNING|ERROR|DEBUG|TRACE|FATAL)\b/,
  // Tables: many columns.
  /^[^,]*(?:,[^,]*){4,}$/,
  /\t.*\t/,
  /^\s*\|.*\|\s*$/,
  /^\s*"[^"]+"\s*:/,
];

/** Longer than this a paragraph that asks says more than what to do with the others. */
const longestAsk = 400;
/** A text up to this length is asked as a whole. */
const shortText = 600;

/**
 * A long text whose first or last paragraph is short and points at the rest ("this", "the following", a colon at its end)
 * is a question about material; any other is a question as a whole.
 */
function askIn(text: string): { readonly ask: string; readonly prose: string } {
  if (text.length <= shortText) return { ask: text, prose: "" };
  const paragraphs = text.split(/\n\s*\n/).filter((each) => each.trim() !== "");
  const [head = "", ...others] = paragraphs.length > 1 ? paragraphs : splitHead(text);
  if (others.length === 0) return { ask: text, prose: "" };
  const last = others.at(-1) ?? "";
  const asks = [isPointing(head) ? head : "", isPointing(last) ? last : ""];
  if (asks.every((each) => each === "")) return { ask: text, prose: "" };
  const prose = [...(asks[0] === "" ? [head] : []), ...others.slice(0, -1), ...(asks[1] === "" ? [last] : [])];
  return { ask: asks.join("\n").trim(), prose: prose.join("\n") };
}

/** The first line, or what stands before the first colon near the beginning. */
function splitHead(text: string): string[] {
  const newline = text.indexOf("\n");
  if (newline > 0 && newline <= longestAsk) return [text.slice(0, newline), text.slice(newline + 1)];
  const colon = /^.{1,200}?[:：]\s/s.exec(text)?.[0] ?? "";
  return colon === "" ? [text] : [colon.trim(), text.slice(colon.length)];
}

function isPointing(paragraph: string): boolean {
  if (paragraph.length > longestAsk) return false;
  const trimmed = paragraph.trim();
  if (/[:：?？؟]$/.test(trimmed)) return true;
  const lower = trimmed.toLowerCase();
  const found = new Set(lower.match(/[\p{L}\p{M}-]+/gu) ?? []);
  return words.pointing.some((word) => found.has(word) || (!/^[\p{ASCII}]+$/u.test(word) && lower.includes(word)));
}
