import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { complexityOf } from "../../src/models/complexity.ts";

const score = (text: string, before?: string) => complexityOf({ text, before }).score;

const article =
  `The city council met on Tuesday to discuss the new tram line. Members were told that the first section will open in spring, two years later than planned, and that the costs have risen by a third. `.repeat(
    30,
  );
const paragraphs = Array.from({ length: 12 }, () => article.slice(0, 900)).join("\n\n");
const code = Array.from({ length: 80 }, (_, i) => `  const value${i} = compute(input[${i}]);`).join("\n");
const log = Array.from(
  { length: 200 },
  (_, i) => `2026-11-24 10:00:${i % 60} ERROR worker ${i} failed: connection reset`,
).join("\n");
const csv = Array.from({ length: 300 }, (_, i) => `${i},2026-11-24,Berlin,${i * 3},open,${i % 7}`).join("\n");
const chinese =
  "市议会周二开会讨论新的电车线路。成员们被告知，第一段将于春季开通，比计划晚两年，费用增加了三分之一。".repeat(40);

/** What is asked, and between which scores it must be. */
const cases: readonly (readonly [what: string, text: string, least: number, most: number])[] = [
  // Nothing to think about.
  ["a greeting", "hi", 0, 0.1],
  ["thanks", "thanks, that was great!", 0, 0.15],
  ["a greeting in German", "Hallo!", 0, 0.1],
  ["a greeting in Chinese", "你好", 0, 0.1],
  ["a fact", "What is the capital of France?", 0, 0.15],
  ["a fact in Spanish", "¿Cuál es la capital de Francia?", 0, 0.15],
  ["a fact in Russian", "Какая столица Франции?", 0, 0.15],
  ["a fact in Japanese", "フランスの首都はどこですか？", 0, 0.2],
  ["a fact in Arabic", "ما هي عاصمة فرنسا؟", 0, 0.15],
  ["the weather", "weather in Oslo tomorrow", 0, 0.15],
  ["a small sum", "what's 17 * 23", 0, 0.2],
  ["a short translation", "Translate 'good morning' to Korean", 0, 0.15],
  ["a reminder", "remind me to call mum at six", 0, 0.25],
  ["a small text", "Write a haiku about spring", 0.05, 0.4],
  // Much text, little question.
  ["a long article to sum up", `Summarize this article:\n\n${paragraphs}`, 0, 0.25],
  ["the same, in one line", `Summarize this article: ${article}`, 0, 0.25],
  ["the same with the wish at its end", `${paragraphs}\n\nPlease summarize the text above.`, 0, 0.25],
  ["a long article to translate", `Übersetze diesen Text ins Deutsche:\n\n${paragraphs}`, 0, 0.25],
  ["a long Chinese text to sum up", `请总结以下文章：\n\n${chinese}`, 0, 0.3],
  ["a long French text to sum up", `Résume ce texte :\n\n${paragraphs}`, 0, 0.25],
  ["a small question about a long article", `Does this mention Paris?\n\n${paragraphs}`, 0, 0.25],
  ["which language a long code is in", `What language is this?\n\n\`\`\`\n${code}\n\`\`\``, 0, 0.25],
  ["a long log to count in", `Count the lines with ERROR:\n\n${log}`, 0, 0.25],
  ["a long table to reformat", `Format this as Markdown:\n${csv}`, 0, 0.25],
  ["typos in a long text", `Fix the typos in this email, change nothing else:\n\n${paragraphs}`, 0, 0.3],
  ["a long text and nothing but thanks", `Thanks, this is what I meant:\n\n${paragraphs}`, 0, 0.3],
  // The usual work.
  ["a bug in a long code", `Fix the bug in this function:\n\n\`\`\`ts\n${code}\n\`\`\``, 0.2, 0.55],
  ["why a log has errors", `Why does this fail?\n\n${log}`, 0.2, 0.6],
  ["a small program", "Write a Python script that renames all .jpeg files in a folder to .jpg", 0.25, 0.6],
  ["a query", "Write a SQL query for the ten customers with the most orders in the last 30 days", 0.25, 0.65],
  ["an explanation", "Explain how TLS certificates are checked by a browser", 0.2, 0.5],
  [
    "a plan",
    "Plan a three-day trip to Rome for two people who like art and good food, without museums on Monday",
    0.25,
    0.6,
  ],
  [
    "an e-mail with conditions",
    "Schreib eine höfliche E-Mail an meinen Vermieter: Die Heizung ist seit drei Tagen kaputt, ohne Drohung, höchstens 100 Wörter",
    0.25,
    0.65,
  ],
  // Short and hard.
  ["a proof", "Prove that there are infinitely many primes of the form 4k + 3.", 0.4, 0.8],
  ["a proof in Russian", "Докажи, что существует бесконечно много простых чисел вида 4k + 3.", 0.4, 0.8],
  ["a proof in Chinese", "请证明存在无穷多个形如 4k+3 的素数。", 0.4, 0.85],
  [
    "a design",
    "Design a distributed rate limiter that must survive the loss of a data center without double counting",
    0.6,
    1,
  ],
  [
    "a design in Japanese",
    "データセンターの障害に耐える分散レートリミッターを設計し、トレードオフを比較してください",
    0.6,
    1,
  ],
  [
    "a design in German",
    "Entwirf eine verteilte Warteschlange mit genau einmaliger Zustellung und begründe die Abwägungen",
    0.6,
    1,
  ],
  [
    "a design in Spanish",
    "Diseña un sistema de colas distribuido y compara las alternativas; justifica cada decisión",
    0.6,
    1,
  ],
  ["a design in Korean", "데이터 센터 장애에도 견디는 분산 시스템을 설계하고 대안을 비교 평가해 줘", 0.6, 1],
  [
    "a root cause",
    "Analyze why our consensus protocol deadlocks when two nodes restart at once, and find the root cause",
    0.6,
    1,
  ],
  // Long and hard.
  [
    "a list of demands",
    `We run a payment service and have to move it to another region.
1. Compare active-active with active-passive for our load.
2. Design the migration of 4 TB of data without downtime; no payment may be lost or doubled.
3. Analyze what happens when the network between the regions breaks in the middle.
4. Estimate the costs of both for three years.
5. Write the plan as a document with risks and how to go back.`,
    0.85,
    1,
  ],
  [
    "a long story with a hard question, no paragraphs",
    `Our customers complain that invoices are sometimes sent twice, but only at the end of the month, and only when the queue was restarted while the billing job was under way; we looked at the idempotency keys and they seem right, the database has a unique index, and still two mails go out with the same number. The worker takes a message, renders the PDF, uploads it, sends the mail and then acknowledges; if the acknowledgement is lost the broker delivers again, and then we look whether the invoice has been sent, which is a flag in another service with a cache in front of it that is up to five seconds old. Tell me which interleavings lead to two mails, which of the obvious repairs do not help, and what would have to change so that at most one mail goes out even if any of the machines dies at any moment, without slowing down the normal case by more than some milliseconds.`,
    0.6,
    1,
  ],
  [
    "a long problem behind 'solve the following'",
    `Solve the following problem:\n\nLet G be a connected graph in which every vertex has degree at least three. ${"A token moves along the edges; a move is legal only if the edge was not used in the last two moves. ".repeat(4)}Prove that from every vertex the token can reach every other one, or give a counterexample, and determine the smallest number of moves that is always enough. Analyze the complexity of deciding this for a given graph.`,
    0.75,
    1,
  ],
  [
    "a long hard text without any of the words",
    `${"Given the state after each of these steps I would like to know what the other party sees and in which order the two of them can tell that something went wrong before either has moved on to the next stage of the exchange. ".repeat(6)}`,
    0.5,
    1,
  ],
  [
    "a contract to weigh",
    `Compare the two contracts below and evaluate which is riskier for us as the supplier. Justify it clause by clause; assess liability, termination and data protection, and propose better wording where it must change.\n\n${paragraphs}`,
    0.7,
    1,
  ],
];

describe("how hard a question is", () => {
  test.each(cases)("%s", (_, text, least, most) => {
    const { score: found, why } = complexityOf({ text });
    expect([found, why, found >= least && found <= most]).toEqual([found, why, true]);
  });

  test("a bare 'go on' is about as hard as what it goes on with", () => {
    const hard =
      "Design a distributed rate limiter that must survive the loss of a data center without double counting";
    for (const text of ["yes", "go on", "ok, do it", "weiter", "继续"]) {
      expect(score(text, hard)).toBeGreaterThan(0.55);
      expect(score(text)).toBeLessThan(0.2);
    }
    expect(score("Thanks!", hard)).toBeLessThan(0.15);
    expect(score("What is the capital of France?", hard)).toBeLessThan(0.2);
  });
});

describe("for any text", () => {
  const text = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 400 }),
    fc.constantFrom(...cases.map(([, each]) => each)),
  );

  test("the score is from 0 to 1, the same each time, and says why", async () => {
    await fc.assert(
      fc.property(text, text, fc.nat(3), (each, before, images) => {
        const found = complexityOf({ text: each, before, images });
        expect(found.score).toBeGreaterThanOrEqual(0);
        expect(found.score).toBeLessThanOrEqual(1);
        expect(found).toEqual(complexityOf({ text: each, before, images }));
        expect(found.why).not.toBe("");
      }),
    );
  });

  test("more demands never make it easier", async () => {
    const demand = fc.constantFrom("Prove that it ends.", "Compare both designs.", "Analyze the failure modes.");
    const base = fc.constantFrom("Look at our queue.", "Our service loses messages.", "Schau dir das an.");
    await fc.assert(
      fc.property(base, fc.uniqueArray(demand, { maxLength: 3 }), demand, (first, demands, one) => {
        const before = score([first, ...demands].join(" "));
        expect(score([first, ...demands, one].join(" "))).toBeGreaterThanOrEqual(before);
      }),
    );
  });

  test("a longer paste makes a light question hardly harder, and never hard", async () => {
    const wish = fc.constantFrom(
      "Summarize this:",
      "Translate this text into French:",
      "Übersetze das Folgende:",
      "总结以下内容：",
    );
    await fc.assert(
      fc.property(wish, fc.nat(40), (asked, times) => {
        const pasted = score(`${asked}\n\n${`${article.slice(0, 900)}\n\n`.repeat(times + 1)}`);
        expect(pasted).toBeLessThan(0.3);
      }),
    );
  });

  test("more of a long question never makes it easier", async () => {
    const sentence = "The second party then has to tell from what it received whether the first one has moved on. ";
    let last = 0;
    for (let times = 1; times <= 30; times++) {
      const now = score(sentence.repeat(times));
      expect(now).toBeGreaterThanOrEqual(last);
      last = now;
    }
    await Promise.resolve();
  });

  test("a megabyte is judged at once", () => {
    const began = performance.now();
    score(`${article.repeat(200)}`);
    score("a".repeat(1_000_000));
    score("?\n".repeat(500_000));
    expect(performance.now() - began).toBeLessThan(2000);
  });
});
