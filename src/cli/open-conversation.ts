import { type App, openApp } from "../app.ts";
import { modelsInUse } from "../app-options.ts";
import type { Loaded } from "../config/load.ts";
import type { TurnEvent } from "../core/channel.ts";
import { WeftError } from "../core/error.ts";
import type { Platform } from "../core/platform.ts";
import { redactor } from "../security/redact.ts";
import type { Conversation, Question } from "./conversation.ts";
import { logTo } from "./log.ts";

export interface ConversationOptions {
  readonly platform: Platform;
  readonly loaded: Loaded;
  readonly verbose: boolean;
  /** How long to wait for another `weft agent` to finish. */
  readonly waitMs: number;
}

/** The workspace has one owner: a running gateway is asked, else we are the owner for as long as this takes. */
export async function openConversation(options: ConversationOptions): Promise<Conversation> {
  const { platform, loaded } = options;
  try {
    return await localConversation(options);
  } catch (thrown) {
    const error = WeftError.from(thrown);
    if (error.code !== "conflict") throw error;
    const [{ runningGateway }, { remoteConversation }] = await Promise.all([
      import("./running-gateway.ts"),
      import("./remote.ts"),
    ]);
    const gateway = await runningGateway(platform, loaded);
    if (!gateway) throw error;
    const { url, token } = gateway;
    if (token === undefined) {
      const how = "set CLAWFT_GATEWAY_TOKEN or CLAWFT_GATEWAY_TOKEN_FILE to the token it was started with";
      throw new WeftError("auth", `${error.message}; to talk to it, ${how}`);
    }
    const longestMs = loaded.config.agents.defaults.turnTimeoutSecs * 1000 + 15_000;
    return remoteConversation({ platform, url, token, longestMs });
  }
}

async function localConversation({ platform, loaded, verbose, waitMs }: ConversationOptions): Promise<Conversation> {
  const redact = redactor(loaded.secrets);
  const app = await openApp(platform, loaded, {
    command: "agent",
    resume: false,
    waitMs,
    waiting: (owner) => {
      const who = owner ? `weft ${owner.command} (pid ${owner.pid})` : "another process";
      platform.terminal.error(`waiting for ${who}, which uses this workspace …\n`).catch(() => {});
    },
    watch: (bus) => void logTo(platform, bus, () => ({ level: verbose ? "debug" : "warn", format: "text", redact })),
  });
  return {
    about: modelsInUse(loaded.config, app.brain.models.defaultId()),
    send: (question, signal) => ask(app, question, signal),
    close: () => app.close(0),
  };
}

async function* ask(app: App, { text, session, model }: Question, signal: AbortSignal): AsyncGenerator<TurnEvent> {
  const receipt = await app.line.receive({
    id: app.newId(),
    from: { channel: "cli", chat: session.slice(session.indexOf(":") + 1) },
    sender: "local",
    session,
    parts: [{ type: "text", text }],
    at: app.platform.now(),
    durable: false,
    ...(model !== undefined && { settings: { model } }),
  });
  const stop = () => {
    if (!app.line.stop(session)) receipt.abandon();
  };
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    yield* receipt.events;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
