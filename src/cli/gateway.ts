import { type App, openApp } from "../app.ts";
import { changedKeys, configDigest } from "../app-config-changes.ts";
import { type ServedGateway, serveGateway } from "../app-gateway.ts";
import { modelsInUse } from "../app-options.ts";
import { loadConfig } from "../config/load.ts";
import { WeftError } from "../core/error.ts";
import type { Platform } from "../core/platform.ts";
import { absentSections } from "../features.ts";
import { redactor } from "../security/redact.ts";
import { version } from "../version.ts";
import type { Call } from "./command.ts";
import { load } from "./loading.ts";
import { type LogOptions, logTo } from "./log.ts";
import { errorStyle } from "./style.ts";

/** `weft gateway`; resolves when it was stopped. */
export async function gateway(call: Call): Promise<number> {
  const { platform, options } = call;
  const loaded = await load(call);
  const log = { options: logOptions(loaded, options) };
  const app = await openApp(platform, loaded, {
    command: "gateway",
    resume: true,
    waitMs: 5000,
    watch: (bus) => {
      logTo(platform, bus, () => log.options);
      // A mistake of ours ends what it happened in, never the process.
      platform.onUncaught((thrown) =>
        bus.publish({ type: "failure", where: "gateway", error: WeftError.from(thrown) }),
      );
    },
  });
  // Before anybody can see that it is ready, and send a signal.
  const stop = stopped(platform);
  const reloads = platform.onSignal((signal) => {
    if (signal !== "reload") return;
    reload(call, app).then(
      (next) => {
        log.options = next;
      },
      (thrown: unknown) => {
        const error = WeftError.from(thrown);
        app.bus.publish({ type: "failure", where: "reload", error });
        void app.audit.note({ kind: "config", subject: "reload", outcome: "failed", reason: error.message });
      },
    );
  });
  const served = await serveOrClose(app);
  await announce(call, app, served);
  await stop;
  reloads();
  return await shutDown(call, app, served);
}

/** Without its port a gateway is of no use: what was opened is given back. */
async function serveOrClose(app: App): Promise<ServedGateway> {
  try {
    return await serveGateway(app);
  } catch (error) {
    await app.close(0);
    throw error;
  }
}

function logOptions(loaded: App["brain"]["loaded"], options: Call["options"]): LogOptions {
  const { level, format } = loaded.config.log;
  return { level: "verbose" in options ? "debug" : level, format, redact: redactor(loaded.secrets) };
}

async function announce({ platform }: Call, app: App, { url, token }: ServedGateway): Promise<void> {
  const style = errorStyle(platform);
  const lines = [
    `weft ${version} gateway is running: ${url}`,
    `  model      ${modelsInUse(app.brain.loaded.config, app.brain.models.defaultId())}`,
    `  workspace  ${app.paths.root}`,
    `  token      ${token.isNew ? `${token.value} (new, shown once; kept in ${token.from})` : `in ${token.from}`}`,
    ...(await pairingLines(app)),
    style.dim(`  OpenAI clients: base URL ${url}/v1, API key = the token. Ctrl-C stops.`),
  ];
  await platform.terminal.error(`${lines.join("\n")}\n`);
}

async function pairingLines(app: App): Promise<string[]> {
  if (app.channels.length === 0) return [];
  const { pairingHint } = await import("../security/pairing-words.ts");
  return pairingHint(app.channels, (await app.pairing()).list());
}

function stopped(platform: Platform): Promise<void> {
  return new Promise((resolve) => {
    const ignore = platform.onSignal((signal) => {
      if (signal !== "stop") return;
      ignore();
      resolve();
    });
  });
}

/** Running turns have the drain budget; a second signal cuts it short. */
async function shutDown({ platform }: Call, app: App, served: ServedGateway): Promise<number> {
  const drainMs = app.brain.loaded.config.gateway.drainSecs * 1000;
  const { running, waiting } = app.line.busy();
  const what = running + waiting === 0 ? "" : `: ${running} turn(s) may finish within ${drainMs / 1000} s`;
  app.bus.publish({ type: "log", level: "info", message: `shutting down${what}` });
  await app.audit.note({ kind: "gateway", subject: "stopping", outcome: "ok" });
  const drained = app.close(drainMs);
  const again = stopped(platform).then(() => "again" as const);
  if ((await Promise.race([drained, again])) === "again") {
    app.bus.publish({
      type: "log",
      level: "warn",
      message: "stopping at once; what was running goes on after the next start",
    });
    await app.close(0);
  }
  await served.close(500);
  return 0;
}

/** Check, build new, swap; a configuration that is wrong changes nothing. */
async function reload({ platform, options }: Call, app: App): Promise<LogOptions> {
  const loaded = await loadConfig(platform, { path: options["config"], without: absentSections() });
  const before = app.brain.loaded;
  await app.reload(loaded);
  const detail = { configuration: configDigest(platform, loaded), changed: changedKeys(before, loaded).join(", ") };
  await app.audit.note({ kind: "config", subject: "reload", outcome: "ok", detail });
  for (const message of loaded.warnings) app.bus.publish({ type: "log", level: "warn", message });
  const message = "the configuration was read anew; gateway.* and agents.limits.* need a restart";
  app.bus.publish({ type: "log", level: "info", message });
  return logOptions(loaded, options);
}
