import { distance } from "fastest-levenshtein";

/** The candidate a mistyped word most likely meant; undefined when none is close (one typo for each three letters). */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const typed = word.toLowerCase();
  let best: string | undefined;
  let least = Math.ceil(typed.length / 3) + 1;
  for (const candidate of candidates) {
    const typos = distance(typed, candidate.toLowerCase());
    if (typos >= least) continue;
    best = candidate;
    least = typos;
  }
  return best;
}

/** The candidate that was most likely meant, as the end of a message; empty when none is close. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const meant = nearest(word, candidates);
  return meant === undefined ? "" : ` Did you mean ${meant}?`;
}
