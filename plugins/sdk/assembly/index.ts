import { Json, Kind, Parser } from "./json";

export { Json, Kind, Parser };

@external("weft", "http_request")
declare function hostHttpRequest(at: i32, length: i32): i64;
@external("weft", "read_file")
declare function hostReadFile(at: i32, length: i32): i64;
@external("weft", "write_file")
declare function hostWriteFile(at: i32, length: i32): i64;
@external("weft", "get_env")
declare function hostGetEnv(at: i32, length: i32): i64;
@external("weft", "log")
declare function hostLog(at: i32, length: i32): i64;

/** What we gave last stays until the next call: the host reads it after we have returned. */
let given: ArrayBuffer = new ArrayBuffer(0);
/** What the host put into our memory during this call. */
let taken: usize[] = [];

/** Where the host may put bytes. Each plugin exports it. */
export function weft_alloc(length: i32): i32 {
  const at = heap.alloc(<usize>length);
  taken.push(at);
  return <i32>at;
}

function release(): void {
  for (let i = 0; i < taken.length; i++) heap.free(taken[i]);
  taken = [];
}

function give(value: Json): i64 {
  given = String.UTF8.encode(value.toString());
  release();
  const result = (<i64>changetype<usize>(given) << 32) | <i64>given.byteLength;
  // The runtime collects only when asked; nothing else is on the stack here that we need.
  __collect();
  return result;
}

function textAt(at: i32, length: i32): string {
  return String.UTF8.decodeUnsafe(<usize>at, <usize>length);
}

/** A JSON Schema of an object, field by field. */
export class Parameters {
  private properties: Json = Json.object();
  private required: Json = Json.list();

  /** `type` is one of JSON Schema's: string, integer, boolean, ... */
  field(name: string, type: string, about: string): Parameters {
    this.required.add(Json.of(name));
    return this.optional(name, type, about);
  }

  optional(name: string, type: string, about: string): Parameters {
    this.properties.set(name, Json.object().put("type", type).put("description", about));
    return this;
  }

  choice(name: string, values: string[], about: string): Parameters {
    const list = Json.list();
    for (let i = 0; i < values.length; i++) list.add(Json.of(values[i]));
    this.required.add(Json.of(name));
    this.properties.set(name, Json.object().put("type", "string").put("description", about).set("enum", list));
    return this;
  }

  schema(): Json {
    const made = Json.object().put("type", "object").set("properties", this.properties).set("required", this.required);
    return made.set("additionalProperties", Json.truth(false));
  }
}

/** The tools of a plugin: what `describe` gives. */
export class Tools {
  private list: Json = Json.list();

  /** A tool that changes nothing. */
  reads(name: string, about: string, parameters: Parameters): Tools {
    return this.tool(name, about, parameters, "read");
  }

  writes(name: string, about: string, parameters: Parameters): Tools {
    return this.tool(name, about, parameters, "write");
  }

  private tool(name: string, about: string, parameters: Parameters, effect: string): Tools {
    const made = Json.object().put("name", name).put("description", about);
    this.list.add(made.set("parameters", parameters.schema()).put("effect", effect));
    return this;
  }

  give(): i64 {
    return give(Json.object().set("tools", this.list));
  }
}

/** What a tool came to: a text for the model, or what went wrong. */
export class Result {
  constructor(
    readonly ok: bool,
    readonly text: string,
  ) {}
}

export function done(text: string): Result {
  return new Result(true, text);
}

export function failed(why: string): Result {
  return new Result(false, why);
}

/** The arguments of a call. The first that is missing or of another type is named in `problem`. */
export class Params {
  problem: string = "";

  constructor(readonly all: Json) {}

  text(name: string): string {
    const value = this.all.textOf(name);
    if (value === null) {
      if (this.problem == "") this.problem = name + " must be a text";
      return "";
    }
    return value;
  }

  flag(name: string): bool {
    return this.all.isTrue(name);
  }

  number(name: string, otherwise: f64): f64 {
    return this.all.numberOf(name, otherwise);
  }
}

/** Reads the call, has it answered, and gives the answer: what `execute_tool` does. */
export function execute(at: i32, length: i32, run: (name: string, params: Params) => Result): i64 {
  const call = Parser.read(textAt(at, length));
  if (call === null) return answer(failed("the call is no JSON"));
  const name = call.textOf("name");
  if (name === null) return answer(failed("the call names no tool"));
  const given = call.get("params");
  const params = new Params(given !== null && given.kind == Kind.Object ? given : Json.object());
  const result = run(name, params);
  return answer(params.problem == "" ? result : failed(params.problem));
}

function answer(result: Result): i64 {
  const made = Json.object().set("ok", Json.truth(result.ok));
  return give(made.put(result.ok ? "text" : "error", result.text));
}

/** An answer of the host. */
export class Answer {
  constructor(readonly json: Json) {}

  get ok(): bool {
    return this.json.isTrue("ok");
  }

  get error(): string {
    const error = this.json.textOf("error");
    return error === null ? "the host gave no answer" : error;
  }

  text(name: string): string {
    const value = this.json.textOf(name);
    return value === null ? "" : value;
  }
}

function answered(packed: i64): Answer {
  const json = Parser.read(textAt(<i32>(packed >> 32), <i32>packed));
  return new Answer(json === null ? Json.object() : json);
}

export class Http {
  /** GET; `answer.json` has `status`, `headers` and `body`. */
  static get(url: string): Answer {
    const bytes = String.UTF8.encode(Json.object().put("method", "GET").put("url", url).toString());
    return answered(hostHttpRequest(<i32>changetype<usize>(bytes), bytes.byteLength));
  }

  static send(method: string, url: string, body: string): Answer {
    const request = Json.object().put("method", method).put("url", url).put("body", body);
    const bytes = String.UTF8.encode(request.toString());
    return answered(hostHttpRequest(<i32>changetype<usize>(bytes), bytes.byteLength));
  }
}

export class Files {
  static read(path: string): Answer {
    const bytes = String.UTF8.encode(Json.object().put("path", path).toString());
    return answered(hostReadFile(<i32>changetype<usize>(bytes), bytes.byteLength));
  }

  static write(path: string, text: string): Answer {
    const bytes = String.UTF8.encode(Json.object().put("path", path).put("text", text).toString());
    return answered(hostWriteFile(<i32>changetype<usize>(bytes), bytes.byteLength));
  }
}

/** An environment variable; null when it is not set or may not be seen. */
export function env(name: string): string | null {
  const bytes = String.UTF8.encode(Json.object().put("name", name).toString());
  return answered(hostGetEnv(<i32>changetype<usize>(bytes), bytes.byteLength)).json.textOf("value");
}

/** 0 error, 1 warn, 2 info, 3 debug, 4 trace. */
export function log(level: i32, message: string): void {
  const bytes = String.UTF8.encode(Json.object().set("level", Json.count(level)).put("message", message).toString());
  hostLog(<i32>changetype<usize>(bytes), bytes.byteLength);
}
