import type { Bus, BusEvent, LogFields, LogLevel } from "../core/bus.ts";
import type { Platform } from "../core/platform.ts";
import { errorStyle } from "./style.ts";

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: "auto" | "text" | "json";
  readonly redact: (text: string) => string;
}

const order: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** Writes what the bus tells to standard error: text on a terminal, one JSON object a line elsewhere. */
export function logTo(platform: Platform, bus: Bus, options: () => LogOptions): () => void {
  const { terminal, now } = platform;
  const style = errorStyle(platform);
  return bus.subscribe((event) => {
    const line = lineOf(event);
    const { level, format, redact } = options();
    if (!line || order.indexOf(line.level) < order.indexOf(level)) return;
    const asText = format === "text" || (format === "auto" && terminal.errorIsTerminal);
    const time = new Date(now()).toISOString();
    const message = redact(line.message);
    const fields = Object.fromEntries(
      Object.entries(line.fields).map(([key, value]) => [key, typeof value === "string" ? redact(value) : value]),
    );
    const text = asText
      ? `${style.dim(time.slice(11, 19))} ${coloured(style, line.level)} ${message}${style.dim(fieldText(fields))}`
      : JSON.stringify({ time, level: line.level, message, ...fields });
    // A log that nobody reads any more is no reason to end.
    terminal.error(`${text}\n`).catch(() => {});
  });
}

interface Line {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

function lineOf(event: BusEvent): Line | undefined {
  switch (event.type) {
    case "log":
      return { level: event.level, message: event.message, fields: event.fields ?? {} };
    case "failure": {
      const { code, message, cause } = event.error;
      const stack = code === "internal" && cause instanceof Error ? { stack: cause.stack ?? "" } : {};
      return { level: "error", message: `${event.where}: ${message}`, fields: { code, ...stack } };
    }
    case "turn":
      if (event.state !== "finished") return undefined;
      return {
        level: "info",
        message: `turn finished: ${event.stop}`,
        fields: { turn: event.turn, session: event.session, ms: Math.round(event.ms) },
      };
    case "model": {
      const { turn, model, usage, ms } = event;
      const tokens = { inputTokens: usage.inputTokens, outputTokens: usage.outputTokens };
      return { level: "debug", message: `${model} answered`, fields: { turn, ms: Math.round(ms), ...tokens } };
    }
    case "route":
      return {
        level: "debug",
        message: `${event.model}: ${event.why}`,
        fields: { turn: event.turn, tier: event.tier },
      };
    case "spent":
      return { level: "debug", message: `${event.model} cost`, fields: { turn: event.turn, usd: event.nano / 1e9 } };
    // Who was warned or refused is told in words.
    case "budget":
      return undefined;
    case "tool": {
      const { turn, tool, failed, ms } = event;
      return { level: "debug", message: `${tool} ${failed ? "failed" : "ran"}`, fields: { turn, ms: Math.round(ms) } };
    }
  }
}

function coloured(style: ReturnType<typeof errorStyle>, level: LogLevel): string {
  if (level === "error") return style.red("error");
  return level === "warn" ? style.yellow("warn ") : level.padEnd(5);
}

function fieldText(fields: LogFields): string {
  return Object.entries(fields)
    .map(([key, value]) => `  ${key}=${value}`)
    .join("");
}
