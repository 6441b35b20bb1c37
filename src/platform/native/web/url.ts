import { setBounded } from "../../../lib/bounded-map.ts";
import { host } from "../host.ts";

type Init = string | Readonly<Record<string, string>> | Iterable<readonly [string, string]>;

/** URL standard, 6.2. */
export class WebURLSearchParams {
  #pairs: [string, string][] = [];
  readonly #changed: ((query: string) => void) | undefined;

  constructor(init: Init = "", changed?: (query: string) => void) {
    this.#changed = changed;
    if (typeof init === "string") this.#pairs = parse(init.startsWith("?") ? init.slice(1) : init);
    else if (isIterable(init)) for (const [name, value] of init) this.#pairs.push([String(name), String(value)]);
    else for (const [name, value] of Object.entries(init)) this.#pairs.push([name, String(value)]);
  }

  get size(): number {
    return this.#pairs.length;
  }

  get(name: string): string | null {
    return this.#pairs.find(([each]) => each === name)?.[1] ?? null;
  }

  getAll(name: string): string[] {
    return this.#pairs.filter(([each]) => each === name).map(([, value]) => value);
  }

  has(name: string): boolean {
    return this.#pairs.some(([each]) => each === name);
  }

  append(name: string, value: string): void {
    this.#change([...this.#pairs, [name, String(value)]]);
  }

  delete(name: string): void {
    this.#change(this.#pairs.filter(([each]) => each !== name));
  }

  set(name: string, value: string): void {
    const first = this.#pairs.findIndex(([each]) => each === name);
    if (first < 0) this.#change([...this.#pairs, [name, String(value)]]);
    else
      this.#change(
        this.#pairs.flatMap<[string, string]>((pair, index) =>
          index === first ? [[name, String(value)]] : pair[0] === name ? [] : [pair],
        ),
      );
  }

  sort(): void {
    this.#change(this.#pairs.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  }

  forEach(callback: (value: string, name: string) => void): void {
    for (const [name, value] of this.#pairs) callback(value, name);
  }

  *entries(): IterableIterator<[string, string]> {
    yield* this.#pairs;
  }

  *keys(): IterableIterator<string> {
    for (const [name] of this.#pairs) yield name;
  }

  *values(): IterableIterator<string> {
    for (const [, value] of this.#pairs) yield value;
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }

  toString(): string {
    return this.#pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&");
  }

  #change(pairs: [string, string][]): void {
    this.#pairs = pairs;
    this.#changed?.(this.toString());
  }
}

function isIterable(init: object): init is Iterable<readonly [string, string]> {
  return Symbol.iterator in init;
}

/** application/x-www-form-urlencoded: URL standard, 5.1. */
function parse(query: string): [string, string][] {
  return query
    .split("&")
    .filter((part) => part !== "")
    .map((part) => {
      const at = part.indexOf("=");
      return at < 0 ? [decode(part), ""] : [decode(part.slice(0, at)), decode(part.slice(at + 1))];
    });
}

function decode(text: string): string {
  const spaced = text.replaceAll("+", " ");
  if (!spaced.includes("%")) return spaced;
  const bytes: number[] = [];
  const all = new TextEncoder().encode(spaced);
  for (let i = 0; i < all.length; i++) {
    const [byte = 0, high, low] = [all[i], hexOf(all[i + 1]), hexOf(all[i + 2])];
    if (byte === 0x25 && high !== undefined && low !== undefined) {
      bytes.push(high * 16 + low);
      i += 2;
    } else bytes.push(byte);
  }
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(new Uint8Array(bytes));
}

function hexOf(byte: number | undefined): number | undefined {
  const digit = byte === undefined ? Number.NaN : Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(digit) ? undefined : digit;
}

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replaceAll("%20", "+")
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

const partNames = [
  "href",
  "origin",
  "protocol",
  "username",
  "password",
  "host",
  "hostname",
  "port",
  "pathname",
  "search",
  "hash",
] as const;

type Part = (typeof partNames)[number];

/** URL standard, 6.1. */
export class WebURL {
  #parts: readonly string[];
  #params: WebURLSearchParams | undefined;

  constructor(url: string | WebURL, base?: string | WebURL) {
    const parts = parsed(url, base);
    if (!parts) throw new TypeError("Invalid URL");
    this.#parts = parts;
  }

  static canParse(url: string | WebURL, base?: string | WebURL): boolean {
    return parsed(url, base) !== undefined;
  }

  static parse(url: string | WebURL, base?: string | WebURL): WebURL | null {
    return WebURL.canParse(url, base) ? new WebURL(url, base) : null;
  }

  get searchParams(): WebURLSearchParams {
    this.#params ??= new WebURLSearchParams(this.#get("search"), (query) => this.#set("search", query));
    return this.#params;
  }

  toString(): string {
    return this.#get("href");
  }

  toJSON(): string {
    return this.#get("href");
  }

  #get(part: Part): string {
    return this.#parts[partNames.indexOf(part)] ?? "";
  }

  #set(part: Part, value: string): void {
    const parts = host.setUrl(this.#get("href"), part, value.toWellFormed());
    if (!parts) throw new TypeError("Invalid URL");
    this.#parts = parts;
  }

  static {
    for (const part of partNames) {
      const property: PropertyDescriptor & ThisType<WebURL> = {
        enumerable: true,
        configurable: true,
        get() {
          return this.#get(part);
        },
      };
      if (part !== "origin") {
        property.set = function (this: WebURL, value: unknown) {
          this.#set(part, String(value));
          if (part === "href" || part === "search") this.#params = undefined;
        };
      }
      Object.defineProperty(WebURL.prototype, part, property);
    }
  }
}

function parsed(url: string | WebURL, base?: string | WebURL): readonly string[] | undefined {
  const text = String(url).toWellFormed();
  if (base !== undefined) return host.parseUrl(text, String(base).toWellFormed());
  const known = recent.get(text);
  if (known) return known;
  const parts = host.parseUrl(text, undefined);
  if (parts && text.length <= 256) setBounded(recent, [text, parts], 32);
  return parts;
}

/** A turn looks at the same few addresses again and again; nothing changes the parts. */
const recent = new Map<string, readonly string[]>();
