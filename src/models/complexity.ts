import { type Material, partsOf } from "./complexity-parts.ts";
import { type Words, words } from "./complexity-words.ts";

/** What a user asked. */
export interface Question {
  readonly text: string;
  /** His message before, for "go on". */
  readonly before?: string | undefined;
  readonly images?: number;
}

export interface Complexity {
  /** 0 a greeting … 1 long hard work. */
  readonly score: number;
  /** What made it so, for people. */
  readonly why: string;
}

/**
 * How hard a question is, by what is asked and not by how much is pasted. First what asks is told from the material it
 * points at: code, quotes, logs and the text behind "translate this". Then its length (slowly), its demands, the kind of
 * thinking its words name, its conditions and its formulas add up; more of any of these never makes it easier. Where only
 * something light is asked, it counts half, and the material next to nothing; otherwise the material may be the question
 * itself ("solve the following"), and counts nearly as much.
 */
export function complexityOf({ text, before = "", images = 0 }: Question): Complexity {
  const { ask, material } = partsOf(text.slice(0, longest));
  const own = signsOf(ask);
  const around = effortAround(material, images);
  if (isOnward(own) && before !== "") {
    const { score } = complexityOf({ text: before });
    return {
      score: round(Math.max(scoreOf(effortOf(own) + around), score * 0.9)),
      why: "it goes on with the message before",
    };
  }
  const isLight = own.deep === 0 && own.demands <= 2 && (own.light > 0 || isSmallQuestion(own, material));
  if (isLight) {
    return { score: round(scoreOf(effortOf(own) / 2 + around)), why: `something light${lengthText(own, material)}` };
  }
  const both = material.prose === "" ? own : signsOf(`${ask}\n${material.prose}`);
  const effort = Math.max(effortOf(own), effortOf(both) * 0.85) + around;
  return { score: round(scoreOf(effort)), why: whyOf(both, material) };
}

/** More does not change the answer, and must not take long. */
const longest = 60_000;

function scoreOf(effort: number): number {
  return 1 - Math.exp(-effort);
}

function round(score: number): number {
  return Math.round(score * 1000) / 1000;
}

interface Signs {
  readonly words: number;
  readonly demands: number;
  readonly deep: number;
  readonly work: number;
  readonly light: number;
  readonly bounds: number;
  readonly onward: number;
  readonly hasFormulas: boolean;
  readonly isQuestion: boolean;
}

function effortOf({ words: length, demands, deep, work, bounds, hasFormulas }: Signs): number {
  return (
    0.2 * Math.log2(1 + length / 10) +
    0.42 * Math.min(deep, 5) +
    0.16 * Math.min(work, 4) +
    0.12 * Math.min(Math.max(0, demands - 1), 8) +
    0.07 * Math.min(bounds, 6) +
    (hasFormulas ? 0.15 : 0)
  );
}

function effortAround({ characters, isTechnical }: Material, images: number): number {
  const size = Math.min(0.1, 0.02 * Math.log2(1 + characters / 2000));
  return size + (isTechnical ? 0.06 : 0) + Math.min(0.2, images * 0.1);
}

function isOnward({ words: length, onward, deep, work }: Signs): boolean {
  return onward > 0 && length <= 6 && deep + work === 0;
}

/** A short closed question about a long text. */
function isSmallQuestion({ words: length, work, isQuestion }: Signs, { characters }: Material): boolean {
  return characters > 600 && isQuestion && length <= 14 && work === 0;
}

function whyOf({ words: length, demands, deep, work, bounds }: Signs, material: Material): string {
  const parts = [
    deep > 0 ? `${deep} sign(s) of deep thought` : "",
    work > 0 ? `${work} of work` : "",
    demands > 1 ? `${demands} demands` : "",
    bounds > 0 ? `${bounds} condition(s)` : "",
  ].filter((part) => part !== "");
  return `${parts.join(", ") || "nothing that stands out"}${lengthText({ words: length }, material)}`;
}

function lengthText({ words: length }: Pick<Signs, "words">, { characters }: Material): string {
  return ` in ${length} word(s)${characters > 0 ? ` about ${characters} characters of material` : ""}`;
}

function signsOf(text: string): Signs {
  const lower = text.toLowerCase();
  const found = lower.match(/[\p{L}\p{N}][\p{L}\p{M}\p{N}'’;-]*/gu) ?? [];
  const spaceless = (lower.match(spacelessScript) ?? []).length;
  const sorts = Object.fromEntries(
    Object.entries(words).map(([sort, stems]) => [sort, countOf(stems, { lower, found })]),
  ) as Record<keyof Words, number>;
  const questions = (text.match(/[?？؟]/g) ?? []).length;
  const items = (text.match(/^\s*(?:[-*•]|\(?\d{1,2}[.)、]|\(?[a-h][.)])\s*\S/gm) ?? []).length;
  return {
    ...sorts,
    // A word of these scripts has about two characters.
    words: found.filter((word) => !spacelessWord.test(word)).length + Math.ceil(spaceless / 2),
    demands: Math.max(1, questions + items),
    hasFormulas: /[∑∫∂∀∃≤≥≠∈√∇⇒]|\bO\([^)]*\)|\\(?:frac|sum|int)\b|\w\^\{?\d/.test(text),
    isQuestion: questions > 0,
  };
}

const spacelessScript = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/gu;
const spacelessWord = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

/** How many different stems a text has. */
function countOf(stems: readonly string[], { lower, found }: { lower: string; found: readonly string[] }): number {
  const byWord = new Set(stems);
  const seen = new Set<string>();
  for (const word of found) {
    for (let length = 1; length <= Math.min(word.length, 16); length++) {
      const stem = word.slice(0, length);
      // Three letters are a word of their own, not the beginning of one.
      if (!byWord.has(stem) || (length <= 3 && length < word.length)) continue;
      seen.add(stem);
      break;
    }
  }
  for (const stem of stems) {
    if (
      spacelessWord.test(stem) ? lower.includes(stem) : stem.includes("-") && lower.includes(stem.replaceAll("-", " "))
    )
      seen.add(stem);
  }
  return seen.size;
}
