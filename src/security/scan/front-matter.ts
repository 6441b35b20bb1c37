/** The settings between two lines of `---` at the beginning of a Markdown file; lists as lists, all else as texts. */
export interface FrontMatter {
  readonly fields: ReadonlyMap<string, readonly string[]>;
  /** Where the line of a field begins. */
  readonly places: ReadonlyMap<string, number>;
}

const longest = 20_000;

/** Only the plain YAML that skills use: `key: value`, `key: [a, b]`, and lines of `- value`. Names with _ as with -. */
export function frontMatterOf(text: string): FrontMatter | undefined {
  const match = /^\ufeff?---[ \t]*\r?\n/.exec(text);
  const end = match ? /\n---[ \t]*(?:\r?\n|$)/.exec(text.slice(match[0].length - 1, longest)) : undefined;
  if (!match || !end) return undefined;
  const fields = new Map<string, readonly string[]>();
  const places = new Map<string, number>();
  let offset = match[0].length;
  let key = "";
  for (const line of text.slice(offset, offset + end.index).split("\n")) {
    const item = /^\s{0,20}-\s{1,10}([^\n]{1,500})$/.exec(line);
    const field = /^([A-Za-z][\w-]{0,60})\s{0,4}:([^\n]{0,2000})$/.exec(line);
    if (field) {
      key = (field[1] ?? "").replaceAll("_", "-").toLowerCase();
      fields.set(key, values(field[2] ?? ""));
      places.set(key, offset);
    } else if (item) fields.set(key, [...(fields.get(key) ?? []), unquoted(item[1] ?? "")]);
    offset += line.length + 1;
  }
  return { fields, places };
}

function values(text: string): string[] {
  const inner = text.trim().replace(/^\[/, "").replace(/\]$/, "");
  return inner === ""
    ? []
    : inner
        .split(/,|\s{2,10}/)
        .map(unquoted)
        .filter((each) => each !== "");
}

function unquoted(text: string): string {
  return text.trim().replace(/^["']|["']$/g, "");
}
