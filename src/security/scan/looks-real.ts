/** Whether a value may be a real secret: random enough, and none of the words that stand for one in examples. */
export function looksReal(value: string): boolean {
  if (placeholder.test(value) || /^[$%{<[(]/.test(value)) return false;
  if (/^[a-z]{1,20}(?:[-_. ][a-z]{1,20}){1,12}$/i.test(value)) return false;
  const seen = new Set(value).size;
  return seen >= Math.min(9, value.length / 2) && bitsPerCharacter(value) >= 2.8 && kinds(value) >= 2;
}

const placeholder =
  /example|placeholder|change[-_]?me|your[-_]|[-_]here\b|x{4}|\*{3}|\.{3}|dummy|sample|redacted|masked|replace|insert|fake|todo|0123456789|1234567890|abcdefgh|deadbeef|process\.env|os\.environ|getenv|secrets?\.|config\./i;

/** Letters of either case, and digits. */
function kinds(value: string): number {
  return [/[a-z]/, /[A-Z]/, /[0-9]/].filter((kind) => kind.test(value)).length;
}

/** Shannon's entropy. */
function bitsPerCharacter(value: string): number {
  const counts = new Map<string, number>();
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length);
  return bits;
}
