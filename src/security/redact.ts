/** Takes secrets out of texts that are shown: the known ones, and whatever looks like a key. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const known = [...new Set(secrets)].filter((secret) => secret.length >= 6).sort((a, b) => b.length - a.length);
  // Made when first needed: a start of weft makes several of these.
  let pattern: RegExp | undefined;
  return (text) => {
    pattern ??= new RegExp([...known.map(escaped), ...shapes].join("|"), "g");
    return text.replace(pattern, "[secret]");
  };
}

/** The beginnings that vendors gave their keys so that they can be found. */
const shapes: readonly string[] = [
  "\\bsk-[A-Za-z0-9_-]{16,}",
  "\\b(?:xai|gsk|ghp|gho|github_pat|xoxb|xoxp|xapp)[-_][A-Za-z0-9_-]{16,}",
  "\\bAIza[A-Za-z0-9_-]{30,}",
  "\\bAKIA[A-Z0-9]{16}\\b",
  "(?<=\\b[Bb]earer )[A-Za-z0-9._~+/-]{16,}=*",
];

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
