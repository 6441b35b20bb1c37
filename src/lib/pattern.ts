export interface Pattern {
  /** Whether it is found anywhere in the text. */
  test(text: string): boolean;
}

/**
 * A regular expression (RE2 syntax) on a linear-time engine: patterns come from models and files, and JavaScript's own
 * can be made to run for hours. Throws an Error that says what is wrong with it.
 */
export async function compilePattern(source: string, ignoreCase = false): Promise<Pattern> {
  const { RE2JS } = await import("re2js");
  const compiled = RE2JS.compile(source, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  return { test: (text) => compiled.matcher(text).find() };
}
