import type { CommandFact } from "../core/policy.ts";
import { nameMatches } from "../lib/glob.ts";
import { namesOf } from "./permissions.ts";

/** Whether one of a command's words names, or may name, what lies at this path of the workspace. */
export function mayTouch({ words }: CommandFact, path: string): boolean {
  const wanted = namesOf(path);
  return words.flat().some((word) => {
    // `--file=secrets/a` names a path, too.
    const given = namesOf(word.includes("=") ? word.slice(word.indexOf("=") + 1) : word);
    return given.length >= wanted.length && wanted.every((name, at) => mayBe(given[at] ?? "", name));
  });
}

/** A word of the shell against a name: `$` stands for what nobody can say before it runs. */
function mayBe(word: string, name: string): boolean {
  return nameMatches(word.replaceAll("$", "*").toLowerCase(), name.toLowerCase());
}
