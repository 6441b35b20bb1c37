import type { Audit } from "../core/audit.ts";
import type { Bus } from "../core/bus.ts";
import type { Line } from "../core/line.ts";
import type { Pairing } from "../core/pairing.ts";
import type { PartStatus } from "../core/status.ts";
import type { Presented } from "./guard.ts";
import type { Metrics } from "./metrics.ts";
import type { Timer } from "./within.ts";

export interface GatewayOptions {
  readonly line: Line;
  readonly models: GatewayModels;
  readonly status: () => Promise<readonly PartStatus[]>;
  readonly bus: Bus;
  readonly audit: Pick<Audit, "note">;
  readonly metrics: Metrics;
  readonly token: string;
  /** Said to who comes without the token: where it is, and the command that prints it. */
  readonly tokenHint: string;
  readonly limits: GatewayLimits;
  /** Names under which we are reached, beside localhost and IP addresses; each with or without a port. */
  readonly allowedHosts: readonly string[];
  /** Pages of other origins that may use the API from a browser, for example `https://chat.example.com`. */
  readonly allowedOrigins: readonly string[];
  readonly bindHost: string;
  readonly version: string;
  /** False when there was none. */
  readonly deleteSession: (session: string) => Promise<boolean>;
  /** Throws `invalid` for a session key that cannot be kept. */
  readonly checkSession: (session: string) => void;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly monotonic: () => number;
  readonly randomId: () => string;
  readonly residentBytes: () => number;
  readonly sha256: (bytes: Uint8Array) => Uint8Array;
  /** Takes secrets out of a text that is shown. */
  readonly redact: (text: string) => string;
  readonly timer: Timer;
  /** Loaded when first asked for. */
  readonly pairing: () => Promise<Pairing>;
}

export interface GatewayModels {
  /** `vendor/model` of the default. */
  readonly defaultId: string;
  /** What to show in a list: the default and what else was configured. */
  ids(): readonly string[];
  /** Whether a turn may name this model, listed or not. */
  has(id: string): boolean;
}

export interface GatewayLimits {
  readonly maxBodyBytes: number;
  /** Requests a minute of one client; 0 = no limit. */
  readonly rateLimitRpm: number;
}

/** One request on its way through. */
export interface Exchange {
  readonly request: Request;
  /** The client's IP address. */
  readonly remote: string;
  readonly requestId: string;
  readonly presented: Presented;
  /** The route's name once it is known. */
  route: string;
  /** What stands in its path, by name. */
  parameters: Readonly<Record<string, string>>;
}
