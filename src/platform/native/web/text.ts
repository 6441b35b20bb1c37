import { host } from "../host.ts";
import { WebDOMException } from "./abort.ts";

/** Encoding standard, 7.2. */
export class WebTextEncoder {
  readonly encoding = "utf-8";

  encode(text = ""): Uint8Array<ArrayBuffer> {
    return host.utf8(String(text).toWellFormed());
  }
}

const labels = ["utf-8", "utf8", "unicode-1-1-utf-8"];

/** Encoding standard, 7.1, for UTF-8 alone. */
export class WebTextDecoder {
  readonly encoding = "utf-8";
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  readonly #decoder: ReturnType<typeof host.decoder>;

  constructor(label = "utf-8", options: { fatal?: boolean; ignoreBOM?: boolean } = {}) {
    if (!labels.includes(label.trim().toLowerCase())) {
      throw new RangeError(`The "${label}" encoding is not supported`);
    }
    this.fatal = options.fatal === true;
    this.ignoreBOM = options.ignoreBOM === true;
    this.#decoder = host.decoder(this.fatal, this.ignoreBOM);
  }

  decode(bytes?: ArrayBuffer | ArrayBufferView, options: { stream?: boolean } = {}): string {
    try {
      return this.#decoder.decode(bytes === undefined ? nothing : viewOf(bytes), options.stream === true);
    } catch (thrown) {
      throw new TypeError("The encoded data was not valid for encoding utf-8", { cause: thrown });
    }
  }
}

const nothing = new Uint8Array();

function viewOf(bytes: ArrayBuffer | ArrayBufferView): Uint8Array {
  if (bytes instanceof Uint8Array) return bytes;
  if (ArrayBuffer.isView(bytes)) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return new Uint8Array(bytes);
}

/** HTML, 8.3 Base64 utility methods. */
export function webBtoa(binary: string): string {
  const text = host.btoa(String(binary).toWellFormed());
  if (text === undefined) throw new WebDOMException("Invalid character", "InvalidCharacterError");
  return text;
}

export function webAtob(base64: string): string {
  const text = host.atob(String(base64).toWellFormed());
  if (text === undefined) throw new WebDOMException("The string is not base64", "InvalidCharacterError");
  return text;
}
