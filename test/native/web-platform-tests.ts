import { describe, expect, test } from "./vitest.ts";

/** A case of WPT's url/resources/urltestdata.json. */
export interface UrlCase {
  readonly input: string;
  readonly base: string | null;
  readonly failure?: boolean;
  readonly href?: string;
}

/** WPT's url/resources/setters_tests.json, by the name of the property. */
export type SetterCases = Readonly<
  Record<
    string,
    readonly { readonly href: string; readonly new_value: string; readonly expected: Record<string, string> }[]
  >
>;

/**
 * The Web Platform Tests of URL as the crate `url` carries them. `known`: inputs that the crate itself lists as not yet
 * right, as it prints them.
 */
export function urlPlatformTests(urls: readonly (UrlCase | string)[], setters: SetterCases, known: string): void {
  const isKnown = (text: string) => known.includes(JSON.stringify(text).slice(1, -1)) || known.includes(text);
  describe("Web Platform Tests", () => {
    test("URL: every input gives its parts, or is refused", () => {
      const wrong = urls.filter((each): each is UrlCase => typeof each !== "string").filter((each) => !isRight(each));
      expect(wrong.filter(({ input }) => !isKnown(input)).map(({ input }) => input)).toEqual([]);
      expect(urls.length).toBeGreaterThan(500);
    });

    test("URL: every setter changes what it should", () => {
      const cases = Object.entries(setters).filter(([property]) => property !== "comment");
      const wrong = cases.flatMap(([property, rows]) =>
        rows
          .filter((row) => !sets(property, row) && !isKnown(row.href))
          .map((row) => `<${row.href}>.${property} = ${row.new_value}`),
      );
      expect(wrong).toEqual([]);
    });
  });
}

function sets(property: string, { href, new_value: value, expected }: SetterCases[string][number]): boolean {
  const url = new URL(href) as unknown as Record<string, string>;
  try {
    url[property] = value;
  } catch {
    // Only `href` throws, and then nothing changes.
  }
  return Object.entries(expected).every(([name, wanted]) => url[name] === wanted);
}

function isRight({ input, base, failure, ...parts }: UrlCase): boolean {
  try {
    const url = new URL(input, base ?? undefined) as unknown as Record<string, unknown>;
    if (failure) return false;
    const names = [
      "href",
      "protocol",
      "username",
      "password",
      "host",
      "hostname",
      "port",
      "pathname",
      "search",
      "hash",
    ];
    return names.every((name) => !(name in parts) || url[name] === (parts as Record<string, unknown>)[name]);
  } catch {
    return failure === true;
  }
}
