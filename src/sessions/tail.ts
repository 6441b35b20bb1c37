import type { Files } from "../core/platform.ts";

const chunkBytes = 64 * 1024;

/**
 * Hands over the lines of a file from the last to the first, with their offsets, until `take` returns false.
 * Returns whether the beginning of the file was reached.
 */
export async function readTail(
  file: { readonly files: Files; readonly path: string; readonly bytes: number },
  take: (line: string, offset: number) => boolean,
): Promise<boolean> {
  const decoder = new TextDecoder();
  let end = file.bytes;
  /** The pieces of the line that begins before `end`, last piece first. */
  let rest: Uint8Array[] = [];
  const finish = (piece: Uint8Array, offset: number) => {
    const line = decoder.decode(joined([...rest, piece].reverse()));
    rest = [];
    return take(line, offset);
  };
  while (end > 0) {
    const start = Math.max(0, end - chunkBytes);
    const chunk = await file.files.read(file.path, { offset: start, length: end - start });
    let lineEnd = chunk.length;
    for (let at = chunk.lastIndexOf(10); at >= 0; at = at === 0 ? -1 : chunk.lastIndexOf(10, at - 1)) {
      if (!finish(chunk.subarray(at + 1, lineEnd), start + at + 1)) return false;
      lineEnd = at;
    }
    rest.push(chunk.subarray(0, lineEnd));
    end = start;
  }
  return file.bytes === 0 || finish(new Uint8Array(), 0);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces;
  if (pieces.length === 1 && only) return only;
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
