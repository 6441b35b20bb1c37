/**
 * About how many tokens a text is for the usual tokenizers. The rules are those of tokenx 2
 * (github.com/johannschopplich/tokenx), in one pass: splitting at a regular expression, as it does, takes 0.5 µs a
 * character on QuickJS, which was a third of a turn. `test/lib/token-estimate.test.ts` holds the two together.
 */
export function estimateTokens(text: string): number {
  let tokens = 0;
  let at = 0;
  let afterPunctuation = false;
  while (at < text.length) {
    const kind = kindAt(text, at);
    let end = at + 1;
    while (end < text.length && kindAt(text, end) === kind) end += 1;
    if (kind === space) tokens += tokensOfSpace(text.slice(at, end), afterPunctuation);
    else if (kind === word) tokens += tokensOfWord(text, at, end);
    else tokens += Math.ceil((end - at) / punctuationPerToken);
    afterPunctuation = kind === punctuation;
    at = end;
  }
  return tokens;
}

const space = 0;
const word = 1;
const punctuation = 2;

const punctuationPerToken = 6;
const charactersPerToken = 7;
/** A word of so many characters is one token. */
const shortWord = 3;
/** So is a word of lower-case letters up to this length. */
const commonWord = 8;

/** Of each ASCII character; filled without a regular expression, for every start of weft waits for it. */
const asciiKinds = new Uint8Array(128).fill(word);
for (const each of "\t\n\v\f\r ") asciiKinds[each.charCodeAt(0)] = space;
for (const each of '.,!?;(){}[]<>:/\\|@#$%^&*+=`~_"-') asciiKinds[each.charCodeAt(0)] = punctuation;

function kindAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code < 128) return asciiKinds[code] ?? word;
  if (isWideSpace(code)) return space;
  return isWidePunctuation(code) ? punctuation : word;
}

/** White space beyond ASCII (ECMA-262, 12.2). */
function isWideSpace(code: number): boolean {
  return (
    code === 0xa0 ||
    code === 0x1680 ||
    (code >= 0x2000 && code <= 0x200a) ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x205f ||
    code === 0x3000 ||
    code === 0xfeff
  );
}

function isWidePunctuation(code: number): boolean {
  return (
    (code >= 0x3001 && code <= 0x3003) ||
    (code >= 0x3008 && code <= 0x3011) ||
    (code >= 0x3014 && code <= 0x301f) ||
    (code >= 0xff01 && code <= 0xff0f) ||
    (code >= 0xff1a && code <= 0xff20)
  );
}

/** Indentation and blank lines cost a token, a line end costs one where no punctuation goes before, a space none. */
function tokensOfSpace(space: string, afterPunctuation: boolean): number {
  const line = space.indexOf("\n");
  if (line < 0) return 0;
  return line + 1 < space.length || !afterPunctuation ? 1 : 0;
}

function tokensOfWord(text: string, from: number, to: number): number {
  let digits = 0;
  let lower = 0;
  let wide = 0;
  let east = 0;
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    if (code >= 0x30 && code <= 0x39) digits += 1;
    else if (code >= 0x61 && code <= 0x7a) lower += 1;
    else if (code >= 0x80) {
      wide += 1;
      east += eastAsian(code);
    }
  }
  const length = to - from;
  // A mixed run counts as a whole: its other characters as if they were ideographs.
  if (east > 0) return Math.ceil(east + Math.max(0, length - wide) / ideographsPerToken);
  if (wide > 0) {
    const script = perTokenOf(text.slice(from, to));
    if (script !== undefined) return Math.ceil(length / script);
  }
  if (digits === length) return Math.ceil(length / 3);
  if (length <= shortWord || (length <= commonWord && lower === length)) return 1;
  return Math.ceil(length / charactersPerToken);
}

const ideographsPerToken = 1.2;
const kanaPerToken = 1.35;
const hangulPerToken = 1.65;

/** Tokens of a Chinese, Japanese or Korean character; 0 for any other. */
function eastAsian(code: number): number {
  if (code < 0x1100) return 0;
  if (code >= 0x3040 && code <= 0x30ff) return 1 / kanaPerToken;
  if ((code >= 0xac00 && code <= 0xd7ff) || code <= 0x11ff || (code >= 0x3130 && code <= 0x318f)) {
    return 1 / hangulPerToken;
  }
  const isIdeograph = (code >= 0x2e80 && code <= 0x9fff) || (code >= 0xff00 && code <= 0xffef);
  return isIdeograph ? 1 / ideographsPerToken : 0;
}

/** Characters of a token in words with such letters, the first that fits. */
const scripts: readonly (readonly [letters: RegExp, perToken: number])[] = [
  [/[äöüßẞ]/i, 3],
  [/[éèêëàâîïôûùüÿçœæáíóúñ]/i, 4.5],
  [/[ąćęłńóśźżěščřžýůúďťň]/i, 2.5],
  [/[а-яё]/i, 6],
  [/[ά-ώ]/i, 3],
  [/\p{Extended_Pictographic}/u, 0.9],
];

function perTokenOf(text: string): number | undefined {
  return scripts.find(([letters]) => letters.test(text))?.[1];
}
