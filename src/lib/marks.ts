/**
 * Words of strangers between marks, for the model. `mark` must be one that no stranger can know, so that nobody ends the
 * part from inside.
 */
export function marked(text: string, source: string, mark: string): string {
  const inner = text.replace(/<(\/?)untrusted/gi, "‹$1untrusted");
  return `<untrusted ${mark} source="${source}">\n${inner}\n</untrusted ${mark}>`;
}
