import { initialStatus } from "../app-status.ts";
import type { Loaded } from "../config/load.ts";
import { WeftError } from "../core/error.ts";
import type { Platform } from "../core/platform.ts";
import { type PartStatus, worstOf } from "../core/status.ts";
import { version } from "../version.ts";
import type { Call } from "./command.ts";
import { load } from "./loading.ts";
import { checked } from "./remote.ts";
import { type RunningGateway, runningGateway } from "./running-gateway.ts";
import { table } from "./style.ts";

interface Report {
  readonly version: string;
  readonly state: "ok" | "degraded" | "failed";
  /** Of the gateway that was asked; absent: none runs, and we looked ourselves. */
  readonly gateway?: string;
  readonly running?: number;
  readonly waiting?: number;
  readonly parts: readonly (PartStatus & { readonly ageMs?: number })[];
}

/** `weft status`: 0 when it can serve. */
export async function status(call: Call): Promise<number> {
  const { platform, options } = call;
  const loaded = await load(call);
  const report =
    (await askGateway(platform, loaded)) ??
    (await lookOurselves(platform, loaded, "detailed" in options || "json" in options));
  const { terminal } = platform;
  if ("json" in options) await terminal.out(`${JSON.stringify(report, null, 2)}\n`);
  else await terminal.out("detailed" in options ? detailed(report) : short(report, loaded));
  if (report.state !== "failed") return 0;
  const failed = report.parts.filter(({ state }) => state === "failed");
  await terminal.error(`weft: not ready: ${failed.map(({ part, detail }) => `${part}: ${detail}`).join("; ")}\n`);
  return 1;
}

/** Undefined when no gateway runs. Throws `unavailable` when one holds the workspace and does not answer. */
async function askGateway(platform: Platform, loaded: Loaded): Promise<Report | undefined> {
  const gateway = await runningGateway(platform, loaded);
  if (!gateway) return undefined;
  const response = await checked(
    platform
      .fetch(`${gateway.url}/status`, {
        headers: { authorization: `Bearer ${gateway.token ?? ""}` },
        signal: AbortSignal.timeout(4000),
        connectTimeoutMs: 2000,
      })
      .catch((error: unknown) => {
        throw unanswered(gateway, error);
      }),
  );
  const report = (await response.json()) as Report;
  return { ...report, gateway: gateway.url };
}

function unanswered({ url, pid }: RunningGateway, error: unknown): WeftError {
  const why = WeftError.from(error).message;
  return new WeftError(
    "unavailable",
    `the gateway (pid ${pid}) holds the workspace but does not answer at ${url}: ${why}`,
  );
}

async function lookOurselves(platform: Platform, loaded: Loaded, detailed: boolean): Promise<Report> {
  const parts = await initialStatus(platform, loaded, detailed);
  return { version, state: worstOf(parts), parts };
}

function short({ version: running, gateway, state, parts }: Report, loaded: Loaded): string {
  const detailOf = (name: string) => parts.find(({ part }) => part === name)?.detail ?? "";
  const where = gateway === undefined ? "no gateway is running; the agent can start" : `gateway at ${gateway}`;
  return [
    `weft ${running}: ${state === "failed" ? "not ready" : "ready"} (${where})`,
    `Config: ${loaded.path}`,
    `Model: ${detailOf("model")}`,
    `Workspace: ${loaded.workspace}`,
    "",
  ].join("\n");
}

function detailed({ version: running, gateway, running: turns, waiting, parts }: Report): string {
  const where = gateway === undefined ? "no gateway is running" : `gateway at ${gateway}`;
  const busy = turns === undefined ? "" : `, ${turns} turn(s) running, ${waiting} waiting`;
  const rows = parts.map(({ part, state, detail, ageMs }) => [part, state, age(ageMs), detail]);
  return `weft ${running}, ${where}${busy}\n${table([["PART", "STATE", "SEEN", "DETAIL"], ...rows])}`;
}

function age(ms: number | undefined): string {
  return ms === undefined || ms < 1000 ? "now" : `${Math.round(ms / 1000)} s ago`;
}
