/** Whether a place of a document is code or a quotation: there it is spoken about more often than meant. */
export function quotedIn(text: string): (offset: number) => boolean {
  const fences = fencesOf(text);
  return (offset) => {
    if (fences.some(({ from, to }) => offset >= from && offset < to)) return true;
    const begin = text.lastIndexOf("\n", offset - 1) + 1;
    const before = text.slice(Math.max(begin, offset - 2000), offset);
    if (/^\s{0,3}>|^(?: {4}|\t)/.test(text.slice(begin, begin + 8))) return true;
    if (count(before, "`") % 2 === 1 || count(before, '"') % 2 === 1) return true;
    return opens(before, "“", "”") || opens(before, "„", "“") || opens(before, "«", "»") || opens(before, "‘", "’");
  };
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Fenced code (https://spec.commonmark.org/0.31.2/#fenced-code-blocks). One that is never closed is none. */
function fencesOf(text: string): Span[] {
  const spans: Span[] = [];
  let open: { readonly from: number; readonly mark: string } | undefined;
  for (const match of text.matchAll(/^[ \t]{0,12}(`{3,20}|~{3,20})[^\n`]{0,200}$/gm)) {
    const mark = match[1] ?? "";
    if (!open) open = { from: match.index, mark };
    else if (mark[0] === open.mark[0] && mark.length >= open.mark.length && match[0].trim() === mark) {
      spans.push({ from: open.from, to: match.index + match[0].length });
      open = undefined;
    }
  }
  return spans;
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

function opens(before: string, left: string, right: string): boolean {
  return before.lastIndexOf(left) > before.lastIndexOf(right);
}
