import { WeftError } from "../../core/error.ts";
import type { List } from "./syntax.ts";

/** A text that is being read. */
export interface Source {
  readonly text: string;
  at: number;
  /** How many substitutions, groups and other nested things we are in. */
  readonly depth: number;
  /** Here-documents whose bodies begin with the next line. */
  readonly pending: ((source: Source) => void)[];
  /** The words and operators without quotes and spacing. */
  readonly plain: string[];
  /** For words that hold commands. */
  readonly readList: (source: Source) => List;
}

const mostCharacters = 64 * 1024;
const mostDepth = 20;
const mostTokens = 5000;

export function newSource(text: string, within: Pick<Source, "readList"> & Partial<Source>): Source {
  if (text.length > mostCharacters) return unreadable("it is longer than 64 KB");
  // U+E000 and on are our own signs, see values.ts.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  const odd = /[\uE000-\uE006\0-\x08\x0b-\x1f\x7f]/.exec(text);
  if (odd) return unreadable(`it has a character that no line needs (code ${odd[0].charCodeAt(0)})`);
  const { depth = 0, plain = [], readList } = within;
  const source: Source = { text, at: 0, depth: depth + 1, pending: [], plain, readList };
  if (source.depth > mostDepth) return unreadable("it is nested too deeply");
  return source;
}

/** The same text, one level down; `own`: what is announced in here must also end in here. */
export function deeper<T>(source: Source, read: (inner: Source) => T, own = false): T {
  if (source.depth >= mostDepth) return unreadable("it is nested too deeply");
  const inner: Source = { ...source, depth: source.depth + 1, pending: own ? [] : source.pending };
  const result = read(inner);
  if (own && inner.pending.length > 0) return unreadable("a here-document has no end");
  source.at = inner.at;
  return result;
}

export function note(source: Source, token: string): void {
  if (source.plain.push(token) > mostTokens) unreadable("it has too many words");
}

/** Over spaces, joined lines and a comment. */
export function skipBlanks(source: Source): void {
  const blanks = /(?:[ \t]|\\\n)*/y;
  blanks.lastIndex = source.at;
  blanks.test(source.text);
  source.at = blanks.lastIndex;
  if (source.text[source.at] !== "#") return;
  const end = source.text.indexOf("\n", source.at);
  source.at = end < 0 ? source.text.length : end;
}

/** What the pattern, a sticky one, finds at this place. */
export function looksAt({ text, at }: Pick<Source, "text" | "at">, pattern: RegExp): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** What cannot be read for sure is not run: shells differ in it, or we do not know it. */
export function unreadable(why: string): never {
  throw new WeftError("refused", why);
}
