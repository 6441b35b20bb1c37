import { WeftError } from "../../core/error.ts";

export interface Keyboard {
  /** True: keys one by one and without echo. */
  raw(on: boolean): void;
  /** What was typed next; empty at the end of input. */
  read(): Promise<Uint8Array>;
  show(text: string): Promise<void>;
}

/** See `Terminal.readSecret`. */
export async function readSecretLine({ raw, read, show }: Keyboard, prompt: string): Promise<string> {
  await show(prompt);
  raw(true);
  try {
    const decoder = new TextDecoder();
    const typed: string[] = [];
    for (;;) {
      const bytes = await read();
      if (bytes.length === 0) throw nothingEntered();
      for (const key of decoder.decode(bytes, { stream: true })) if (press(typed, key)) return typed.join("");
    }
  } finally {
    raw(false);
    await show("\n");
  }
}

/** True when the line is done. */
function press(typed: string[], key: string): boolean {
  if (key === "\x03" || key === "\x04") throw nothingEntered();
  // Ctrl-U
  if (key === "\x15") typed.length = 0;
  else if (key === "\x7f" || key === "\b") typed.pop();
  else if (key >= " ") typed.push(key);
  return key === "\r" || key === "\n";
}

function nothingEntered(): WeftError {
  return new WeftError("aborted", "nothing was entered");
}
