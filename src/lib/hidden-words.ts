/** Takes words that must not be seen, such as keys, out of texts, also out of texts that arrive in pieces. */
export interface HiddenWords {
  clean(text: string): string;
  /** The same for every text in a value of JSON; the very same value when there is nothing to hide. */
  cleanValue<T>(value: T): T;
  stream(): WordStream;
}

export interface WordStream {
  /** What of it may go out now; what may become a hidden word waits for the next piece. */
  push(delta: string): string;
  /** What still waited. */
  end(): string;
}

/** Shorter ones would hit innocent text. */
const shortest = 6;

export function hiddenWords(words: readonly string[], mark = "[secret]"): HiddenWords {
  const known = [...new Set(words)].filter((word) => word.length >= shortest).sort((a, b) => b.length - a.length);
  const clean = (text: string) => {
    let cleaned = text;
    for (const word of known) if (cleaned.includes(word)) cleaned = cleaned.replaceAll(word, () => mark);
    return cleaned;
  };
  return {
    clean,
    cleanValue: (value) => (known.length === 0 ? value : cleanedValue(value, clean)),
    stream() {
      let held = "";
      return {
        push(delta) {
          if (known.length === 0) return delta;
          const text = clean(held + delta);
          const from = beginningAt(text, known);
          held = text.slice(from);
          return text.slice(0, from);
        },
        end() {
          const rest = held;
          held = "";
          return rest;
        },
      };
    },
  };
}

/** Where the longest end of the text begins that is the beginning of a word; the text's length when there is none. */
function beginningAt(text: string, words: readonly string[]): number {
  let first = text.length;
  for (const word of words) {
    for (let at = Math.max(0, text.length - word.length + 1); at < first; at++) {
      if (text[at] === word[0] && word.startsWith(text.slice(at))) first = at;
    }
  }
  return first;
}

function cleanedValue<T>(value: T, clean: (text: string) => string): T {
  if (typeof value === "string") return clean(value) as T;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const cleaned = value.map((each: unknown) => cleanedValue(each, clean));
    return cleaned.every((each, i) => each === value[i]) ? value : (cleaned as T);
  }
  let isChanged = false;
  const pairs = Object.entries(value).map(([key, inner]: [string, unknown]) => {
    const cleaned = [clean(key), cleanedValue(inner, clean)] as const;
    if (cleaned[0] !== key || cleaned[1] !== inner) isChanged = true;
    return cleaned;
  });
  return isChanged ? (Object.fromEntries(pairs) as T) : value;
}
