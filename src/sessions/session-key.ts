import { WeftError } from "../core/error.ts";

const longestFileName = 255;
const extension = ".jsonl";

/** Throws `invalid` for a key that cannot be kept. */
export function checkSession(session: string): void {
  sessionFileName(session);
}

/** The file of a session: every byte that is no ASCII letter or digit as %XX. Throws `invalid` for a bad key. */
export function sessionFileName(session: string): string {
  const wrong = whatIsWrong(session);
  if (wrong) throw new WeftError("invalid", `security violation: session id ${JSON.stringify(session)} ${wrong}`);
  let name = "";
  for (const byte of new TextEncoder().encode(session)) {
    const character = String.fromCharCode(byte);
    name += /[A-Za-z0-9]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  name += extension;
  if (name.length > longestFileName) {
    throw new WeftError(
      "invalid",
      `session id is too long for a file name (${name.length} of ${longestFileName} bytes)`,
    );
  }
  return name;
}

/** Undefined for a file that is no session's. */
export function sessionOfFileName(name: string): string | undefined {
  if (!name.endsWith(extension)) return undefined;
  const encoded = name.slice(0, -extension.length);
  if (!/^(?:[A-Za-z0-9]|%[0-9A-F]{2})+$/.test(encoded)) return undefined;
  const bytes: number[] = [];
  for (let i = 0; i < encoded.length; i++) {
    if (encoded[i] === "%") {
      bytes.push(Number.parseInt(encoded.slice(i + 1, i + 3), 16));
      i += 2;
    } else bytes.push(encoded.charCodeAt(i));
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}

function whatIsWrong(session: string): string | undefined {
  if (session === "") return "is empty";
  if (new TextEncoder().encode(session).length > 256) return "is longer than 256 bytes";
  if (session.includes("..")) return 'contains ".."';
  if (/[/\\]/.test(session)) return "contains a slash";
  for (const character of session) {
    const code = character.charCodeAt(0);
    if ((code < 32 && code !== 9) || code === 127) return "contains a control character";
    if (character.length === 1 && code >= 0xd800 && code <= 0xdfff) return "contains half a character";
  }
  return undefined;
}
