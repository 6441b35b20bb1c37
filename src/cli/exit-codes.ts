import type { ErrorCode } from "../core/error.ts";

export function exitCodeOf(code: ErrorCode): number {
  return exitCodes[code] ?? 1;
}

const exitCodes: Partial<Readonly<Record<ErrorCode, number>>> = {
  usage: 2,
  config: 3,
  auth: 4,
  unavailable: 5,
  limit: 5,
  refused: 6,
  budget: 6,
  timeout: 7,
  aborted: 130,
};
