import * as fc from "fast-check";
import { expect, test } from "vitest";
import { notPublic } from "../../src/security/addresses.ts";

/** The same address in the spellings that have fooled other checks. */
function spellings(bytes: readonly [number, number, number, number]): string[] {
  const [a, b, c, d] = bytes;
  const hex = (high: number, low: number) => ((high << 8) | low).toString(16);
  return [
    bytes.join("."),
    `::ffff:${bytes.join(".")}`,
    `::ffff:${hex(a, b)}:${hex(c, d)}`,
    `0:0:0:0:0:ffff:${hex(a, b)}:${hex(c, d)}`,
    `64:ff9b::${hex(a, b)}:${hex(c, d)}`,
    `[::ffff:${bytes.join(".")}]`,
  ];
}

const byte = fc.nat(255);
const blocks: readonly (readonly [first: number, second: number | undefined])[] = [
  [0, undefined],
  [10, undefined],
  [127, undefined],
  [169, 254],
  [172, 20],
  [192, 168],
  [100, 99],
  [198, 18],
  [224, undefined],
  [240, undefined],
];

test("no private address is public in any spelling", () =>
  fc.assert(
    fc.property(fc.constantFrom(...blocks), byte, byte, byte, ([first, second], b, c, d) => {
      for (const spelling of spellings([first, second ?? b, c, d])) expect(notPublic(spelling)).toBeDefined();
    }),
  ));

test("a public address is public in all of them", () =>
  fc.assert(
    fc.property(fc.constantFrom(1, 8, 93, 151), byte, byte, byte, (a, b, c, d) => {
      for (const spelling of spellings([a, b, c, d])) expect(notPublic(spelling)).toBe(undefined);
    }),
  ));

test("anything else is no public address, and nothing throws", () =>
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.ipV6(), fc.domain()), (text) => {
      const why = notPublic(text);
      if (!text.includes(":")) expect(why === undefined ? text : "").not.toMatch(/[a-z]/i);
    }),
  ));
