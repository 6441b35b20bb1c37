/**
 * Paths by pattern: `*` and `?` within a name, `**` for any folders, `{a,b}` for either. Compares name by name, so no
 * pattern takes long.
 */
export function globMatcher(pattern: string): (path: string) => boolean {
  const alternatives = expandBraces(pattern).map((each) => each.split("/").filter((part) => part !== ""));
  return (path) => {
    const names = path.split("/").filter((part) => part !== "");
    return alternatives.some((parts) => matches(parts, names));
  };
}

/** One name against a pattern of `*` and `?`. */
export function nameMatches(pattern: string, name: string): boolean {
  if (!pattern.includes("*") && !pattern.includes("?")) return pattern === name;
  let at = 0;
  let star = -1;
  let resume = 0;
  let i = 0;
  while (i < name.length) {
    if (pattern[at] === "*") {
      star = at++;
      resume = i;
    } else if (pattern[at] === "?" || pattern[at] === name[i]) {
      at++;
      i++;
    } else if (star >= 0) {
      at = star + 1;
      i = ++resume;
    } else return false;
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}

const mostAlternatives = 100;

function expandBraces(pattern: string): string[] {
  let expanded = [pattern];
  for (;;) {
    const next = expanded.flatMap(expandFirst);
    if (next.length === expanded.length || next.length > mostAlternatives) return expanded;
    expanded = next;
  }
}

function expandFirst(pattern: string): string[] {
  const match = /^(.*?)\{([^{}]*,[^{}]*)\}(.*)$/s.exec(pattern);
  if (!match) return [pattern];
  const [, before = "", inner = "", after = ""] = match;
  return inner.split(",").map((each) => before + each + after);
}

/** Dynamic programming over both lists: which beginnings of the names the pattern so far can stand for. */
function matches(parts: readonly string[], names: readonly string[]): boolean {
  let reached = new Set([0]);
  for (const part of parts) {
    const next = new Set<number>();
    for (const at of reached) {
      if (part === "**") for (let i = at; i <= names.length; i++) next.add(i);
      else if (at < names.length && nameMatches(part, names[at] ?? "")) next.add(at + 1);
    }
    reached = next;
  }
  return reached.has(names.length);
}
