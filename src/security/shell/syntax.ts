/** What a command line is made of, as far as its commands and their words matter. */

export type Part =
  | { readonly kind: "text"; readonly text: string; readonly quoted: boolean }
  /** `$x`; `otherwise`: its value where the variable has none. */
  | { readonly kind: "variable"; readonly name: string; readonly quoted: boolean; readonly otherwise?: Word }
  /** Arithmetic with these names, or what only counts, like `$?`. */
  | { readonly kind: "number"; readonly names: readonly string[]; readonly quoted: boolean }
  | { readonly kind: "unknown"; readonly quoted: boolean };

export interface Word {
  readonly parts: readonly Part[];
  /** What runs while the word is expanded. */
  readonly lists: readonly List[];
  /** What `${x=word}` sets meanwhile. */
  readonly sets: readonly Assignment[];
}

/** Without a value that can be known: `undefined`. */
export interface Assignment {
  readonly name: string;
  readonly value: Word | undefined;
}

export interface Redirection {
  readonly operator: string;
  /** Of a here-document: its body. */
  readonly target: Word;
}

export type Command = {
  readonly redirections: readonly Redirection[];
} & (
  | { readonly kind: "simple"; readonly assignments: readonly Assignment[]; readonly words: readonly Word[] }
  | { readonly kind: "group"; readonly list: List; readonly subshell: boolean }
  /** `if`, `while`, `until`, `case`: any of these may run. */
  | { readonly kind: "branches"; readonly lists: readonly List[]; readonly words: readonly Word[] }
  | { readonly kind: "for"; readonly name: string; readonly words: readonly Word[] | undefined; readonly list: List }
  | { readonly kind: "function"; readonly name: string; readonly body: Command }
);

/** One after the other, or at once. */
export type List = readonly Item[];

export interface Item {
  /** Whether it runs only when the one before it went well, or badly. */
  readonly after: "&&" | "||" | undefined;
  readonly background: boolean;
  readonly pipeline: readonly Command[];
}

/** A text without any quotes or expansions, and not a pattern. */
export function plainText(word: Word): string | undefined {
  const isPlain = word.parts.every((part) => part.kind === "text" && (part.quoted || !/^~|[*?[]/.test(part.text)));
  return isPlain || textOf(word) === "[" ? textOf(word) : undefined;
}

/** What it looks like when the quotes are gone. */
export function textOf({ parts }: Word): string {
  return parts
    .map((part) => (part.kind === "text" ? part.text : part.kind === "variable" ? `$${part.name}` : "$"))
    .join("");
}

export function isUnquoted({ parts }: Word): boolean {
  return parts.every((part) => part.kind === "text" && !part.quoted);
}

export function literalWord(text: string): Word {
  return { parts: [{ kind: "text", text, quoted: true }], lists: [], sets: [] };
}
