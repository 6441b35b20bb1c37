import { WeftError } from "../../core/error.ts";
import type { LineOptions, LineReader, Terminal } from "../../core/platform.ts";
import { joinedBytes } from "../../lib/body.ts";
import { errnoOf } from "../shared/file-system.ts";
import { host } from "./host.ts";

export function nativeTerminal(): Terminal {
  const out = putter(1);
  const error = putter(2);
  return {
    get inputIsTerminal() {
      return host.isTerminal(0);
    },
    get outputIsTerminal() {
      return host.isTerminal(1);
    },
    get errorIsTerminal() {
      return host.isTerminal(2);
    },
    get columns() {
      return host.columns() || 80;
    },
    out,
    error,
    readAll,
    readSecret: async (prompt) =>
      await (await import("../shared/secret-line.ts")).readSecretLine(
        { raw: host.setRaw, read: host.readInput, show: error },
        prompt,
      ),
    readLines: (options) => readLines(options, error),
  };
}

/** One text after the other, also when one has to wait for its reader. */
function putter(fd: 1 | 2): (text: string) => Promise<void> {
  let last: Promise<unknown> | undefined;
  const put = async (text: string) => {
    try {
      await host.put(fd, text.toWellFormed());
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      const code = errnoOf(thrown) === "EPIPE" ? "aborted" : "unavailable";
      throw new WeftError(code, `cannot write: ${message}`, { cause: thrown });
    }
  };
  return async (text) => {
    const before = last;
    const mine = before ? before.then(() => put(text)) : put(text);
    const settled = mine.catch(() => {});
    last = settled;
    try {
      await mine;
    } finally {
      if (last === settled) last = undefined;
    }
  };
}

async function readAll(limit: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (let chunk = await host.readInput(); chunk.length > 0; chunk = await host.readInput()) {
    bytes += chunk.length;
    if (bytes > limit) throw new WeftError("invalid", `standard input is longer than ${limit} bytes`);
    chunks.push(chunk);
  }
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(joinedBytes(chunks));
}

function readLines(options: LineOptions, show: (text: string) => Promise<void>): LineReader {
  const isInteractive = host.isTerminal(0) && host.isTerminal(2);
  const opening = import("./line-reader.ts").then(({ lineReader, plainReader }) =>
    isInteractive ? lineReader(options, show) : plainReader(options, show),
  );
  return {
    next: async (prompt) => await (await opening).next(prompt),
    close() {
      void opening.then((reader) => reader.close());
    },
  };
}
