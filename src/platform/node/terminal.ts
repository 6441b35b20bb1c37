import type { Writable } from "node:stream";
import { WeftError } from "../../core/error.ts";
import type { LineOptions, LineReader, Terminal } from "../../core/platform.ts";
import { errnoOf } from "../shared/file-system.ts";

export function nodeTerminal(): Terminal {
  return {
    get inputIsTerminal() {
      return process.stdin.isTTY === true;
    },
    get outputIsTerminal() {
      return process.stdout.isTTY === true;
    },
    get errorIsTerminal() {
      return process.stderr.isTTY === true;
    },
    get columns() {
      return process.stdout.columns ?? process.stderr.columns ?? 80;
    },
    out: (text) => put(process.stdout, text),
    error: (text) => put(process.stderr, text),
    readAll,
    readSecret,
    readLines,
  };
}

const watched = new WeakSet<Writable>();

function put(stream: Writable, text: string): Promise<void> {
  if (!watched.has(stream)) {
    watched.add(stream);
    // The write's own callback tells; without a listener the process would end here.
    stream.on("error", () => stream.destroy());
  }
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => {
      if (!error) return resolve();
      const closed = errnoOf(error) === "EPIPE" || errnoOf(error) === "ERR_STREAM_DESTROYED";
      reject(new WeftError(closed ? "aborted" : "unavailable", `cannot write: ${error.message}`, { cause: error }));
    });
  });
}

async function readAll(limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limit) throw new WeftError("invalid", `standard input is longer than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function readSecret(prompt: string): Promise<string> {
  const { readSecretLine } = await import("../shared/secret-line.ts");
  const { stdin } = process;
  const pieces = stdin.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer, undefined>;
  const keyboard = {
    raw: (on: boolean) => void stdin.setRawMode(on),
    read: async () => (await pieces.next()).value ?? new Uint8Array(),
    show: (text: string) => put(process.stderr, text),
  };
  try {
    return await readSecretLine(keyboard, prompt);
  } finally {
    await pieces.return?.();
    stdin.pause();
  }
}

function readLines(options: LineOptions): LineReader {
  const lines: string[] = [];
  let wake: () => void = () => {};
  let ended = false;
  let close: () => void = () => {};
  const opening = import("node:readline").then(({ createInterface }) => {
    const reader = createInterface({
      input: process.stdin,
      output: process.stderr,
      terminal: process.stdin.isTTY === true && process.stderr.isTTY === true,
      history: options.history.toReversed(),
      historySize: 1000,
      removeHistoryDuplicates: true,
      completer: (line: string) => [options.complete(line), line],
    });
    reader.on("line", (line) => {
      if (options.intercept(line)) return;
      lines.push(line);
      wake();
    });
    reader.on("SIGINT", options.onInterrupt);
    reader.on("close", () => {
      ended = true;
      wake();
    });
    close = () => reader.close();
    return reader;
  });
  return {
    async next(prompt) {
      const reader = await opening;
      if (lines.length === 0 && !ended) {
        reader.setPrompt(prompt);
        reader.prompt();
      }
      while (lines.length === 0) {
        if (ended) return undefined;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return lines.shift();
    },
    close: () => close(),
  };
}
