/** Cuts text that arrives in pieces into lines ended by LF, CRLF or CR. */
export interface LineSplitter {
  /** The lines that are complete now. Throws RangeError when one grows over the limit. */
  push(text: string): string[];
  /** What came after the last line end; empty when nothing did. */
  rest(): string;
}

export function lineSplitter(mostCharacters: number): LineSplitter {
  const state = { rest: "", afterReturn: false };
  return {
    push(text) {
      // The LF of a CRLF that was cut between two pieces ends nothing.
      const piece = state.afterReturn && text.startsWith("\n") ? text.slice(1) : text;
      if (text !== "") state.afterReturn = text.endsWith("\r");
      const lines = unified(piece).split("\n");
      lines[0] = state.rest + (lines[0] ?? "");
      state.rest = lines.pop() ?? "";
      if (state.rest.length > mostCharacters) throw new RangeError(`a line of more than ${mostCharacters} characters`);
      return lines;
    },
    rest: () => state.rest,
  };
}

/** Splitting at a regular expression would try it at every character, which QuickJS does in earnest. */
function unified(text: string): string {
  return text.includes("\r") ? text.replaceAll("\r\n", "\n").replaceAll("\r", "\n") : text;
}
