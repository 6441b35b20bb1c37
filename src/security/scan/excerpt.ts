const mostCharacters = 120;

/** A stretch of a text that must not be shown. */
export interface Secret {
  readonly at: number;
  readonly length: number;
}

/** The place in its line, one line of harmless characters, without the secrets that the text is known to hold. */
export function excerptOf(
  text: string,
  place: { readonly at: number; readonly length: number },
  secrets: readonly Secret[],
): string {
  const begin = text.lastIndexOf("\n", place.at - 1) + 1;
  const end = text.indexOf("\n", place.at);
  const from = Math.max(begin, place.at - 30);
  const to = Math.min(end < 0 ? text.length : end, Math.max(from + mostCharacters, place.at));
  let shown = "";
  let at = from;
  for (const secret of secrets) {
    const stop = secret.at + secret.length;
    if (stop <= at || secret.at >= to) continue;
    shown += text.slice(at, Math.max(at, secret.at)) + maskOf(text.slice(secret.at, stop));
    at = stop;
  }
  if (at < to) shown += text.slice(at, to);
  return `${from > begin ? "…" : ""}${visible(shown.trim()).slice(0, mostCharacters * 2)}${to < (end < 0 ? text.length : end) ? "…" : ""}`;
}

/** What can be told of a secret: whose it is, where its beginning says so, and how long it is. */
function maskOf(secret: string): string {
  const vendor =
    /^(?:sk-ant-|sk-or-|sk-proj-|sk-|AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|AIza|xox[a-z]-|xapp-|[sr]k_live_|SG\.|npm_|pypi-|hf_|gsk_|xai-|-----BEGIN [A-Z ]{0,30}PRIVATE KEY)/.exec(
      secret,
    );
  return `${vendor?.[0] ?? ""}[masked, ${secret.length} characters]`;
}

/** Controls and what cannot be seen as their codes. */
export function visible(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}]/gu, (character) =>
      character === "\t" ? " " : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
    )
    .replace(/\p{Cs}/gu, "\ufffd");
}
