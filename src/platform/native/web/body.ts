import { joinedBytes } from "../../../lib/body.ts";
import type { WebHeaders } from "./headers.ts";

/** A body that comes from the engine piece by piece. */
export interface Source {
  /** Null at the end. */
  read(): Promise<Uint8Array | null>;
  cancel(): void;
}

export type Content = string | Uint8Array | ReadableStream<Uint8Array> | Source | null;

/** What is given to constructors. */
export type Given =
  | string
  | ReadableStream<Uint8Array>
  | ArrayBuffer
  | ArrayBufferView
  | URLSearchParams
  | null
  | undefined;

/** Fetch standard, 5.3. What is text or bytes stays that; a stream is only made when somebody asks for it. */
export class WebBody {
  #content: Content;
  #used = false;

  constructor(content: Content) {
    this.#content = content;
  }

  get bodyUsed(): boolean {
    return this.#used || (isStream(this.#content) && this.#content.locked);
  }

  get body(): ReadableStream<Uint8Array> | null {
    if (this.#content === null || isStream(this.#content)) return this.#content;
    const stream = streamOf(this.#content);
    this.#content = stream;
    return stream;
  }

  async text(): Promise<string> {
    if (typeof this.#content === "string" && !this.#used) {
      this.#used = true;
      return this.#content;
    }
    return new TextDecoder().decode(await this.bytes());
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return new Uint8Array(await this.bytes()).buffer;
  }

  async bytes(): Promise<Uint8Array> {
    if (this.bodyUsed) throw new TypeError("Body is unusable: it has already been read");
    this.#used = true;
    const content = this.#content;
    if (content === null) return new Uint8Array();
    if (typeof content === "string") return new TextEncoder().encode(content);
    if (content instanceof Uint8Array) return content;
    const pieces: Uint8Array[] = [];
    for await (const piece of isStream(content) ? content : piecesOf(content)) pieces.push(piece);
    return joinedBytes(pieces);
  }

  /** For `clone`: both halves can be read. */
  protected split(): Content {
    if (this.bodyUsed) throw new TypeError("Body is unusable: it has already been read");
    if (this.#content === null || typeof this.#content === "string" || this.#content instanceof Uint8Array) {
      return this.#content;
    }
    const stream = this.body as ReadableStream<Uint8Array> & { tee(): ReadableStream<Uint8Array>[] };
    const [ours = null, theirs = null] = stream.tee();
    this.#content = ours;
    return theirs;
  }

  /** What the engine reads from, if nobody has made a stream of it yet; afterwards the body counts as read. */
  direct(): Source | undefined {
    const content = this.#content;
    if (this.#used || !isSource(content)) return undefined;
    this.#used = true;
    return content;
  }

  /** The body as it is, to be sent; afterwards it counts as read. */
  take(): Content {
    if (this.bodyUsed) throw new TypeError("Body is unusable: it has already been read");
    if (this.#content !== null) this.#used = true;
    return this.#content;
  }
}

/** Sets the content type a body brings along, where the headers name none. */
export function contentOf(given: Given, headers: WebHeaders): Content {
  const describe = (type: string) => {
    if (!headers.has("content-type")) headers.set("content-type", type);
  };
  if (given === undefined || given === null) return null;
  if (typeof given === "string") {
    describe("text/plain;charset=UTF-8");
    return given;
  }
  if (isStream(given) || given instanceof Uint8Array) return given;
  if (given instanceof ArrayBuffer) return new Uint8Array(given);
  if (ArrayBuffer.isView(given)) return new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  if (given instanceof URLSearchParams) describe("application/x-www-form-urlencoded;charset=UTF-8");
  return given.toString();
}

/** Without naming the class: the name alone would load 70 KB, which most bodies need not. */
function isStream(content: unknown): content is ReadableStream<Uint8Array> {
  return typeof content === "object" && content !== null && "getReader" in content;
}

function isSource(content: Content): content is Source {
  return typeof content === "object" && content !== null && "read" in content;
}

async function* piecesOf(source: Source): AsyncGenerator<Uint8Array> {
  for (let piece = await source.read(); piece !== null; piece = await source.read()) yield piece;
}

function streamOf(content: string | Uint8Array | Source): ReadableStream<Uint8Array> {
  if (typeof content === "string" || content instanceof Uint8Array) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    return new ReadableStream({
      start(controller) {
        if (bytes.length > 0) controller.enqueue(bytes);
        controller.close();
      },
    });
  }
  return new ReadableStream(
    {
      async pull(controller) {
        const piece = await content.read();
        if (piece === null) controller.close();
        else controller.enqueue(piece);
      },
      cancel: () => content.cancel(),
    },
    { highWaterMark: 0 },
  );
}
