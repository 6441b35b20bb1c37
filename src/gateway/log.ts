import type { Bus, LogLevel } from "../core/bus.ts";

export interface AnsweredRequest {
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  readonly route: string;
  readonly remote: string;
  readonly status: number;
  /** Until the answer began. */
  readonly ms: number;
  readonly turn: string | null;
}

/** One line for each request; probes are for debugging only. */
export function accessLog(bus: Bus, request: AnsweredRequest): void {
  const { requestId, method, path, route, remote, status, ms, turn } = request;
  const fields = {
    request: requestId,
    method,
    path,
    status,
    ms: Math.round(ms),
    remote,
    ...(turn !== null && { turn }),
  };
  bus.publish({ type: "log", level: levelOf(route, status), message: `${method} ${path} ${status}`, fields });
}

function levelOf(route: string, status: number): LogLevel {
  if (status >= 500) return "warn";
  return status < 400 && probes.has(route) ? "debug" : "info";
}

const probes: ReadonlySet<string> = new Set(["healthz", "readyz", "status", "metrics"]);
