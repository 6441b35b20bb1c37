import { done, execute, failed, Json, Parameters, Params, Result, Tools } from "../../sdk/assembly";
import { csvRows } from "./csv";
import { difference } from "./diff";
import { decoded, encoded } from "./encode";

export { weft_alloc } from "../../sdk/assembly";

export function describe(_at: i32, _length: i32): i64 {
  return new Tools()
    .reads("count", "Counts the lines, words and characters of a text.", new Parameters().field("text", "string", "the text"))
    .reads(
      "diff",
      "Compares two texts line by line: - only in the first, + only in the second.",
      new Parameters().field("before", "string", "the first text").field("after", "string", "the second text"),
    )
    .reads(
      "csv_to_json",
      "Turns CSV with a header line into a JSON list of objects.",
      new Parameters().field("csv", "string", "the CSV").optional("separator", "string", "one character; a comma unless given"),
    )
    .reads(
      "lines",
      "Sorts the lines of a text, or leaves out those that come again, or both.",
      new Parameters()
        .field("text", "string", "the text")
        .optional("sort", "boolean", "in the order of their characters")
        .optional("unique", "boolean", "each line once"),
    )
    .reads(
      "encode",
      "Encodes or decodes a text: base64, hex or url (percent).",
      new Parameters()
        .field("text", "string", "the text")
        .choice("as", ["base64", "hex", "url"], "the encoding")
        .optional("decode", "boolean", "the other way"),
    )
    .give();
}

export function execute_tool(at: i32, length: i32): i64 {
  return execute(at, length, run);
}

function run(name: string, params: Params): Result {
  if (name == "count") return count(params.text("text"));
  if (name == "diff") return diff(params.text("before"), params.text("after"));
  if (name == "csv_to_json") return csvToJson(params);
  if (name == "lines") return lines(params);
  if (name == "encode") return encode(params);
  return failed("there is no tool " + name);
}

function count(text: string): Result {
  let words = 0;
  let characters = 0;
  let inWord = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // The second half of a surrogate pair belongs to the first.
    if (code < 0xdc00 || code > 0xdfff) characters++;
    const isSpace = code <= 0x20 || code == 0xa0 || code == 0x3000;
    if (!isSpace && !inWord) words++;
    inWord = !isSpace;
  }
  const ends = text.split("\n").length - 1;
  const rows = text.length == 0 ? 0 : text.endsWith("\n") ? ends : ends + 1;
  return done(rows.toString() + " lines, " + words.toString() + " words, " + characters.toString() + " characters");
}

function diff(before: string, after: string): Result {
  const a = before.split("\n");
  const b = after.split("\n");
  if (a.length > 3000 || b.length > 3000) return failed("the texts may have 3000 lines at most");
  const found = difference(a, b);
  return done(found == "" ? "The texts are the same." : found);
}

function csvToJson(params: Params): Result {
  const csv = params.text("csv");
  const given = params.all.textOf("separator");
  const separator = given === null || given == "" ? "," : given;
  if (separator.length != 1 || separator == '"') return failed("separator must be one character");
  const rows = csvRows(csv, separator.charCodeAt(0));
  if (rows.length == 0) return failed("csv must have a header line");
  const list = Json.list();
  for (let i = 1; i < rows.length; i++) {
    const made = Json.object();
    for (let column = 0; column < rows[0].length; column++) {
      made.put(rows[0][column], column < rows[i].length ? rows[i][column] : "");
    }
    list.add(made);
  }
  return done(list.toString());
}

function lines(params: Params): Result {
  const text = params.text("text");
  const ended = text.endsWith("\n");
  let rows = (ended ? text.substring(0, text.length - 1) : text).split("\n");
  if (params.flag("unique")) {
    const seen = new Set<string>();
    const once: string[] = [];
    for (let i = 0; i < rows.length; i++) {
      if (seen.has(rows[i])) continue;
      seen.add(rows[i]);
      once.push(rows[i]);
    }
    rows = once;
  }
  if (params.flag("sort")) rows.sort();
  return done(rows.join("\n") + (ended ? "\n" : ""));
}

function encode(params: Params): Result {
  const text = params.text("text");
  const kind = params.text("as");
  if (kind != "base64" && kind != "hex" && kind != "url") return failed("as must be base64, hex or url");
  if (!params.flag("decode")) return done(encoded(text, kind));
  const back = decoded(text, kind);
  return back === null ? failed("the text is not " + kind) : done(back);
}
