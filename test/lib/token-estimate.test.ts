import { readFileSync } from "node:fs";
import { estimateTokenCount } from "tokenx";
import { describe, expect, test } from "vitest";
import { estimateTokens } from "../../src/lib/token-estimate.ts";

const texts: Readonly<Record<string, string>> = {
  prose: "It was a bright cold day in April, and the clocks were striking thirteen. Winston Smith, his chin nuzzled…",
  code: readFileSync("src/lib/token-estimate.ts", "utf8"),
  markdown: readFileSync("docs/architecture.md", "utf8"),
  json: readFileSync("package.json", "utf8"),
  german: "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich; die Bäume schlafen, müde wie zuvor.",
  french: "Portez ce vieux whisky au juge blond qui fume, là-bas où l'été s'achève à l'ombre des forêts.",
  polish: "Zażółć gęślą jaźń, żeby źdźbło trawy mogło wyrosnąć pośród łąk i pól.",
  russian: "Съешь же ещё этих мягких французских булок, да выпей чаю. Всё смешалось в доме Облонских.",
  greek: "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία, και όλα τα λόγια μένουν στον αέρα.",
  chinese: "我们的征途是星辰大海。今天天气很好，我们去公园散步吧！学而时习之，不亦说乎？",
  japanese: "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。",
  korean: "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
  numbers: "2026-11-23 18:55:46 took 12345678 ms, 99.7 % of 1,000,000 at 0x7fe04ae03000",
  spaces: "a\n\n\n    b\n\tc   d\n\n  e.\nf\n",
  nothing: "",
};

describe("tokens are estimated as tokenx does", () => {
  test.each(Object.entries(texts))("%s", (_, text) => {
    const theirs = estimateTokenCount(text);
    expect(Math.abs(estimateTokens(text) - theirs)).toBeLessThanOrEqual(Math.max(2, theirs * 0.05));
  });
});
