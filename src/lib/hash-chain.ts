export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** What stands for the link before the first one. */
export const genesis: Uint8Array = new Uint8Array(32);

/** A link's hash: SHA-256 over its content, in pieces, and behind that the 32 bytes of the hash before it. */
export function linkHash(sha256: Sha256, content: readonly Uint8Array[], previous: Uint8Array): Uint8Array {
  const pieces = [...content, previous];
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return sha256(bytes);
}
