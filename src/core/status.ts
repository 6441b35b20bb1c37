/** One part of the program and how it is; `status`, `/status` and `/readyz` show these. */
export interface PartStatus {
  /** For example `model`, `workspace`, `journal`. */
  readonly part: string;
  /** `failed` makes the program not ready; `degraded` and `off` do not. */
  readonly state: "ok" | "degraded" | "failed" | "off";
  /** One line for people, ending in the next step to take when something is wrong. */
  readonly detail: string;
  /** When this was last seen to be so, Unix milliseconds. */
  readonly at: number;
}

export function worstOf(parts: readonly PartStatus[]): "ok" | "degraded" | "failed" {
  const worst = (["failed", "degraded"] as const).find((state) => parts.some((part) => part.state === state));
  return worst ?? "ok";
}
