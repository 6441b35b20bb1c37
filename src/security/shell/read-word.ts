import { deeper, looksAt, newSource, note, type Source, unreadable } from "./source.ts";
import type { Assignment, List, Part, Word } from "./syntax.ts";

/** A word that is being put together. */
interface Building {
  readonly parts: Part[];
  readonly lists: List[];
  readonly sets: Assignment[];
}

/** The word at this place, if there is one. */
export function readWord(source: Source): Word | undefined {
  const start = source.at;
  const word = building();
  while (source.at < source.text.length && readUnquoted(source, word));
  if (source.at === start) return undefined;
  // Where the body begins then is not the same everywhere.
  if (source.pending.length > 0 && source.text.slice(start, source.at).includes("\n")) {
    unreadable("a line ends within a word while a here-document is due");
  }
  const bare = word.parts.map((part) => (part.kind === "text" && !part.quoted ? part.text : "'")).join("");
  if (/\{[^}]*(,|\.\.)[^}]*\}/.test(bare)) unreadable("shells differ in {a,b}; write the words out");
  if (/^\{\w+\}$/.test(bare) && /[<>]/.test(source.text[source.at] ?? "")) unreadable(`shells differ in ${bare}>`);
  return word;
}

/** The body of a here-document in which shells expand. */
export function readBody(text: string, within: Source): Word {
  const source = newSource(text, within);
  const word = building();
  if (/\\\n/.test(text)) unreadable("a here-document joins lines by a backslash");
  while (source.at < source.text.length) readQuoted(source, word);
  return word;
}

function building(): Building {
  return { parts: [], lists: [], sets: [] };
}

function addText({ parts }: Building, text: string, quoted: boolean): void {
  const last = parts.at(-1);
  if (last?.kind === "text" && last.quoted === quoted) parts[parts.length - 1] = { ...last, text: last.text + text };
  else parts.push({ kind: "text", text, quoted });
}

/** False at the end of the word. */
function readUnquoted(source: Source, word: Building): boolean {
  const char = source.text[source.at] ?? "";
  if (" \t\n|&;<>()".includes(char)) return false;
  if (char === "'") addText(word, upTo(source, "'"), true);
  else if (char === '"') readDoubleQuoted(source, word);
  else if (char === "\\") readEscaped(source, word);
  else if (char === "$") readDollar(source, word, false);
  else if (char === "`") readBackticks(source, word, false);
  else {
    const run = looksAt(source, /[^ \t\n|&;<>()'"\\$`]+/y) ?? "";
    addText(word, run, false);
    source.at += run.length;
  }
  return true;
}

/** What stands before the next `end`; goes behind it. */
function upTo(source: Source, end: string): string {
  const from = source.at + 1;
  const to = source.text.indexOf(end, from);
  if (to < 0) return unreadable(`a ${end} has no end`);
  source.at = to + 1;
  return source.text.slice(from, to);
}

function readEscaped(source: Source, word: Building): void {
  const next = source.text[source.at + 1];
  if (next === undefined) unreadable("it ends in a backslash");
  else if (next !== "\n") addText(word, next, true);
  source.at += 2;
}

function readDoubleQuoted(source: Source, word: Building): void {
  addText(word, "", true);
  source.at++;
  while (source.text[source.at] !== '"') {
    if (source.at >= source.text.length) unreadable('a " has no end');
    readQuoted(source, word);
  }
  source.at++;
}

/** One step within double quotes or a here-document. */
function readQuoted(source: Source, word: Building): void {
  const char = source.text[source.at] ?? "";
  if (char === "$") readDollar(source, word, true);
  else if (char === "`") readBackticks(source, word, true);
  else if (char === "\\") {
    const next = source.text[source.at + 1] ?? "";
    source.at += 2;
    if (next !== "\n") addText(word, '$`"\\'.includes(next) ? next : `\\${next}`, true);
  } else {
    const run = looksAt(source, /[^$`\\"]+/y) ?? char;
    addText(word, run, true);
    source.at += run.length;
  }
}

/** What is within cannot be quoted without shells differing; `$(...)` can. */
function readBackticks(source: Source, word: Building, quoted: boolean): void {
  const inner = upTo(source, "`");
  if (/[\\"]/.test(inner)) unreadable("there are quotes within backticks; use $(...)");
  const command = newSource(inner, source);
  word.lists.push(source.readList(command));
  if (command.at < inner.length || command.pending.length > 0) unreadable("backticks have no end of their own");
  word.parts.push({ kind: "unknown", quoted });
}

function readDollar(source: Source, word: Building, quoted: boolean): void {
  const next = source.text[source.at + 1] ?? "";
  if (next === "(" && source.text[source.at + 2] === "(") readArithmetic(source, word, quoted);
  else if (next === "(") readCommand(source, word, quoted);
  else if (next === "{") readBraces(source, word, quoted);
  else readName(source, word, quoted);
}

function readName(source: Source, word: Building, quoted: boolean): void {
  const next = source.text[source.at + 1] ?? "";
  const name = looksAt({ text: source.text, at: source.at + 1 }, /[A-Za-z_]\w*/y) ?? next;
  if (/^[A-Za-z_]/.test(name)) word.parts.push({ kind: "variable", name, quoted });
  else if (/^[?#!$]/.test(name)) word.parts.push({ kind: "number", names: [], quoted });
  else if (/^[0-9@*-]/.test(name)) word.parts.push({ kind: "unknown", quoted });
  else if (next === "[" || next === "\\" || (!quoted && /["']/.test(next))) unreadable(`shells differ in $${next}`);
  else {
    addText(word, "$", true);
    source.at++;
    return;
  }
  source.at += 1 + name.length;
}

function readCommand(source: Source, word: Building, quoted: boolean): void {
  source.at += 2;
  const from = source.at;
  note(source, "$(");
  const list = deeper(
    source,
    (inner) => {
      const found = source.readList(inner);
      if (inner.text[inner.at] !== ")") unreadable("a $( has no end");
      inner.at++;
      return found;
    },
    true,
  );
  if (/(^|[\s;&|()])#/.test(source.text.slice(from, source.at))) unreadable("there is a comment in a $( )");
  note(source, ")");
  word.lists.push(list);
  word.parts.push({ kind: "unknown", quoted });
}

/** Numbers, names and operators that all shells have; bash evaluates what the names hold, so those must be numbers. */
function readArithmetic(source: Source, word: Building, quoted: boolean): void {
  const from = source.at + 3;
  const to = endOfArithmetic(source.text, from);
  const inner = source.text.slice(from, to);
  const isPlain = /^(?:[\s\d+*/%()<>=!&|^~?:-]|\$?\b[A-Za-z_]\w*\b)*$/.test(inner);
  const isOdd = /\*\*|\+\+|--|\d[A-Za-z_]|(^|[^=!<>])=(?!=)|<<=|>>=/.test(inner);
  if (to < 0 || !isPlain || isOdd) unreadable("$((...)) has more than numbers, names and plain operators");
  source.at = to + 2;
  word.parts.push({ kind: "number", names: inner.match(/[A-Za-z_]\w*/g) ?? [], quoted });
}

function endOfArithmetic(text: string, from: number): number {
  let open = 0;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "(") open++;
    else if (text[at] === ")" && --open < 0) return text[at + 1] === ")" ? at : -1;
  }
  return -1;
}

const oddBraces = "shells differ in a $ with these braces";

/** `${name}`, and the forms of POSIX without quotes within. */
function readBraces(source: Source, word: Building, quoted: boolean): void {
  const form = looksAt(source, /\$\{#?(?:[A-Za-z_]\w*|[0-9]+|[@*?#!$-])(?:\}|:?[-=?+]|%%?|##?)/y);
  const match = /^\$\{(#?)(\w+|.)(.+)$/.exec(form ?? "");
  if (!form || !match) {
    unreadable(oddBraces);
    return;
  }
  const [, length = "", name = "", operator = ""] = match;
  source.at += form.length;
  if (length !== "" && operator !== "}") unreadable(oddBraces);
  const isName = /^[A-Za-z_]/.test(name);
  if (length !== "" || /^[?#!$]$/.test(name)) {
    word.parts.push({ kind: "number", names: [], quoted });
    if (operator !== "}") readOperand(source, word);
    return;
  }
  if (operator === "}") {
    word.parts.push(isName ? { kind: "variable", name, quoted } : { kind: "unknown", quoted });
    return;
  }
  const otherwise = readOperand(source, word);
  if (/=$/.test(operator)) {
    if (!isName) unreadable(`\${${name}=...} sets what has no name`);
    word.sets.push({ name, value: otherwise });
  }
  if (isName && /[-=]$/.test(operator)) word.parts.push({ kind: "variable", name, quoted, otherwise });
  else if (isName && operator.endsWith("?")) word.parts.push({ kind: "variable", name, quoted });
  else word.parts.push({ kind: "unknown", quoted });
}

function readOperand(source: Source, word: Building): Word {
  const operand = building();
  while (source.text[source.at] !== "}") {
    const char = source.text[source.at] ?? "";
    if (char === "" || /['"\\`{\n<>]/.test(char))
      unreadable("there are quotes within the braces of a $, or they have no end");
    if (char === "$") readDollar(source, operand, false);
    else {
      addText(operand, char, false);
      source.at++;
    }
  }
  source.at++;
  word.lists.push(...operand.lists);
  word.sets.push(...operand.sets);
  return operand;
}
