import * as fc from "fast-check";
import { expect, test } from "vitest";
import { hiddenWords } from "../../src/lib/hidden-words.ts";

const words = ["sk-abcabcabd", "abcabc", "$& $1 .*x"];
const hidden = hiddenWords(words);

test("words are taken out, the longest first, and nothing in them is a pattern", () => {
  expect(hidden.clean("a sk-abcabcabd b abcabc c $& $1 .*x")).toBe("a [secret] b [secret] c [secret]");
  expect(hiddenWords(["short"]).clean("short")).toBe("short");
});

test("values keep their shape, and themselves when there is nothing to hide", () => {
  const value = { a: ["abcabc", { b: 1, abcabc: null }] };
  expect(hidden.cleanValue(value)).toEqual({ a: ["[secret]", { b: 1, "[secret]": null }] });
  const harmless = { a: [1, "x", null, true] };
  expect(hidden.cleanValue(harmless)).toBe(harmless);
});

test("however a text is cut, no word gets through, and nothing else is lost", () =>
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constantFrom(...words, "sk-abcabc", "abc", "$& "), fc.string({ maxLength: 4 })), {
        maxLength: 8,
      }),
      fc.array(fc.nat(7), { minLength: 1, maxLength: 40 }),
      (pieces, sizes) => {
        const text = pieces.join("");
        const stream = hidden.stream();
        let out = "";
        let at = 0;
        for (let i = 0; at < text.length; i++) {
          const size = (sizes[i % sizes.length] ?? 0) + 1;
          out += stream.push(text.slice(at, at + size));
          at += size;
        }
        out += stream.end();
        for (const word of words) expect(out).not.toContain(word);
        // Where words overlap, which of them is seen first depends on the cuts: what stays is the text around them.
        if (words.every((word) => !text.includes(word))) expect(out).toBe(text);
      },
    ),
    { numRuns: 1000 },
  ));

test("what cannot become a word does not wait", () => {
  const stream = hidden.stream();
  expect(stream.push("hello sk")).toBe("hello ");
  expect(stream.push("y abcab")).toBe("sky ");
  expect(stream.push("c!")).toBe("[secret]!");
  expect(stream.end()).toBe("");
});
