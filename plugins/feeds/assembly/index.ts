import { done, execute, failed, Http, Parameters, Params, Result, Tools } from "../../sdk/assembly";
import { entriesOf } from "./feed";

export { weft_alloc } from "../../sdk/assembly";

export function describe(_at: i32, _length: i32): i64 {
  return new Tools()
    .reads(
      "read",
      "Reads an RSS or Atom feed: title, date, link and the beginning of each entry.",
      new Parameters()
        .field("url", "string", "address of the feed")
        .optional("count", "integer", "how many entries, 1 to 50; 10 unless given"),
    )
    .give();
}

export function execute_tool(at: i32, length: i32): i64 {
  return execute(at, length, run);
}

function run(name: string, params: Params): Result {
  if (name != "read") return failed("there is no tool " + name);
  const url = params.text("url");
  if (params.problem != "") return failed(params.problem);
  const count = <i32>params.number("count", 10);
  if (count < 1 || count > 50) return failed("count must be 1 to 50");
  const answer = Http.get(url);
  if (!answer.ok) return failed(answer.error);
  const status = <i32>answer.json.numberOf("status", 0);
  if (status != 200) return failed("the server answered with HTTP " + status.toString());
  const entries = entriesOf(answer.text("body"), count);
  if (entries.length == 0) return failed("there is no RSS or Atom feed at this address");
  return done(entries.join("\n\n"));
}
