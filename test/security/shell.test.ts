import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { type CommandRules, commandProblem } from "../../src/security/commands.ts";
import { commandFacts } from "../../src/security/shell/facts.ts";

const rules = (more: Partial<CommandRules> = {}): CommandRules => ({
  mode: "allowlist",
  allowlist: [],
  denylist: [],
  ...more,
});
const verdict = (line: string, more?: Partial<CommandRules>) => commandProblem(line, commandFacts(line), rules(more));

/** Pieces from which the odd lines are made. */
const pieces = [
  ..."ls|curl|cat|env|x|a=|$a|-n|'|\"|`|\\|$(|)|(|{|}|;|;;|&|&&|||||\n|#|!|<|>|>>|<<E|E|2>|>&1|*|?|[|~|/|..|.weft".split(
    "|",
  ),
  ..."if then else fi while do done for in case esac f() ${a:-x} ${a} $((1)) $((a)) eval exec command unset".split(" "),
  "|",
  "||",
  " ",
  " ",
  " ",
  "\t",
];
const anyLine = fc.oneof(
  fc.array(fc.constantFrom(...pieces), { maxLength: 25 }).map((list) => list.join("")),
  fc.array(fc.constantFrom(...pieces), { maxLength: 25 }).map((list) => list.join(" ")),
  fc.string({ unit: "binary", maxLength: 60 }),
);

describe("the reader of command lines", () => {
  test("says something about every line, and never fails", () =>
    fc.assert(
      fc.property(anyLine, (line) => {
        for (const mode of ["allowlist", "denylist"] as const) expect(() => verdict(line, { mode })).not.toThrow();
      }),
      { numRuns: 3000 },
    ));

  test.each([
    ["words", "a ".repeat(30_000)],
    ["parentheses", "( ".repeat(30_000)],
    ["substitutions", "$(".repeat(20_000)],
    ["double quotes", '"$(" '.repeat(10_000)],
    ["wrappers", "env ".repeat(15_000)],
    ["variables", `${Array.from({ length: 2000 }, (_, i) => `a${i}=$a${i + 1}$a${i + 2}; `).join("")}cat $a0`],
    ["one variable", `${"a=$a$a$a; ".repeat(1500)}cat $a`],
    ["patterns", `cat ${"*a".repeat(20_000)}`],
    ["options", `cat -${"a".repeat(60_000)}`],
    ["equal signs", `cat ${"=".repeat(60_000)}`],
    ["here-documents", `${"cat <<E\n".repeat(5000)}`],
    ["questions", `find ${"-name x -exec echo ".repeat(2500)}`],
  ])("does not take long for very many %s", (_, line) => {
    const began = performance.now();
    verdict(line);
    expect(performance.now() - began).toBeLessThan(2000);
  });

  test("judges a command the same however it is quoted", () => {
    const words = fc.array(
      fc.constantFrom(
        "ls",
        "curl",
        "cat",
        "sudo",
        "rm",
        "-rf",
        "/",
        "a.txt",
        "/etc/passwd",
        "-o",
        "sort",
        ".weft/x",
        "..",
      ),
      { minLength: 1, maxLength: 5 },
    );
    const quote = fc.constantFrom<(text: string) => string>(
      (text) => text,
      (text) => `'${text}'`,
      (text) => `"${text}"`,
      (text) => `${text.slice(0, 1)}""${text.slice(1)}`,
      (text) => [...text].map((char) => `\\${char}`).join(""),
      (text) => `'${text.slice(0, 1)}'"${text.slice(1)}"`,
      (text) => `${text.slice(0, 1)}\\\n${text.slice(1)}`,
    );
    return fc.assert(
      fc.property(words, fc.array(quote, { minLength: 5, maxLength: 5 }), (plain, quotes) => {
        const quoted = plain.map((word, index) => (quotes[index] ?? String)(word));
        for (const mode of ["allowlist", "denylist"] as const) {
          const [one, other] = [verdict(plain.join(" "), { mode }), verdict(quoted.join(" "), { mode })];
          expect(other === undefined).toBe(one === undefined);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("a further pattern or a shorter allowlist never allows more", () =>
    fc.assert(
      fc.property(anyLine, fc.constantFrom("ls", "c", "x", " ", "rm -rf /"), (line, more) => {
        for (const mode of ["allowlist", "denylist"] as const) {
          if (!verdict(line, { mode, denylist: ["mkfs", more] })) {
            expect(verdict(line, { mode, denylist: ["mkfs"] })).toBe(undefined);
          }
        }
        if (!verdict(line, { allowlist: ["ls"] })) expect(verdict(line, { allowlist: ["ls", more] })).toBe(undefined);
      }),
      { numRuns: 1000 },
    ));
});

describe("what a shell really runs", () => {
  const shells = [["sh"], ["dash"], ["bash", "--posix"], ["bash"], ["busybox", "sh"]].filter(
    ([name = ""]) => spawnSync(name, ["-c", ":"]).error === undefined,
  );
  const programs = ["ls", "curl", "cat", "env", "x", "E", "a"];

  test.skipIf(shells.length === 0)(
    "is among what the reader found",
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "weft-shell-"));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      const [bin, log, cwd] = [join(folder, "bin"), join(folder, "log"), join(folder, "cwd")];
      mkdirSync(bin);
      const sh = execFileSync("/bin/sh", ["-c", "command -v sh"], { encoding: "utf8" }).trim();
      for (const name of programs) {
        writeFileSync(join(bin, name), `#!${sh}\necho "$\{0##*/}" >> '${log}'\n`);
        chmodSync(join(bin, name), 0o700);
      }
      let judged = 0;
      await fc.assert(
        fc.property(anyLine, fc.constantFrom(...shells), (line, [shell = "", ...options]) => {
          const facts = commandFacts(line);
          // `/` and `~` could lead to real programs and files of this machine.
          if (facts.unreadable !== undefined || /[/~]|\.\./.test(line)) return;
          judged++;
          rmSync(log, { force: true });
          rmSync(cwd, { recursive: true, force: true });
          mkdirSync(cwd);
          const path = spawnSync("/bin/sh", ["-c", `command -v ${shell}`], { encoding: "utf8" }).stdout.trim();
          spawnSync(path, [...options, "-c", line], { cwd, env: { PATH: bin }, timeout: 300, killSignal: "SIGKILL" });
          const ran = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
          const found = facts.commands.map(({ program }) => program);
          for (const program of ran) expect(found, `${shell}: ${JSON.stringify(line)}`).toContain(program);
        }),
        { numRuns: 1500 },
      );
      expect(judged).toBeGreaterThan(50);
    },
    120_000,
  );
});
