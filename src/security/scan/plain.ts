/** A text as its reader takes it, and where each place of it stands in the text as it is written. */
export interface Plain {
  readonly plain: string;
  at(offset: number): number;
}

/** Without invisible characters, full-width and lookalike letters as what they look like. */
export function plainOf(text: string): Plain {
  const folded = text.replace(fullWidth, narrow).replace(mixedWord, latinWord);
  if (!invisible.test(folded)) return { plain: folded, at: (offset) => offset };
  const pieces: string[] = [];
  const starts: number[] = [];
  const origins: number[] = [];
  let length = 0;
  let from = 0;
  const keep = (to: number) => {
    if (to <= from) return;
    pieces.push(folded.slice(from, to));
    starts.push(length);
    origins.push(from);
    length += to - from;
  };
  for (const match of folded.matchAll(invisibleRuns)) {
    keep(match.index);
    from = match.index + match[0].length;
  }
  keep(folded.length);
  return {
    plain: pieces.join(""),
    at: (offset) => {
      const piece = lastNotAfter(starts, offset);
      return (origins[piece] ?? 0) + offset - (starts[piece] ?? 0);
    },
  };
}

// What nobody sees: soft hyphens, zero-width and direction controls, variation selectors, tags.
const invisible = /\p{Default_Ignorable_Code_Point}/u;
const invisibleRuns = /\p{Default_Ignorable_Code_Point}{1,1000}/gu;
const fullWidth = /[\uff01-\uff5e]/g;
/** Words with letters of more than one alphabet; those of one are what they are. */
const mixedWord = /[A-Za-z\u0370-\u04ff]{2,60}/g;

function narrow(character: string): string {
  return String.fromCharCode(character.charCodeAt(0) - 0xfee0);
}

function latinWord(word: string): string {
  if (!/[A-Za-z]/.test(word) || !/[\u0370-\u04ff]/.test(word)) return word;
  return [...word].map((letter) => latin[letters.indexOf(letter)] ?? letter).join("");
}

const letters = "аеорсухіјѕԁһӏАВЕКМНОРСТХІЈЅοαεικνρτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ";
const latin = "aeopcyxijsdhlABEKMHOPCTXIJSoaeiknptuxABEZHIKMNOPTYX";

function lastNotAfter(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) <= value) low = middle;
    else high = middle;
  }
  return low;
}

/** Lines and columns of offsets, from 1. */
export function linesOf(text: string): (offset: number) => { readonly line: number; readonly column: number } {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return (offset) => {
    const line = lastNotAfter(starts, offset);
    return { line: line + 1, column: offset - (starts[line] ?? 0) + 1 };
  };
}
