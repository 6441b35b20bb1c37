import { type Content, contentOf, type Given, WebBody } from "./body.ts";
import { WebHeaders } from "./headers.ts";

interface RequestInit {
  readonly method?: string;
  readonly headers?: ConstructorParameters<typeof WebHeaders>[0];
  readonly body?: Given;
  readonly signal?: AbortSignal | null;
}

/** A request as a server gets it; what a handler does not look at is not made. */
export interface Incoming {
  readonly method: string;
  readonly url: string;
  readonly content: Content;
  headers(): WebHeaders;
  signal(): AbortSignal;
}

/** Fetch standard, 5.4. */
export class WebRequest extends WebBody {
  readonly method: string;
  readonly url: string;
  readonly #incoming: Pick<Incoming, "headers" | "signal">;
  #headers: WebHeaders | undefined;
  #signal: AbortSignal | undefined;

  constructor(input: string | URL | WebRequest, init: RequestInit = {}, incoming?: Incoming) {
    const earlier = input instanceof WebRequest ? input : undefined;
    const headers = incoming ? undefined : new WebHeaders(init.headers ?? earlier?.headers);
    super(
      incoming?.content ??
        (headers ? (init.body === undefined && earlier ? earlier.take() : contentOf(init.body, headers)) : null),
    );
    this.method = incoming?.method ?? normalMethod(init.method ?? earlier?.method ?? "GET");
    this.url = incoming?.url ?? earlier?.url ?? new URL(String(input)).href;
    this.#headers = headers;
    this.#incoming = incoming ?? {
      headers: () => new WebHeaders(),
      signal: () => init.signal ?? earlier?.signal ?? new AbortController().signal,
    };
    if (init.body !== undefined && init.body !== null && (this.method === "GET" || this.method === "HEAD")) {
      throw new TypeError(`Request with ${this.method} method cannot have body`);
    }
  }

  get headers(): WebHeaders {
    this.#headers ??= this.#incoming.headers();
    return this.#headers;
  }

  get signal(): AbortSignal {
    this.#signal ??= this.#incoming.signal();
    return this.#signal;
  }

  clone(): WebRequest {
    const { method, url } = this;
    const content = this.split();
    const headers = () => new WebHeaders(this.headers);
    return new WebRequest(url, {}, { method, url, content, headers, signal: () => this.signal });
  }
}

function normalMethod(method: string): string {
  const upper = method.toUpperCase();
  return ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"].includes(upper) ? upper : method;
}

interface ResponseInit {
  readonly status?: number;
  readonly statusText?: string;
  readonly headers?: ConstructorParameters<typeof WebHeaders>[0];
}

/** Statuses without a body: Fetch standard, 2.2.3. */
const bodiless = [101, 103, 204, 205, 304];

/** Fetch standard, 5.5. */
export class WebResponse extends WebBody {
  readonly status: number;
  readonly statusText: string;
  readonly headers: WebHeaders;

  constructor(body?: Given, init: ResponseInit = {}, content?: Content) {
    const headers =
      init.headers instanceof WebHeaders && content !== undefined ? init.headers : new WebHeaders(init.headers);
    super(content ?? contentOf(body, headers));
    const { status = 200, statusText = "" } = init;
    if (content === undefined && (!Number.isInteger(status) || status < 200 || status > 599)) {
      throw new RangeError("The status must be 200 to 599");
    }
    if (body !== undefined && body !== null && bodiless.includes(status)) {
      throw new TypeError(`A response with status ${status} cannot have a body`);
    }
    this.status = status;
    this.statusText = statusText;
    this.headers = headers;
  }

  static json(value: unknown, init: ResponseInit = {}): WebResponse {
    const headers = new WebHeaders(init.headers);
    if (!headers.has("content-type")) headers.set("content-type", "application/json");
    return new WebResponse(JSON.stringify(value), { ...init, headers });
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  clone(): WebResponse {
    const { status, statusText } = this;
    return new WebResponse(undefined, { status, statusText, headers: new WebHeaders(this.headers) }, this.split());
  }
}
