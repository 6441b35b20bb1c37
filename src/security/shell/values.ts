import { privateFolders } from "../../core/workspace.ts";
import type { Part, Word } from "./syntax.ts";

/**
 * What a word may become: a text in which these stand for what is not known. No line has such characters itself,
 * the reader refuses them.
 */
export type Shape = string;
const anything = "\uE000";
const wildcard = "\uE001";
const oneCharacter = "\uE002";
const number = "\uE003";
const bracket = "\uE004";
/** Anything, and perhaps more than one word of it. */
const several = "\uE005";
/** Any characters, within one word. */
const quotedWildcard = "\uE006";

/** What the line itself says about variables. */
export interface Variables {
  /** Everything that is ever assigned to a name; `undefined` for what cannot be known. */
  readonly values: ReadonlyMap<string, readonly (Word | undefined)[]>;
  /** Names that have a value for sure, wherever the question is asked. */
  readonly assigned: ReadonlySet<string>;
  /** What has been found out so far; a name that hangs on itself is anything. */
  readonly found: Map<string, readonly Shape[]>;
  /** How many values we are within. */
  readonly nested?: number;
}

const mostShapes = 64;
const mostNested = 10;

/** All that the word may become; each is at least as wide as the truth. */
export function shapesOf(word: Word, variables: Variables): readonly Shape[] {
  let shapes: Shape[] = [""];
  for (const [index, part] of word.parts.entries()) {
    const ends = shapesOfPart(part, variables, index === 0);
    if (shapes.length * ends.length > mostShapes) return [several];
    shapes = [...new Set(shapes.flatMap((start) => ends.map((end) => start + end)))];
  }
  return shapes.map((shape) => shape.replace(/\uE004[^/]*/g, wildcard));
}

function shapesOfPart(part: Part, variables: Variables, isFirst: boolean): readonly Shape[] {
  if (part.kind === "number") return [number];
  if (part.kind === "unknown") return [part.quoted ? anything : several];
  if (part.kind === "text") {
    if (part.quoted) return [part.text];
    const text = part.text.replace(/\*/g, wildcard).replace(/\?/g, oneCharacter).replace(/\[/g, bracket);
    return [isFirst && text.startsWith("~") ? `/${text}` : text];
  }
  const { name, quoted, otherwise } = part;
  const empty = variables.assigned.has(name) || otherwise ? [] : [""];
  const shapes = [...valuesOf(name, variables), ...(otherwise ? shapesOf(otherwise, variables) : empty)];
  // A value is split, and its patterns are looked up, where it has no quotes around it.
  if (quoted)
    return shapes.map((shape) => shape.replace(/[\uE001\uE002]/g, quotedWildcard).replace(/\uE005/g, anything));
  return shapes.map((shape) => (/^[\w./,:+@%=\uE003-]*$/.test(shape) ? shape : several));
}

function valuesOf(name: string, variables: Variables): readonly Shape[] {
  const known = variables.found.get(name);
  if (known) return known;
  variables.found.set(name, [anything]);
  const given = variables.values.get(name);
  // Here it does not matter what is assigned when: a value that hangs on others may be made at any time.
  const inner = { ...variables, assigned: new Set<string>(), nested: (variables.nested ?? 0) + 1 };
  const isLong = !given || given.length > mostShapes || given.includes(undefined) || inner.nested > mostNested;
  const all = isLong ? [anything] : given.flatMap((word) => (word ? shapesOf(word, inner) : []));
  const shapes = all.length > mostShapes ? [anything] : [...new Set(all)];
  variables.found.set(name, shapes);
  return shapes;
}

export function isKnown(shape: Shape): boolean {
  return !/[\uE000\uE005]/.test(shape);
}

export function mayBeSeveral(shape: Shape): boolean {
  return /[\uE001\uE002\uE005]/.test(shape);
}

export function isNumeric(shape: Shape): boolean {
  return /^-?[\d\uE003]*$/.test(shape);
}

/** Whether its beginning is open, so that it may turn out to be an option. */
export function mayBeOption(shape: Shape): boolean {
  return /^(-.*)?[\uE000-\uE002\uE005\uE006]/s.test(shape);
}

/** Patterns that the shell looks up among the files. */
export function isPattern(shape: Shape): boolean {
  return /[\uE001\uE002]/.test(shape);
}

/** For people and patterns: with the wildcards, and `$` for what is not known. */
export function shown(shape: Shape): string {
  return shape
    .replace(/[\uE000\uE003\uE005]/g, "$")
    .replace(/[\uE001\uE006]/g, "*")
    .replace(/\uE002/g, "?");
}

/** Why a path may not be used: it leads, or may lead, out of the workspace or into its private folders. */
export function pathProblem(shape: Shape): string | undefined {
  if (!isKnown(shape)) return "it cannot be known before it runs, or is not quoted";
  if (shape === "/dev/null") return undefined;
  if (/^[/~]/.test(shape)) return "outside of the workspace";
  const names = shape.split("/");
  if (names.some((name) => mayBe(name, ".."))) return "outside of the workspace";
  for (const name of names) {
    if (privateFolders.some((folder) => mayBe(name, folder))) return "private, so outside of the workspace";
    if (name !== "" && !mayBe(name, ".")) return undefined;
  }
  return undefined;
}

/** Whether it names, or may name, the workspace itself, with all that is private in it. */
export function mayBeRoot(shape: Shape): boolean {
  return shape.split("/").every((name) => name === "" || mayBe(name, "."));
}

/** A pattern of the shell against a name: all positions of the pattern at once, so that none takes long. */
function mayBe(pattern: Shape, name: string): boolean {
  if (!/[\uE000-\uE006]/.test(pattern)) return pattern.toLowerCase() === name.toLowerCase();
  let reached = new Set([0]);
  for (const char of pattern.toLowerCase()) {
    const next = new Set<number>();
    for (const at of reached) {
      if (char === wildcard || char === number || char === quotedWildcard)
        for (let i = at; i <= name.length; i++) next.add(i);
      else if (at < name.length && (char === oneCharacter || char === name[at])) next.add(at + 1);
    }
    reached = next;
    if (reached.size === 0) return false;
  }
  return reached.has(name.length);
}
