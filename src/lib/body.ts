import type { Pieces, Readable } from "../core/platform.ts";

/** The chunks as one array; a single one is not copied. */
export function joinedBytes(chunks: readonly Uint8Array[]): Uint8Array {
  const [only] = chunks;
  if (only && chunks.length === 1) return only;
  const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    all.set(chunk, offset);
    offset += chunk.length;
  }
  return all;
}

/** The body's bytes as they come; undefined where there is no body. */
export function piecesOf(from: Readable): Pieces | undefined {
  const direct = from.direct?.();
  if (direct || !from.body) return direct;
  const reader = from.body.getReader();
  return {
    read: async () => (await reader.read()).value ?? null,
    // What went wrong while reading has been thrown.
    cancel: () => void reader.cancel().catch(() => {}),
  };
}

/** At most so many bytes of a body; the rest is not read, and its connection closed. `cut`: there was more. */
export async function readUpTo(
  from: Readable,
  limit: number,
): Promise<{ readonly bytes: Uint8Array; readonly cut: boolean }> {
  const pieces = piecesOf(from);
  const chunks: Uint8Array[] = [];
  let room = limit;
  try {
    for (let piece = await pieces?.read(); piece; piece = await pieces?.read()) {
      chunks.push(piece.subarray(0, room));
      if (piece.length > room) return { bytes: joinedBytes(chunks), cut: true };
      room -= piece.length;
    }
    return { bytes: joinedBytes(chunks), cut: false };
  } finally {
    pieces?.cancel();
  }
}
