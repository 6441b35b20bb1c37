/** JSON (RFC 8259) in a few pages. */

export enum Kind {
  Null,
  Boolean,
  Number,
  Text,
  List,
  Object,
}

/** Deeper nesting is refused. */
const deepest: i32 = 64;

export class Json {
  kind: Kind = Kind.Null;
  flag: bool = false;
  number: f64 = 0;
  text: string = "";
  items: Json[] = [];
  /** Of an object, beside `items`. */
  keys: string[] = [];

  static object(): Json {
    const made = new Json();
    made.kind = Kind.Object;
    return made;
  }

  static list(): Json {
    const made = new Json();
    made.kind = Kind.List;
    return made;
  }

  static of(text: string): Json {
    const made = new Json();
    made.kind = Kind.Text;
    made.text = text;
    return made;
  }

  static count(number: f64): Json {
    const made = new Json();
    made.kind = Kind.Number;
    made.number = number;
    return made;
  }

  static truth(flag: bool): Json {
    const made = new Json();
    made.kind = Kind.Boolean;
    made.flag = flag;
    return made;
  }

  add(item: Json): Json {
    this.items.push(item);
    return this;
  }

  set(key: string, value: Json): Json {
    this.keys.push(key);
    this.items.push(value);
    return this;
  }

  put(key: string, value: string): Json {
    return this.set(key, Json.of(value));
  }

  get(key: string): Json | null {
    const at = this.keys.indexOf(key);
    return at < 0 ? null : this.items[at];
  }

  /** A member that is a text; null when it is none. */
  textOf(key: string): string | null {
    const value = this.get(key);
    return value !== null && value.kind == Kind.Text ? value.text : null;
  }

  isTrue(key: string): bool {
    const value = this.get(key);
    return value !== null && value.kind == Kind.Boolean && value.flag;
  }

  numberOf(key: string, otherwise: f64): f64 {
    const value = this.get(key);
    return value !== null && value.kind == Kind.Number ? value.number : otherwise;
  }

  toString(): string {
    const out: string[] = [];
    write(this, out);
    return out.join("");
  }
}

function write(value: Json, out: string[]): void {
  switch (value.kind) {
    case Kind.Null:
      out.push("null");
      break;
    case Kind.Boolean:
      out.push(value.flag ? "true" : "false");
      break;
    case Kind.Number:
      out.push(numberText(value.number));
      break;
    case Kind.Text:
      writeText(value.text, out);
      break;
    case Kind.List:
      out.push("[");
      for (let i = 0; i < value.items.length; i++) {
        if (i > 0) out.push(",");
        write(value.items[i], out);
      }
      out.push("]");
      break;
    case Kind.Object:
      out.push("{");
      for (let i = 0; i < value.items.length; i++) {
        if (i > 0) out.push(",");
        writeText(value.keys[i], out);
        out.push(":");
        write(value.items[i], out);
      }
      out.push("}");
      break;
  }
}

export function numberText(number: f64): string {
  if (!isFinite(number)) return "null";
  return number == Math.floor(number) && Math.abs(number) < 9e15 ? (<i64>number).toString() : number.toString();
}

function writeText(text: string, out: string[]): void {
  out.push('"');
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x20 && code != 0x22 && code != 0x5c) continue;
    out.push(text.substring(from, i));
    if (code == 0x22) out.push('\\"');
    else if (code == 0x5c) out.push("\\\\");
    else if (code == 0x0a) out.push("\\n");
    else out.push("\\u" + code.toString(16).padStart(4, "0"));
    from = i + 1;
  }
  out.push(text.substring(from));
  out.push('"');
}

/** What was read, or null with `problem` set. */
export class Parser {
  at: i32 = 0;
  problem: string = "";

  constructor(readonly text: string) {}

  static read(text: string): Json | null {
    const parser = new Parser(text);
    const value = parser.value(0);
    parser.space();
    return value !== null && parser.at == text.length ? value : null;
  }

  private peek(): i32 {
    return this.at < this.text.length ? this.text.charCodeAt(this.at) : -1;
  }

  space(): void {
    while (true) {
      const code = this.peek();
      if (code != 0x20 && code != 0x0a && code != 0x0d && code != 0x09) return;
      this.at++;
    }
  }

  value(depth: i32): Json | null {
    if (depth > deepest) return null;
    this.space();
    switch (this.peek()) {
      case 0x7b:
        return this.members(depth, true, 0x7d);
      case 0x5b:
        return this.members(depth, false, 0x5d);
      case 0x22: {
        const text = this.string();
        return text === null ? null : Json.of(text);
      }
      case 0x74:
        return this.word("true") ? Json.truth(true) : null;
      case 0x66:
        return this.word("false") ? Json.truth(false) : null;
      case 0x6e:
        return this.word("null") ? new Json() : null;
      default:
        return this.digits();
    }
  }

  private word(word: string): bool {
    if (this.text.substr(this.at, word.length) != word) return false;
    this.at += word.length;
    return true;
  }

  private digits(): Json | null {
    const from = this.at;
    while ("+-.eE0123456789".includes(this.text.charAt(this.at)) && this.at < this.text.length) this.at++;
    if (this.at == from) return null;
    const number = parseFloat(this.text.substring(from, this.at));
    return isNaN(number) ? null : Json.count(number);
  }

  private members(depth: i32, named: bool, end: i32): Json | null {
    const made = named ? Json.object() : Json.list();
    this.at++;
    this.space();
    if (this.peek() == end) {
      this.at++;
      return made;
    }
    while (true) {
      let key: string | null = null;
      if (named) {
        this.space();
        key = this.peek() == 0x22 ? this.string() : null;
        if (key === null) return null;
        this.space();
        if (this.peek() != 0x3a) return null;
        this.at++;
      }
      const value = this.value(depth + 1);
      if (value === null) return null;
      if (key !== null) made.set(key, value);
      else made.add(value);
      this.space();
      const next = this.peek();
      this.at++;
      if (next == end) return made;
      if (next != 0x2c) return null;
    }
  }

  private string(): string | null {
    const out: string[] = [];
    this.at++;
    let from = this.at;
    for (; this.at < this.text.length; this.at++) {
      const code = this.peek();
      if (code == 0x22) {
        out.push(this.text.substring(from, this.at));
        this.at++;
        return out.join("");
      }
      if (code != 0x5c) continue;
      out.push(this.text.substring(from, this.at));
      this.at++;
      const escaped = this.escape();
      if (escaped === null) return null;
      out.push(escaped);
      from = this.at + 1;
    }
    return null;
  }

  private escape(): string | null {
    switch (this.peek()) {
      case 0x22:
        return '"';
      case 0x5c:
        return "\\";
      case 0x2f:
        return "/";
      case 0x62:
        return "\b";
      case 0x66:
        return "\f";
      case 0x6e:
        return "\n";
      case 0x72:
        return "\r";
      case 0x74:
        return "\t";
      case 0x75: {
        const digits = this.text.substr(this.at + 1, 4);
        const code = parseInt(digits, 16);
        if (digits.length != 4 || isNaN(code)) return null;
        this.at += 4;
        return String.fromCharCode(<i32>code);
      }
      default:
        return null;
    }
  }
}
