import type { Platform } from "../core/platform.ts";

export interface Option {
  /** Long name without dashes. */
  readonly name: string;
  readonly short?: string;
  /** What its value is called; absent: it takes none. */
  readonly value?: string;
  readonly about: string;
}

export interface Argument {
  readonly name: string;
  readonly about: string;
  readonly optional?: true;
  /** What the shell completes it with. */
  readonly complete?: "sessions" | "shells" | "topics" | "keys" | "sections";
}

/** One command of the command line; `load` brings its code only when it runs. */
export interface Command {
  /** As typed, for example `sessions list`. */
  readonly name: string;
  readonly about: string;
  readonly arguments?: readonly Argument[];
  readonly options?: readonly Option[];
  readonly examples?: readonly string[];
  readonly hidden?: true;
  load(): Promise<Run>;
}

/** Resolves with the exit code. */
export type Run = (call: Call) => Promise<number>;

export interface Call {
  readonly platform: Platform;
  /** By the arguments' names. */
  readonly arguments: Readonly<Record<string, string>>;
  /** By the options' names; "" for those without a value. */
  readonly options: Readonly<Record<string, string>>;
  /** All commands there are, for help and completions. */
  readonly commands: readonly Command[];
  /** All words after the command, as typed. */
  readonly words: readonly string[];
}

export const configOption: Option = { name: "config", short: "c", value: "FILE", about: "use this configuration" };
export const jsonOption: Option = { name: "json", about: "print JSON" };
export const verboseOption: Option = { name: "verbose", short: "v", about: "tell more on standard error" };
