import type { CommandFact } from "../core/policy.ts";
import { nameMatches } from "../lib/glob.ts";
import { namesOf } from "./permissions.ts";

/** Whether one of a command's words names, or may name, what lies at this path of the workspace. */
export function mayTouch({ words }: Pick<CommandFact, "words">, path: string): boolean {
  const wanted = namesOf(path);
  return words.flat().some((word) => {
    // `--file=secrets/a` names a path, too.
    const given = namesOf(word.includes("=") ? word.slice(word.indexOf("=") + 1) : word);
    return given.length >= wanted.length && wanted.every((name, at) => mayBe(given[at] ?? "", name));
  });
}

/** Whether it plainly writes there: by a redirection, or as a program that changes what it is given. */
export function mayChange({ program, words }: CommandFact, path: string): boolean {
  if (program === undefined) return writing.includes(words[0]?.[0] ?? "") && mayTouch({ words }, path);
  const base = program.slice(program.lastIndexOf("/") + 1);
  if (changing.includes(base)) return mayTouch({ words: words.slice(1) }, path);
  return copying.includes(base) && mayTouch({ words: words.slice(-1) }, path);
}

const writing: readonly string[] = [">", ">>", ">|", "<>"];
/** All that they name. */
const changing: readonly string[] = "tee rm rmdir unlink mv truncate shred touch chmod chown chgrp mkdir".split(" ");
/** What they name last. */
const copying: readonly string[] = ["cp", "ln", "install"];

/** A word of the shell against a name: `$` stands for what nobody can say before it runs. */
function mayBe(word: string, name: string): boolean {
  return nameMatches(word.replaceAll("$", "*").toLowerCase(), name.toLowerCase());
}
