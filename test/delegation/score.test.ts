import { expect, test } from "vitest";
import { scoreOf, targetOfScore } from "../../src/delegation/score.ts";

test("length counts for three tenths, questions for two, words of work for five", () => {
  expect(scoreOf("")).toBe(0);
  expect(scoreOf("x".repeat(250))).toBeCloseTo(0.15);
  expect(scoreOf("x".repeat(9000))).toBeCloseTo(0.3);
  expect(scoreOf("???")).toBeCloseTo(0.2 + (0.3 * 3) / 500);
  expect(scoreOf("?".repeat(50))).toBeCloseTo(0.2 + (0.3 * 50) / 500);
  expect(scoreOf("review")).toBeCloseTo(0.125 + (0.3 * 6) / 500);
  const all = "Analyse, refactor, migrate and document: why? how? when? ".repeat(10);
  expect(scoreOf(all)).toBeCloseTo(1);
});

test("a word of work counts once, in any form and case, and only at the beginning of a word", () => {
  const of = (text: string) => scoreOf(text) - (0.3 * text.length) / 500;
  expect(of("Review it, reviewing the REVIEWS")).toBeCloseTo(0.125);
  expect(of("an explanation of the preview")).toBeCloseTo(0);
});

test("the thresholds are 0.3 and 0.7", () => {
  expect([0, 0.299, 0.3, 0.699, 0.7, 1].map(targetOfScore)).toEqual([
    "local",
    "local",
    "claude",
    "claude",
    "flow",
    "flow",
  ]);
});
