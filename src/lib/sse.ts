import { lineSplitter } from "./lines.ts";

/** Reads server-sent events out of text that arrives in pieces (WHATWG HTML, section 9.2.6). */
export interface SseDecoder {
  /** The data of each event that is complete now. Throws RangeError when one grows over the limit. */
  push(text: string): string[];
  /** The data of an event that the end of the stream cut off before its empty line; servers do forget it. */
  end(): string[];
}

export function sseDecoder(mostCharacters: number): SseDecoder {
  const lines = lineSplitter(mostCharacters);
  let fields: string[] = [];
  let size = 0;
  const dispatch = (): string[] => {
    const event = fields;
    fields = [];
    size = 0;
    return event.length === 0 ? [] : [event.join("\n")];
  };
  const read = (line: string): string[] => {
    if (line === "") return dispatch();
    const data = dataOf(line);
    if (data === undefined) return [];
    size += data.length;
    if (size > mostCharacters) throw new RangeError(`an event of more than ${mostCharacters} characters`);
    fields.push(data);
    return [];
  };
  let begun = false;
  return {
    push(text) {
      const clean = !begun && text.startsWith("\uFEFF") ? text.slice(1) : text;
      begun ||= text !== "";
      return lines.push(clean).flatMap(read);
    },
    end: () => [...read(lines.rest()), ...dispatch()],
  };
}

/** Comments and the fields `event`, `id` and `retry` say nothing that a model's answer needs. */
function dataOf(line: string): string | undefined {
  if (line === "data") return "";
  if (!line.startsWith("data:")) return undefined;
  return line.startsWith("data: ") ? line.slice(6) : line.slice(5);
}
