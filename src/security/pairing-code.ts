/** Without letters and digits that are taken for each other when they are read out: 0 O, 1 I L. */
const alphabet = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";
const length = 8;
/** Bytes from here on would make the first letters of the alphabet likelier. */
const fair = 256 - (256 % alphabet.length);

export function newCode(randomBytes: (count: number) => Uint8Array): string {
  let code = "";
  while (code.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < fair && code.length < length) code += alphabet[byte % alphabet.length] ?? "";
    }
  }
  return code;
}

/** As it was made, however it was typed; undefined for what no code looks like. */
export function codeIn(typed: string): string | undefined {
  const code = typed.toUpperCase().replace(/[\s-]/g, "");
  return code.length === length && [...code].every((letter) => alphabet.includes(letter)) ? code : undefined;
}
