import type { WeftError } from "./error.ts";
import type { Usage } from "./model.ts";
import type { Nano, Period } from "./spending.ts";

export type BusEvent =
  | { readonly type: "turn"; readonly state: "accepted" | "started"; readonly turn: string; readonly session: string }
  | {
      readonly type: "turn";
      readonly state: "finished";
      readonly turn: string;
      readonly session: string;
      readonly ms: number;
      readonly stop: string;
    }
  | {
      readonly type: "model";
      readonly turn: string;
      readonly model: string;
      readonly usage: Usage;
      readonly ms: number;
    }
  | {
      readonly type: "tool";
      readonly turn: string;
      readonly tool: string;
      readonly failed: boolean;
      readonly ms: number;
    }
  | {
      /** The router chose a model for a turn. */
      readonly type: "route";
      readonly turn: string;
      readonly tier: string;
      /** The complexity of what was asked. */
      readonly score: number;
      readonly model: string;
      readonly why: string;
    }
  | {
      /** A call of a model was settled. */
      readonly type: "spent";
      readonly turn: string;
      readonly model: string;
      readonly channel: string;
      readonly nano: Nano;
    }
  | {
      readonly type: "budget";
      readonly state: "warned" | "refused";
      readonly scope: string;
      readonly period: Period;
    }
  | { readonly type: "failure"; readonly where: string; readonly error: WeftError }
  | { readonly type: "log"; readonly level: LogLevel; readonly message: string; readonly fields?: LogFields };

export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFields = Readonly<Record<string, string | number | boolean>>;

/** For watching only; nothing may depend on somebody listening. */
export interface Bus {
  publish(event: BusEvent): void;
  /** Returns what ends the subscription. */
  subscribe(listener: (event: BusEvent) => void): () => void;
}
