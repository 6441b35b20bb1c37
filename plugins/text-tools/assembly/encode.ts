const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const digits = "0123456789abcdef";
const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";

export function encoded(text: string, kind: string): string {
  const bytes = Uint8Array.wrap(String.UTF8.encode(text));
  const out: string[] = [];
  if (kind == "base64") {
    for (let i = 0; i < bytes.length; i += 3) {
      const left = bytes.length - i;
      const bits = (<u32>bytes[i] << 16) | (left > 1 ? <u32>bytes[i + 1] << 8 : 0) | (left > 2 ? <u32>bytes[i + 2] : 0);
      out.push(letters.charAt(bits >> 18) + letters.charAt((bits >> 12) & 63));
      out.push(left > 1 ? letters.charAt((bits >> 6) & 63) : "=");
      out.push(left > 2 ? letters.charAt(bits & 63) : "=");
    }
    return out.join("");
  }
  for (let i = 0; i < bytes.length; i++) {
    const character = String.fromCharCode(bytes[i]);
    const hex = digits.charAt(bytes[i] >> 4) + digits.charAt(bytes[i] & 15);
    if (kind == "hex") out.push(hex);
    else out.push(bytes[i] < 0x80 && plain.includes(character) ? character : "%" + hex.toUpperCase());
  }
  return out.join("");
}

/** Null when the text is not so encoded, or its bytes are no UTF-8. */
export function decoded(text: string, kind: string): string | null {
  const bytes: u8[] = [];
  if (kind == "base64") {
    if (!fromBase64(text, bytes)) return null;
  } else if (kind == "hex") {
    if (text.length % 2 != 0) return null;
    for (let i = 0; i < text.length; i += 2) if (!pushHex(text, i, bytes)) return null;
  } else {
    const raw = Uint8Array.wrap(String.UTF8.encode(text.replaceAll("+", " ")));
    for (let i = 0; i < raw.length; i++) {
      if (raw[i] != 0x25) bytes.push(raw[i]);
      else {
        if (i + 2 >= raw.length) return null;
        if (!pushHex(String.fromCharCode(raw[i + 1]) + String.fromCharCode(raw[i + 2]), 0, bytes)) return null;
        i += 2;
      }
    }
  }
  return isUtf8(bytes) ? String.UTF8.decodeUnsafe(bytes.dataStart, bytes.length) : null;
}

function pushHex(text: string, at: i32, bytes: u8[]): bool {
  const high = digits.indexOf(text.charAt(at).toLowerCase());
  const low = digits.indexOf(text.charAt(at + 1).toLowerCase());
  if (high < 0 || low < 0) return false;
  bytes.push(<u8>(high * 16 + low));
  return true;
}

function fromBase64(text: string, bytes: u8[]): bool {
  let bits: u32 = 0;
  let count = 0;
  let letterCount = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (character == "\n" || character == "\r" || character == " " || character == "=") continue;
    const value = letters.indexOf(character == "-" ? "+" : character == "_" ? "/" : character);
    if (value < 0) return false;
    letterCount++;
    bits = (bits << 6) | <u32>value;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push(<u8>(bits >> count));
    }
  }
  return letterCount % 4 != 1;
}

/** Well-formed by the table of RFC 3629, section 4. */
function isUtf8(bytes: u8[]): bool {
  let i = 0;
  while (i < bytes.length) {
    const first = bytes[i];
    const more = first < 0x80 ? 0 : first >= 0xc2 && first < 0xe0 ? 1 : first >= 0xe0 && first < 0xf0 ? 2 : first >= 0xf0 && first < 0xf5 ? 3 : -1;
    if (more < 0 || i + more >= bytes.length) return false;
    for (let k = 1; k <= more; k++) if ((bytes[i + k] & 0xc0) != 0x80) return false;
    if (first == 0xe0 && bytes[i + 1] < 0xa0) return false;
    if (first == 0xed && bytes[i + 1] > 0x9f) return false;
    if (first == 0xf0 && bytes[i + 1] < 0x90) return false;
    if (first == 0xf4 && bytes[i + 1] > 0x8f) return false;
    i += more + 1;
  }
  return true;
}
