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

/** At most so many bytes of a body; the rest is not read, and its connection closed. `cut`: there was more. */
export async function readUpTo(
  response: Response,
  limit: number,
): Promise<{ readonly bytes: Uint8Array; readonly cut: boolean }> {
  if (!response.body) return { bytes: new Uint8Array(), cut: false };
  const reader = response.body.getReader();
  const chunks: Uint8Array[] = [];
  let room = limit;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { bytes: joinedBytes(chunks), cut: false };
      chunks.push(value.subarray(0, room));
      if (value.length > room) return { bytes: joinedBytes(chunks), cut: true };
      room -= value.length;
    }
  } finally {
    // What went wrong while reading has been thrown; after the end this does nothing.
    await reader.cancel().catch(() => {});
  }
}
