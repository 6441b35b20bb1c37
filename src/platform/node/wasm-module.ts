import { WeftError } from "../../core/error.ts";

/** What a module may have; see `core/wasm.ts`. */
export interface ModuleCaps {
  readonly memoryBytes: number;
  readonly tableElements: number;
  /** Names that module `weft` offers. */
  readonly imports: readonly string[];
}

const pageBytes = 65_536;
const mostTables = 10;
const mostMemories = 2;

/** Sections by their ids (WebAssembly Core, 5.5.2). */
const sections = { type: 1, imports: 2, table: 4, memory: 5 };
const i32 = 0x7f;
const i64 = 0x7e;

/**
 * The module with the maxima of its memories and tables lowered to the caps, since `WebAssembly` itself has none.
 * Throws `invalid` when it imports anything but functions on offer, or begins larger than the caps.
 */
export function cappedModule(module: Uint8Array, caps: ModuleCaps): Uint8Array<ArrayBuffer> {
  const reader = readerOf(module);
  const head = reader.bytes(8);
  if (String.fromCharCode(...head) !== "\0asm\x01\0\0\0") throw unusable("it is no WebAssembly module of version 1");
  const out: Uint8Array[] = [head];
  let types: FunctionType[] = [];
  while (!reader.atEnd()) {
    const id = reader.byte();
    const body = reader.bytes(reader.number());
    if (id === sections.type) types = typesOf(readerOf(body));
    if (id === sections.imports) checkImports(readerOf(body), types, caps.imports);
    const capped =
      id === sections.memory
        ? cappedMemories(readerOf(body), caps)
        : id === sections.table
          ? cappedTables(readerOf(body), caps)
          : body;
    out.push(Uint8Array.of(id), encoded(capped.length), capped);
  }
  return new Uint8Array(Buffer.concat(out));
}

function unusable(why: string): WeftError {
  return new WeftError("invalid", `the module cannot be used: ${why}`);
}

interface Reader {
  atEnd(): boolean;
  byte(): number;
  bytes(length: number): Uint8Array;
  /** Unsigned LEB128. */
  number(): number;
  name(): string;
  rest(): Uint8Array;
}

function readerOf(bytes: Uint8Array): Reader {
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw unusable("it is cut off");
    at += length;
    return bytes.subarray(at - length, at);
  };
  const byte = () => take(1)[0] ?? 0;
  const number = () => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const next = byte();
      value += (next & 0x7f) * 2 ** shift;
      if (next < 0x80) return value;
    }
    throw unusable("it has a number that is too long");
  };
  return {
    atEnd: () => at === bytes.length,
    byte,
    bytes: take,
    number,
    name: () => new TextDecoder().decode(take(number())),
    rest: () => take(bytes.length - at),
  };
}

function encoded(value: number): Uint8Array {
  const bytes: number[] = [];
  let left = value;
  do {
    const low = left % 128;
    left = Math.floor(left / 128);
    bytes.push(left > 0 ? low | 0x80 : low);
  } while (left > 0);
  return Uint8Array.from(bytes);
}

interface FunctionType {
  readonly parameters: readonly number[];
  readonly results: readonly number[];
}

function typesOf(reader: Reader): FunctionType[] {
  return Array.from({ length: reader.number() }, () => {
    if (reader.byte() !== 0x60) throw unusable("it has types other than functions");
    const parameters = [...reader.bytes(reader.number())];
    return { parameters, results: [...reader.bytes(reader.number())] };
  });
}

const offered: FunctionType = { parameters: [i32, i32], results: [i64] };
const abort: FunctionType = { parameters: [i32, i32, i32, i32], results: [] };

function checkImports(reader: Reader, types: readonly FunctionType[], names: readonly string[]): void {
  for (let left = reader.number(); left > 0; left--) {
    const [from, name] = [reader.name(), reader.name()];
    const shown = `${from}.${name}`;
    if (reader.byte() !== 0) throw unusable(`it imports ${shown}, which nobody offers`);
    const type = types[reader.number()];
    const wanted =
      from === "weft" && names.includes(name) ? offered : from === "env" && name === "abort" ? abort : undefined;
    if (!wanted) throw unusable(`it imports ${shown}, which nobody offers`);
    if (!type || !isSame(type, wanted)) throw unusable(`it imports ${shown} in another shape than it has`);
  }
}

function isSame(a: FunctionType, b: FunctionType): boolean {
  return a.parameters.join() === b.parameters.join() && a.results.join() === b.results.join();
}

interface Bounds {
  readonly least: number;
  readonly most: number | undefined;
}

function boundsOf(reader: Reader): Bounds {
  const flags = reader.byte();
  // Shared memories and 64-bit ones have other flags.
  if (flags > 1) throw unusable("it has a memory or table of a kind that is not supported");
  const least = reader.number();
  return { least, most: flags === 1 ? reader.number() : undefined };
}

function encodedBounds({ least, most }: Bounds): Uint8Array[] {
  return most === undefined ? [Uint8Array.of(0), encoded(least)] : [Uint8Array.of(1), encoded(least), encoded(most)];
}

function cappedMemories(reader: Reader, { memoryBytes }: ModuleCaps): Uint8Array {
  const memories = Array.from({ length: reader.number() }, () => boundsOf(reader));
  if (memories.length > mostMemories) throw unusable(`it has more than ${mostMemories} memories`);
  const pages = Math.floor(memoryBytes / pageBytes);
  const spare = pages - memories.reduce((sum, { least }) => sum + least, 0);
  if (spare < 0) throw unusable(`its memory begins larger than the ${memoryBytes} bytes it may have`);
  const each = Math.floor(spare / Math.max(1, memories.length));
  const capped = memories.map(({ least, most }) => ({ least, most: Math.min(most ?? least + each, least + each) }));
  return Buffer.concat([encoded(memories.length), ...capped.flatMap(encodedBounds)]);
}

function cappedTables(reader: Reader, { tableElements }: ModuleCaps): Uint8Array {
  const count = reader.number();
  if (count > mostTables) throw unusable(`it has more than ${mostTables} tables`);
  const out: Uint8Array[] = [encoded(count)];
  for (let left = count; left > 0; left--) {
    const kind = reader.byte();
    if (kind === 0x40) throw unusable("it has a table of a kind that is not supported");
    const { least, most } = boundsOf(reader);
    if (least > tableElements) throw unusable(`a table begins larger than the ${tableElements} elements it may have`);
    out.push(Uint8Array.of(kind), ...encodedBounds({ least, most: Math.min(most ?? tableElements, tableElements) }));
  }
  return Buffer.concat([...out, reader.rest()]);
}
