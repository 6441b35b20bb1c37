import { readBody, readWord } from "./read-word.ts";
import { deeper, looksAt, newSource, note, type Source, skipBlanks, unreadable } from "./source.ts";
import {
  type Assignment,
  type Command,
  type Item,
  isUnquoted,
  type List,
  literalWord,
  type Redirection,
  textOf,
  type Word,
} from "./syntax.ts";

export interface ReadLine {
  readonly list: List;
  /** The whole line without quotes, one space between words and operators. */
  readonly plain: string;
}

/**
 * Reads what dash and other POSIX shells take the same way. Everything else throws `refused` with why: a reader that
 * guesses is how allowlists are passed by.
 */
export function readLine(text: string): ReadLine {
  const source = newSource(text, { readList });
  const list = readList(source);
  if (source.pending.length > 0) unreadable("a here-document has no end");
  if (source.at < text.length) unreadable(`nothing begins what ${JSON.stringify(rest(source))} ends`);
  return { list, plain: source.plain.join(" ") };
}

const reserved: readonly string[] =
  "! { } if then elif else fi while until do done for in case esac [[ ]] function select coproc".split(" ");

export function isReserved(word: string): boolean {
  return reserved.includes(word);
}

/** Up to what does not belong to it: the end, `)`, `;;` or a word that closes. */
export function readList(source: Source): List {
  const items: Item[] = [];
  let after: Item["after"];
  for (;;) {
    skipLines(source);
    if (isListEnd(source)) {
      if (after) unreadable(`nothing follows ${after}`);
      return items;
    }
    const pipeline = readPipeline(source);
    const operator = looksAt(source, /&&|\|\||;;|;|&|\n/y);
    items.push({ after, background: operator === "&", pipeline });
    after = operator === "&&" || operator === "||" ? operator : undefined;
    if (operator === undefined || operator === ";;") {
      if (!isListEnd(source)) unreadable(`from ${JSON.stringify(rest(source))} on`);
    } else if (operator !== "\n") takeOperator(source, operator);
  }
}

function takeOperator(source: Source, operator: string): void {
  source.at += operator.length;
  note(source, operator);
  const next = source.text[source.at] ?? "";
  if (/^[&;|]/.test(next)) unreadable(`of ${operator}${next}`);
  if (operator === "&" && next === ">") unreadable("shells differ in &>; use > file 2>&1");
}

const closers = /(?:\)|;;|(?:then|elif|else|fi|do|done|esac|\})(?=[\s;&|)<>]|$))/y;

function isListEnd(source: Source): boolean {
  return source.at >= source.text.length || looksAt(source, closers) !== undefined;
}

/** Over blanks and line ends. */
function skipLines(source: Source): void {
  skipBlanks(source);
  while (source.text[source.at] === "\n") {
    endLine(source);
    skipBlanks(source);
  }
}

/** Here-documents begin behind the line that announces them. */
function endLine(source: Source): void {
  source.at++;
  for (const read of source.pending.splice(0)) read(source);
}

function readPipeline(source: Source): Command[] {
  const commands: Command[] = [];
  if (source.text.startsWith("!(", source.at)) unreadable("shells differ in !(");
  if (takeReserved(source, "!")) skipBlanks(source);
  for (;;) {
    commands.push(readCommand(source));
    skipBlanks(source);
    if (source.text[source.at] !== "|" || source.text[source.at + 1] === "|") return commands;
    if (source.text[source.at + 1] === "&") unreadable("shells differ in |&; use 2>&1 |");
    source.at++;
    note(source, "|");
    skipLines(source);
  }
}

function readCommand(source: Source): Command {
  const compound = deeper(source, readCompound);
  if (!compound) return readSimple(source);
  const redirections = readRedirections(source);
  return { ...compound, redirections };
}

function readRedirections(source: Source): Redirection[] {
  const found: Redirection[] = [];
  for (;;) {
    skipBlanks(source);
    const redirection = readRedirection(source);
    if (!redirection) return found;
    found.push(redirection);
  }
}

const none = { redirections: [] } as const;

function readCompound(source: Source): Command | undefined {
  if (source.text[source.at] === "(") {
    if (source.text[source.at + 1] === "(") unreadable("shells differ in ((; write ( ( for two subshells");
    source.at++;
    note(source, "(");
    const list = readList(source);
    expectText(source, ")");
    return { ...none, kind: "group", list: filled(list), subshell: true };
  }
  if (takeReserved(source, "{")) {
    const list = filled(readList(source));
    expectReserved(source, "}");
    return { ...none, kind: "group", list, subshell: false };
  }
  if (takeReserved(source, "if")) return readIf(source);
  if (takeReserved(source, "while") || takeReserved(source, "until")) {
    const condition = filled(readList(source));
    return { ...none, kind: "branches", lists: [condition, readDo(source)], words: [] };
  }
  if (takeReserved(source, "for")) return readFor(source);
  if (takeReserved(source, "case")) return readCase(source);
  return undefined;
}

function filled(list: List): List {
  return list.length > 0 ? list : unreadable("a group has no commands");
}

function readIf(source: Source): Command {
  const lists = [filled(readList(source))];
  expectReserved(source, "then");
  lists.push(filled(readList(source)));
  while (takeReserved(source, "elif")) {
    lists.push(filled(readList(source)));
    expectReserved(source, "then");
    lists.push(filled(readList(source)));
  }
  if (takeReserved(source, "else")) lists.push(filled(readList(source)));
  expectReserved(source, "fi");
  return { ...none, kind: "branches", lists, words: [] };
}

function readDo(source: Source): List {
  expectReserved(source, "do");
  const list = filled(readList(source));
  expectReserved(source, "done");
  return list;
}

function readFor(source: Source): Command {
  skipBlanks(source);
  const name = looksAt(source, /[A-Za-z_]\w*(?=[\s;])/y) ?? unreadable("a for has no plain name");
  source.at += name.length;
  note(source, name);
  skipLines(source);
  let words: Word[] | undefined;
  if (takeReserved(source, "in")) {
    words = [];
    for (skipBlanks(source); !/^[;\n]/.test(source.text[source.at] ?? ""); skipBlanks(source)) {
      words.push(expectWord(source));
    }
  }
  if (source.text[source.at] === ";") source.at++;
  skipLines(source);
  return { ...none, kind: "for", name, words, list: readDo(source) };
}

function readCase(source: Source): Command {
  skipBlanks(source);
  const words = [expectWord(source)];
  const lists: List[] = [];
  skipLines(source);
  expectReserved(source, "in");
  for (skipLines(source); !takeReserved(source, "esac"); skipLines(source)) {
    if (source.text[source.at] === "(") source.at++;
    for (;;) {
      skipBlanks(source);
      words.push(expectWord(source));
      skipBlanks(source);
      if (source.text[source.at] !== "|") break;
      source.at++;
    }
    expectText(source, ")");
    lists.push(readList(source));
    if (looksAt(source, /;;/y) === undefined) {
      expectReserved(source, "esac");
      break;
    }
    source.at += 2;
    if (source.text[source.at] === "&") unreadable("shells differ in ;;&");
  }
  return { ...none, kind: "branches", lists, words };
}

function readSimple(source: Source): Command {
  const redirections: Redirection[] = [];
  const assignments: Assignment[] = [];
  const words: Word[] = [];
  for (;;) {
    skipBlanks(source);
    const redirection = readRedirection(source);
    if (redirection) {
      redirections.push(redirection);
      continue;
    }
    const word = readWord(source);
    if (!word) break;
    note(source, textOf(word));
    const assignment = words.length === 0 ? assignmentIn(word) : undefined;
    if (assignment) assignments.push(assignment);
    else words.push(word);
    if (words.length === 1 && isUnquoted(word) && isReserved(textOf(word))) unreadable(`of the word ${textOf(word)}`);
  }
  if (source.text[source.at] === "(") return readFunction(source, { redirections, assignments, words });
  if (words.length + assignments.length + redirections.length === 0) {
    unreadable(source.at < source.text.length ? `from ${JSON.stringify(rest(source))} on` : "it ends too early");
  }
  return { kind: "simple", redirections, assignments, words };
}

/** Only where nothing of the name and the = is quoted. */
export function assignmentIn(word: Word): Assignment | undefined {
  const [first, ...more] = word.parts;
  if (first?.kind !== "text" || first.quoted) return undefined;
  const match = /^([A-Za-z_]\w*)=(.*)$/s.exec(first.text);
  if (!match && /^\w+(\[.*)?\+?=/s.test(first.text)) unreadable(`shells differ in ${first.text}`);
  if (!match) return undefined;
  const [, name = "", text = ""] = match;
  return { name, value: { ...word, parts: [{ ...first, text }, ...more] } };
}

function readFunction(
  source: Source,
  { redirections, assignments, words }: { redirections: Redirection[]; assignments: Assignment[]; words: Word[] },
): Command {
  const [word] = words;
  const name = word && isUnquoted(word) ? textOf(word) : "";
  const isAlone = redirections.length + assignments.length === 0 && words.length === 1;
  const brackets = looksAt(source, /\([ \t]*\)/y);
  if (!brackets || !isAlone || !/^[A-Za-z_]\w*$/.test(name)) return unreadable("a ( is where none can be");
  if (special.includes(name)) return unreadable(`a function is called ${name}`);
  source.at += brackets.length;
  note(source, "( )");
  skipLines(source);
  const body = readCommand(source);
  if (body.kind === "simple" || body.kind === "function") unreadable("a function has no { } around it");
  return { ...none, kind: "function", name, body };
}

/** Builtins that no function can stand for. */
const special: readonly string[] =
  "break continue eval exec exit export readonly return set shift times trap unset".split(" ");

function readRedirection(source: Source): Redirection | undefined {
  if (looksAt(source, /\d{2,}[<>]/y)) unreadable("shells differ in file descriptors above 9");
  const found = looksAt(source, /\d?(?:<<<|<<-|<<|<>|<&|>>|>&|>\||<|>)/y);
  if (found === undefined) return undefined;
  const operator = found.replace(/^\d/, "");
  source.at += found.length;
  if (operator === "<<<") unreadable("shells differ in <<<; use a here-document or a pipe");
  if (source.text[source.at] === "(") unreadable("shells differ in <( ) and >( )");
  skipBlanks(source);
  const target = readWord(source) ?? unreadable(`nothing follows ${operator}`);
  note(source, `${found} ${textOf(target)}`);
  if (operator.startsWith("<<")) return readHereDocument(source, operator, target);
  if (operator.endsWith("&") && !/^(\d|-)$/.test(isUnquoted(target) ? textOf(target) : "")) {
    unreadable(`shells differ in ${operator} before anything but a number; use > file 2>&1`);
  }
  return { operator, target };
}

function readHereDocument(source: Source, operator: string, delimiter: Word): Redirection {
  if (delimiter.parts.some(({ kind }) => kind !== "text")) unreadable("a here-document ends in an expansion");
  const end = textOf(delimiter);
  const isQuoted = !isUnquoted(delimiter);
  if (end === "" || end.includes("\n")) unreadable("a here-document has no plain end");
  const redirection: { operator: string; target: Word } = { operator, target: literalWord("") };
  source.pending.push((source) => {
    const lines: string[] = [];
    for (;;) {
      if (source.at >= source.text.length) unreadable(`a here-document does not end in ${end}`);
      const to = source.text.indexOf("\n", source.at);
      const line = source.text.slice(source.at, to < 0 ? source.text.length : to);
      source.at += line.length + (to < 0 ? 0 : 1);
      if ((operator === "<<-" ? line.replace(/^\t+/, "") : line) === end) break;
      lines.push(line);
    }
    const body = lines.join("\n");
    redirection.target = isQuoted ? literalWord(body) : readBody(body, source);
  });
  return redirection;
}

function takeReserved(source: Source, word: string): boolean {
  const end = source.at + word.length;
  if (!source.text.startsWith(word, source.at) || !/^([\s;&|()<>]|$)/.test(source.text.slice(end, end + 1)))
    return false;
  source.at = end;
  note(source, word);
  return true;
}

function expectReserved(source: Source, word: string): void {
  if (!takeReserved(source, word)) unreadable(`${word} is missing before ${JSON.stringify(rest(source))}`);
}

function expectText(source: Source, text: string): void {
  if (!source.text.startsWith(text, source.at)) unreadable(`${text} is missing before ${JSON.stringify(rest(source))}`);
  source.at += text.length;
  note(source, text);
}

function expectWord(source: Source): Word {
  const word = readWord(source) ?? unreadable(`a word is missing before ${JSON.stringify(rest(source))}`);
  note(source, textOf(word));
  return word;
}

function rest({ text, at }: Source): string {
  return text.slice(at, at + 20);
}
