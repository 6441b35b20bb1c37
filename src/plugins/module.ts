import { WeftError } from "../core/error.ts";
import { moduleBytes, moduleGzipBytes, mostMemories, mostTables } from "./limits.ts";

/** Throws `invalid` with the path, what is too much, and what to do. */
export function checkModule(bytes: Uint8Array, path: string): void {
  if (bytes.length > moduleBytes) {
    throw tooLarge(path, `${bytes.length} bytes, at most ${moduleBytes} (300 KiB)`);
  }
  const magic = [0x00, 0x61, 0x73, 0x6d];
  if (!magic.every((byte, i) => bytes[i] === byte)) {
    throw new WeftError("invalid", `${path} is no WebAssembly: it does not begin with \\0asm. Build it as .wasm`);
  }
  const { tables, memories } = countsOf(bytes, path);
  if (tables > mostTables) throw tooLarge(path, `${tables} tables, at most ${mostTables}`);
  if (memories > mostMemories) throw tooLarge(path, `${memories} memories, at most ${mostMemories}`);
}

/** The same for its packed size, which takes long to find out. Resolves with that size. */
export async function checkPacked(bytes: Uint8Array, path: string): Promise<number> {
  const { gzipSync } = await import("fflate");
  const packed = gzipSync(bytes, { level: 9 }).length;
  if (packed <= moduleGzipBytes) return packed;
  throw tooLarge(path, `${packed} bytes when packed with gzip, at most ${moduleGzipBytes} (120 KiB)`);
}

function tooLarge(path: string, what: string): WeftError {
  return new WeftError("invalid", `${path} is too large: ${what}. Build it for size, without debug information`);
}

const tableSection = 4;
const memorySection = 5;

/** Tables and memories that the module defines; it can import neither (WebAssembly Core 2.0, section 5.5). */
function countsOf(bytes: Uint8Array, path: string): { readonly tables: number; readonly memories: number } {
  const counts = new Map<number, number>();
  let at = 8;
  while (at < bytes.length) {
    const id = bytes[at] ?? 0;
    const size = unsigned(bytes, at + 1);
    if (!size || size.end + size.value > bytes.length) {
      throw new WeftError("invalid", `${path} is cut: a section at byte ${at} is not whole. Build or copy it again`);
    }
    if (id === tableSection || id === memorySection) {
      counts.set(id, (counts.get(id) ?? 0) + (unsigned(bytes, size.end)?.value ?? 0));
    }
    at = size.end + size.value;
  }
  return { tables: counts.get(tableSection) ?? 0, memories: counts.get(memorySection) ?? 0 };
}

/** LEB128 of at most 32 bits; undefined when it is cut or longer. */
function unsigned(bytes: Uint8Array, from: number): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[from + i];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, end: from + i + 1 };
  }
  return undefined;
}
