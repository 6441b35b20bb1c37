import { type App, timer } from "./app.ts";
import { configDigest } from "./app-config-changes.ts";
import { type GatewayToken, knownToken, newToken } from "./app-token.ts";
import { checkSession } from "./sessions/session-key.ts";
import { version } from "./version.ts";

export interface ServedGateway {
  readonly url: string;
  readonly token: GatewayToken;
  close(withinMs: number): Promise<void>;
}

/** Throws `conflict` when the port is taken. */
export async function serveGateway(app: App): Promise<ServedGateway> {
  const { platform, line, bus, audit, paths } = app;
  const { config } = app.brain.loaded;
  const [{ gatewayApp }, { busMetrics }] = await Promise.all([
    import("./gateway/app.ts"),
    import("./gateway/metrics.ts"),
  ]);
  const token = (await knownToken(platform, app.brain.loaded, paths)) ?? (await newToken(platform, paths));
  const handler = gatewayApp({
    line,
    bus,
    audit,
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
    pairing: app.pairing,
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
  const detail = `weft ${version}, configuration ${configDigest(platform, app.brain.loaded)}`;
  await audit.note({ kind: "gateway", subject: `started at ${url}`, outcome: "ok", detail });
  return { url, token, close: server.close };
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
