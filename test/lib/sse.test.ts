import * as fc from "fast-check";
import { expect, test } from "vitest";
import { lineSplitter } from "../../src/lib/lines.ts";
import { sseDecoder } from "../../src/lib/sse.ts";

function decode(pieces: readonly string[]): string[] {
  const decoder = sseDecoder(10_000);
  return [...pieces.flatMap((piece) => decoder.push(piece)), ...decoder.end()];
}

test("fields other than data, and comments, are passed over", () => {
  expect(decode([": hi\nevent: x\nid: 1\ndata: a\ndata:b\n\nretry: 5\n\ndata\n\n"])).toEqual(["a\nb", ""]);
});

test("an event that its server did not end is still an event", () => {
  expect(decode(["data: a\n\ndata: b"])).toEqual(["a", "b"]);
});

test("where the text is cut never changes the events", () =>
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("data: a", "data:  b", "data", ": c", "event: e", "", "\uFEFF", "data: ü😀"), {
        maxLength: 20,
      }),
      fc.constantFrom("\n", "\r\n", "\r"),
      fc.array(fc.nat(200)),
      (lines, end, cuts) => {
        const text = lines.map((line) => line + end).join("");
        const at = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
        const pieces = at.slice(1).map((to, i) => text.slice(at[i], to));
        expect(decode(pieces)).toEqual(decode([text]));
      },
    ),
  ));

test("a line without an end is not kept for ever", () => {
  const lines = lineSplitter(100);
  expect(() => {
    for (let i = 0; i < 20; i++) lines.push("xxxxxxxxxx");
  }).toThrow(RangeError);
});
