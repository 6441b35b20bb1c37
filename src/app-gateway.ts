import { type App, timer } from "./app.ts";
import type { Loaded } from "./config/load.ts";
import { WeftError } from "./core/error.ts";
import type { Platform } from "./core/platform.ts";
import type { WorkspacePaths } from "./core/workspace.ts";
import { hexOf } from "./lib/hex.ts";
import { checkSession } from "./sessions/session-key.ts";
import { version } from "./version.ts";

export interface ServedGateway {
  readonly url: string;
  readonly token: GatewayToken;
  close(withinMs: number): Promise<void>;
}

export interface GatewayToken {
  readonly value: string;
  /** Where it comes from: the configuration, a variable, or a file of the workspace. */
  readonly from: string;
  readonly isNew: boolean;
}

/** Throws `conflict` when the port is taken. */
export async function serveGateway(app: App): Promise<ServedGateway> {
  const { platform, line, bus, paths } = app;
  const { config } = app.brain.loaded;
  const [{ gatewayApp }, { busMetrics }] = await Promise.all([
    import("./gateway/app.ts"),
    import("./gateway/metrics.ts"),
  ]);
  const token = (await knownToken(platform, app.brain.loaded, paths)) ?? (await newToken(platform, paths));
  const handler = gatewayApp({
    line,
    bus,
    metrics: busMetrics(bus),
    models: gatewayModels(app),
    status: app.status,
    token: token.value,
    tokenHint: `The token is in ${token.from}`,
    limits: { maxBodyBytes: config.gateway.maxBodyBytes, rateLimitRpm: config.gateway.rateLimitRpm },
    allowedHosts: config.gateway.allowedHosts,
    allowedOrigins: config.gateway.allowedOrigins,
    bindHost: config.gateway.host,
    version,
    checkSession,
    deleteSession: app.deleteSession,
    now: platform.now,
    monotonic: platform.monotonic,
    randomId: app.newId,
    residentBytes: platform.residentBytes,
    sha256: (bytes) => platform.crypto.hash("sha256", bytes),
    redact: (text) => app.brain.redact(text),
    timer,
  });
  const { host } = config.gateway;
  const server = await platform.serve({ host, port: config.gateway.port }, { request: handler });
  const url = urlOf(host, server.port);
  await app.publishUrl(url);
  return { url, token, close: server.close };
}

/** The token of the gateway on this workspace; undefined when none was ever made. */
export async function knownToken(
  { files }: Platform,
  { config, env }: Loaded,
  paths: WorkspacePaths,
): Promise<GatewayToken | undefined> {
  if (config.gateway.token) return { value: config.gateway.token, from: "gateway.token", isNew: false };
  const variable = env("CLAWFT_GATEWAY_TOKEN");
  if (variable) return { value: variable, from: "CLAWFT_GATEWAY_TOKEN", isNew: false };
  if (!(await files.stat(paths.token))) return undefined;
  const value = new TextDecoder().decode(await files.read(paths.token)).trim();
  if (value === "") throw new WeftError("config", `${paths.token} is empty: remove it, and a new token is made`);
  return { value, from: paths.token, isNew: false };
}

async function newToken({ files, randomBytes }: Platform, paths: WorkspacePaths): Promise<GatewayToken> {
  const value = hexOf(randomBytes(32));
  await files.create(paths.token, new TextEncoder().encode(`${value}\n`));
  return { value, from: paths.token, isNew: true };
}

function gatewayModels(app: App) {
  const has = (id: string) => {
    try {
      app.brain.models.get(id);
      return true;
    } catch {
      return false;
    }
  };
  return {
    get defaultId() {
      return app.brain.models.defaultId();
    },
    ids: () => app.brain.modelIds().filter(has),
    has,
  };
}

/** How this machine reaches it, also when it listens everywhere. */
function urlOf(host: string, port: number): string {
  const reachable = host === "0.0.0.0" || host === "" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}
