import { bytesOfBase64 } from "../../lib/base64.ts";
import type { embeddedChecks } from "./checks/embedded.ts";

/** A text that is written in the text in a way that people do not read. */
export interface Embedded {
  readonly how: keyof typeof embeddedChecks;
  readonly at: number;
  readonly length: number;
  readonly text: string;
}

const mostPieces = 5000;
const mostCharacters = 256 * 1024;

/** All pieces of Base64, hexadecimal and escapes that decode to something readable. */
export function embeddedIn(text: string): Embedded[] {
  const found: Embedded[] = [];
  const add = (how: Embedded["how"], match: { readonly index: number; readonly 0: string }, decoded: string) => {
    if (found.length < mostPieces && isReadable(decoded)) {
      found.push({ how, at: match.index, length: match[0].length, text: decoded });
    }
  };
  for (const match of text.matchAll(/[A-Za-z0-9+/_-]{24,4096}={0,2}/g)) add("base64", match, base64(match[0]));
  for (const lines of wrapped(text)) add("base64", lines, base64(lines[0].replace(/[\s>#*]/g, "")));
  for (const match of text.matchAll(/(?:\b|0x)[0-9a-fA-F]{32,4096}\b/g))
    add("hex", match, hex(match[0].replace(/^0x/, "")));
  for (const match of text.matchAll(/(?:%[0-9a-fA-F]{2}){12,2000}/g))
    add("hex", match, hex(match[0].replaceAll("%", "")));
  for (const match of text.matchAll(
    /(?:(?:\\x[0-9a-fA-F]{2}|\\u\{?[0-9a-fA-F]{4,6}\}?|&#x?[0-9a-fA-F]{2,6};|\\[0-3][0-7]{2})[ ]?){8,2000}/g,
  )) {
    add("escapes", match, escapes(match[0]));
  }
  return found;
}

/** Base64 in lines, as mail and `base64` write it. */
function* wrapped(text: string): Generator<{ readonly index: number; readonly 0: string }> {
  let begin = -1;
  let lines = 0;
  let offset = 0;
  for (const line of text.split("\n")) {
    const isPart = line.length < 200 && /^[ \t>#*]{0,10}[A-Za-z0-9+/]{4,128}={0,2}\s{0,2}$/.test(line);
    const isLong = isPart && line.trim().length >= 40;
    if (isLong || (isPart && lines > 0)) {
      if (lines++ === 0) begin = offset;
    }
    if (!isLong && lines > 1) yield { index: begin, 0: text.slice(begin, isPart ? offset + line.length : offset) };
    if (!isLong) lines = 0;
    offset += line.length + 1;
  }
  if (lines > 1) yield { index: begin, 0: text.slice(begin) };
}

function base64(text: string): string {
  const plain = text.slice(0, mostCharacters).replaceAll("-", "+").replaceAll("_", "/").replace(/=/g, "");
  try {
    return new TextDecoder().decode(bytesOfBase64(plain.slice(0, plain.length - (plain.length % 4 === 1 ? 1 : 0))));
  } catch {
    return "";
  }
}

function hex(text: string): string {
  const pairs = text.slice(0, mostCharacters).match(/[0-9a-fA-F]{2}/g) ?? [];
  return new TextDecoder().decode(Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16)));
}

function escapes(text: string): string {
  const codes = text.matchAll(
    /\\x([0-9a-fA-F]{2})|\\u\{?([0-9a-fA-F]{4,6})\}?|&#x([0-9a-fA-F]{2,6});|&#([0-9]{2,6});|\\([0-3][0-7]{2})/g,
  );
  let result = "";
  for (const [, x, u, entity, decimal, octal] of codes) {
    const code = octal
      ? Number.parseInt(octal, 8)
      : decimal
        ? Number.parseInt(decimal, 10)
        : Number.parseInt(x ?? u ?? entity ?? "0", 16);
    if (code <= 0x10ffff) result += String.fromCodePoint(code);
  }
  return result;
}

/** Nearly all of it is text; what was not meant as a code decodes to noise. */
function isReadable(text: string): boolean {
  if (text.length < 8) return false;
  const sample = text.slice(0, 400);
  // Noise decodes to replacement characters and controls. biome-ignore lint: controls are what is looked for.
  let odd = 0;
  for (const character of sample) {
    const code = character.codePointAt(0) ?? 0;
    if (code === 0xfffd || (code < 32 && code !== 9 && code !== 10 && code !== 13) || code === 127) odd++;
  }
  return odd * 20 < sample.length;
}
