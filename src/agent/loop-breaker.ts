import type { CallPart, ResultPart } from "../core/message.ts";

/** Same call, same result, this often. */
const mostRepeats = 3;
/** The same two calls in turn, whatever their results, this many rounds: undoing and redoing. */
const mostPingPongs = 4;
/** The same tool failing with the same words, this often in a row. */
const mostFailures = 4;

export interface LoopBreaker {
  /** Call after each result; a text says why the turn should end, for the user. */
  record(call: CallPart, result: ResultPart): string | undefined;
}

/** Watches one turn. A model that repeats itself without anything changing will not stop by itself. */
export function loopBreaker(): LoopBreaker {
  const seen = new Map<string, number>();
  const recent: string[] = [];
  let failures = { what: "", count: 0 };
  return {
    record(call, result) {
      const print = JSON.stringify([call.tool, call.input, result.text]);
      const repeats = (seen.get(print) ?? 0) + 1;
      seen.set(print, repeats);
      recent.push(JSON.stringify([call.tool, call.input]));
      if (recent.length > mostPingPongs * 2) recent.shift();
      const what = result.failed ? `${call.tool} ${result.text}` : "";
      failures = { what, count: what !== "" && what === failures.what ? failures.count + 1 : 1 };
      if (isPingPong(recent)) return `it went back and forth between the same two calls of ${toolsOf(recent)}`;
      if (repeats >= mostRepeats)
        return `it called ${call.tool} ${repeats} times with the same arguments and got the same result`;
      if (what !== "" && failures.count >= mostFailures) {
        return `${call.tool} failed ${failures.count} times in a row: ${firstLine(result.text)}`;
      }
      return undefined;
    },
  };
}

function isPingPong(recent: readonly string[]): boolean {
  if (recent.length < mostPingPongs * 2 || recent[0] === recent[1]) return false;
  return recent.every((print, index) => print === recent[index % 2]);
}

function toolsOf(recent: readonly string[]): string {
  const names = recent.slice(0, 2).map((print) => String((JSON.parse(print) as unknown[])[0]));
  return [...new Set(names)].join(" and ");
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0]?.slice(0, 200) ?? "";
}
