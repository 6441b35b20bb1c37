import type { Check, Role, Severity, TextCheck, TextDocument } from "./check.ts";
import { credentialChecks, keptKey } from "./checks/credentials.ts";
import { embeddedChecks } from "./checks/embedded.ts";
import { type Embedded, embeddedIn } from "./embedded.ts";
import type { Secret } from "./excerpt.ts";
import { plainOf } from "./plain.ts";
import { quotedIn } from "./quotes.ts";
import { textChecks } from "./text-checks.ts";

/** Something found in a text; offsets are of the text as it is written. */
export interface Hit {
  readonly check: Check;
  readonly severity: Severity;
  readonly at: number;
  readonly length: number;
  readonly note?: string;
}

export interface TextFindings {
  readonly hits: readonly Hit[];
  /** In order, none within another: what no excerpt may show. */
  readonly secrets: readonly Secret[];
}

/** In one file: more of the same are only counted. */
const mostOfOne = 20;

export function scanText(file: Pick<TextDocument, "path" | "role" | "inSkill" | "text">): TextFindings {
  const { plain, at } = plainOf(file.text);
  const document: TextDocument = { ...file, plain, lower: plain.toLowerCase() };
  const isQuoted = lazily(() => quotedIn(plain));
  const hits: Hit[] = [];
  const secrets: Secret[] = [];
  for (const check of textChecks) {
    const isMeant = check.roles.includes(file.role);
    if (!isMeant && !check.secret) continue;
    for (const match of matches(check, document)) {
      const place = placeOf(match, check.raw ? (offset) => offset : at);
      if (check.secret) secrets.push(place);
      if (isMeant) hits.push({ ...judged(check, match, { role: file.role, isQuoted }), ...place });
    }
  }
  const pieces = file.role === "session" ? [] : embeddedIn(file.text);
  hits.push(...pieces.flatMap((piece) => embedded(piece, file)));
  return { hits: thinned(hits, file.text), secrets: joined(secrets) };
}

interface Context {
  readonly role: Role;
  isQuoted(): (offset: number) => boolean;
}

function judged(check: TextCheck, match: RegExpExecArray, { role, isQuoted }: Context): Omit<Hit, "at" | "length"> {
  const isSoft = check.quotable && spokenAbout.includes(role) && isQuoted()(match.index);
  const severity = isSoft ? "low" : check.severity;
  if (check.id === "HID-01") return { check, severity, note: `it says: ${tagText(match[0])}` };
  const isKept = credentialChecks.includes(check) && (role === "session" || role === "memory");
  return isKept ? { check: keptKey, severity, note: check.what } : { check, severity };
}

/** Where people write about attacks as well as carry them out. */
const spokenAbout: readonly Role[] = ["document", "memory"];

function placeOf(match: RegExpExecArray, at: (offset: number) => number): Secret {
  const begin = at(match.index);
  return { at: begin, length: at(Math.max(match.index, match.index + match[0].length - 1)) + 1 - begin };
}

function* matches(check: TextCheck, document: TextDocument): Generator<RegExpExecArray> {
  const text = check.raw ? document.text : document.plain;
  const searched = check.raw ? text : document.lower;
  if (check.near.length > 0 && !check.near.some((word) => searched.includes(word))) return;
  const found: RegExpExecArray[] = [];
  for (const pattern of check.find) {
    let count = 0;
    for (const match of text.matchAll(pattern)) {
      if (!(check.confirm?.(match, document) ?? true)) continue;
      found.push(match);
      if (++count > 1000) break;
    }
  }
  if (found.length >= (check.least ?? 1)) yield* found;
}

/** What is said in a code is judged like what an agent obeys, and never as a quotation; a code in a code, too. */
function embedded(piece: Embedded, file: Pick<TextDocument, "path" | "inSkill">): Hit[] {
  const found = meaning(piece.text, file, 2);
  if (!found) return [];
  const check = embeddedChecks[piece.how];
  const note = `decoded: ${found.what} (${found.id})`;
  return [{ check, severity: check.severity, at: piece.at, length: piece.length, note }];
}

function meaning(text: string, file: Pick<TextDocument, "path" | "inSkill">, depth: number): TextCheck | undefined {
  const { plain } = plainOf(text);
  const inner: TextDocument = { ...file, role: "instructions", text, plain, lower: plain.toLowerCase() };
  const isMeant = (check: TextCheck) =>
    check.category !== "credential-literal" &&
    !check.raw &&
    !mild.has(check.severity) &&
    !matches(check, inner).next().done;
  const found = textChecks.find(isMeant);
  if (found || depth === 0) return found;
  for (const { text: deeper } of embeddedIn(text).slice(0, 50)) {
    const below = meaning(deeper, file, depth - 1);
    if (below) return below;
  }
  return undefined;
}

const mild: ReadonlySet<Severity> = new Set(["info", "low"]);

function tagText(tags: string): string {
  return [...tags]
    .map((tag) => String.fromCodePoint((tag.codePointAt(0) ?? 0) - 0xe0000))
    .join("")
    .slice(0, 200);
}

/** One for each check and line; after so many the last one tells how many more there are. */
function thinned(hits: readonly Hit[], text: string): Hit[] {
  const result: Hit[] = [];
  const counts = new Map<string, number>();
  const seen = new Set<string>();
  for (const hit of [...hits].sort((a, b) => a.at - b.at)) {
    const line = `${hit.check.id} ${text.lastIndexOf("\n", hit.at - 1)}`;
    if (seen.has(line)) continue;
    seen.add(line);
    const count = (counts.get(hit.check.id) ?? 0) + 1;
    counts.set(hit.check.id, count);
    if (count <= mostOfOne) result.push(hit);
  }
  return result.map((hit) => {
    const more = (counts.get(hit.check.id) ?? 0) - mostOfOne;
    const isLast = more > 0 && hit === result.findLast(({ check }) => check === hit.check);
    return isLast ? { ...hit, note: `${hit.note ? `${hit.note}; ` : ""}and in ${more} more lines of this file` } : hit;
  });
}

function joined(secrets: readonly Secret[]): Secret[] {
  const result: Secret[] = [];
  for (const secret of [...secrets].sort((a, b) => a.at - b.at)) {
    const last = result.at(-1);
    const end = secret.at + secret.length;
    if (!last || secret.at >= last.at + last.length) result.push(secret);
    else if (end > last.at + last.length) result[result.length - 1] = { at: last.at, length: end - last.at };
  }
  return result;
}

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
