import type { Platform } from "../core/platform.ts";

export interface Style {
  dim(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
}

/** Colours of standard error, where it is a terminal and NO_COLOR (https://no-color.org) is not set. */
export function errorStyle({ terminal, env }: Platform): Style {
  const coloured = terminal.errorIsTerminal && !env["NO_COLOR"] && env["TERM"] !== "dumb";
  const paint = (code: number) => (text: string) => (coloured ? `\x1b[${code}m${text}\x1b[0m` : text);
  return { dim: paint(2), red: paint(31), yellow: paint(33) };
}

/** Text from outside without what would steer the terminal. */
export function harmless(text: string): string {
  return [...text]
    .filter((character) => {
      const code = character.codePointAt(0) ?? 0;
      return code === 9 || code === 10 || (code >= 32 && code !== 127 && !(code >= 0x80 && code < 0xa0));
    })
    .join("");
}

/** Rows in columns, the last one as long as it is. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))));
  return lines.map((cells) => `${cells.join("  ").trimEnd()}\n`).join("");
}
