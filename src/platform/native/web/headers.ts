type Init = WebHeaders | Readonly<Record<string, string>> | Iterable<readonly [string, string]>;

const isName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const isValue = /^[^\0\r\n]*$/;

/** Fetch standard, 5.1. */
export class WebHeaders {
  /** By lower-case name. */
  readonly #values = new Map<string, string[]>();

  constructor(init?: Init) {
    if (init === undefined || init === null) return;
    if (Symbol.iterator in init) for (const [name, value] of init) this.append(name, value);
    else for (const [name, value] of Object.entries(init)) this.append(name, value);
  }

  /** From `name, value, name, value, ...`, as the engine gives them: already checked. */
  static ofFlat(flat: readonly string[], from = 0): WebHeaders {
    const headers = new WebHeaders();
    for (let i = from; i + 1 < flat.length; i += 2) headers.#add((flat[i] ?? "").toLowerCase(), flat[i + 1] ?? "");
    return headers;
  }

  toFlat(): string[] {
    const flat: string[] = [];
    for (const [name, values] of this.#values) for (const value of values) flat.push(name, value);
    return flat;
  }

  append(name: string, value: string): void {
    this.#add(...checked(name, value));
  }

  set(name: string, value: string): void {
    const [key, text] = checked(name, value);
    this.#values.set(key, [text]);
  }

  get(name: string): string | null {
    return this.#values.get(name.toLowerCase())?.join(", ") ?? null;
  }

  has(name: string): boolean {
    return this.#values.has(name.toLowerCase());
  }

  delete(name: string): void {
    this.#values.delete(name.toLowerCase());
  }

  getSetCookie(): string[] {
    return [...(this.#values.get("set-cookie") ?? [])];
  }

  forEach(callback: (value: string, name: string, headers: WebHeaders) => void): void {
    for (const [name, value] of this.entries()) callback(value, name, this);
  }

  *entries(): IterableIterator<[string, string]> {
    for (const name of [...this.#values.keys()].sort()) {
      const values = this.#values.get(name) ?? [];
      if (name === "set-cookie") for (const value of values) yield [name, value];
      else yield [name, values.join(", ")];
    }
  }

  *keys(): IterableIterator<string> {
    for (const [name] of this.entries()) yield name;
  }

  *values(): IterableIterator<string> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }

  #add(name: string, value: string): void {
    const values = this.#values.get(name);
    if (values) values.push(value);
    else this.#values.set(name, [value]);
  }
}

function checked(name: string, value: string): [string, string] {
  const text = String(value).replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, "");
  if (!isName.test(name)) throw new TypeError(`Invalid header name: ${JSON.stringify(name)}`);
  if (!isValue.test(text)) throw new TypeError(`Invalid value of the header ${name}`);
  return [name.toLowerCase(), text];
}
