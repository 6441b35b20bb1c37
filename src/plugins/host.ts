import type { Bus, LogLevel } from "../core/bus.ts";
import type { Door } from "../core/door.ts";
import { WeftError } from "../core/error.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { Platform } from "../core/platform.ts";
import type { Actor } from "../core/tool.ts";
import { bytesOfBase64 } from "../lib/base64.ts";
import type { PluginAudit } from "./audit.ts";
import { fileAccess } from "./file-access.ts";
import { aboutRequest, httpRequest, textOrBase64, withoutPaths } from "./http-request.ts";
import { deniedVariables, logCharacters, messageBytes } from "./limits.ts";
import type { Manifest } from "./manifest.ts";
import { rateLimit } from "./rate.ts";

export interface HostOptions {
  readonly manifest: Manifest;
  readonly platform: Pick<Platform, "files" | "env" | "monotonic">;
  /** Absolute path. */
  readonly workspace: string;
  readonly bus: Pick<Bus, "publish">;
  readonly audit: PluginAudit;
}

/** What a call is made with; it is another one each time. */
export interface CallContext {
  readonly actor: Actor;
  readonly door: Door;
  /** Environment variables that the configuration takes keys from. */
  readonly keyVariables: ReadonlySet<string>;
  readonly signal: AbortSignal;
}

/** Answers what a guest asks: JSON in UTF-8 both ways, always with `ok`. Throws only when the call was ended. */
export type Host = (name: string, request: Uint8Array, context: CallContext) => Promise<Uint8Array>;

interface HostFunction {
  run(request: JsonObject, context: CallContext): Promise<JsonObject>;
  /** For the audit; without values. */
  about(request: JsonObject): string;
}

/** The functions of module `weft` that guests may import. */
export const hostFunctionNames = ["http_request", "read_file", "write_file", "get_env", "log"] as const;

/** The host functions of one plugin, with its permissions and its limits by the minute. */
export function pluginHost(options: HostOptions): Host {
  const functions = hostFunctions(options);
  const { audit, manifest } = options;
  return async (name, bytes, context) => {
    const request = requestIn(bytes);
    const known = functions[name as keyof typeof functions];
    const entry = {
      plugin: manifest.id,
      actor: context.actor,
      call: name,
      what: request ? known.about(request) : "",
    };
    try {
      if (!request) throw new WeftError("invalid", `${name}: the request is no JSON object of at most 12 MiB`);
      const { denied, ...answer } = await known.run(request, context);
      audit.add({ ...entry, allowed: denied === undefined, why: typeof denied === "string" ? denied : "" });
      return jsonBytes({ ok: true, ...answer });
    } catch (thrown) {
      const error = WeftError.from(thrown);
      const allowed = !["refused", "limit", "invalid"].includes(error.code);
      audit.add({ ...entry, allowed, why: withoutPaths(error.message) });
      context.signal.throwIfAborted();
      return jsonBytes({ ok: false, error: error.message });
    }
  };
}

function hostFunctions(options: HostOptions): Readonly<Record<(typeof hostFunctionNames)[number], HostFunction>> {
  const { manifest, platform, workspace } = options;
  const { permissions, resources } = manifest;
  const perMinute = resources.max_http_requests_per_minute;
  const http = {
    plugin: manifest.id,
    network: permissions.network,
    mayRequest: rateLimit(perMinute, platform.monotonic),
    perMinute,
  };
  const files = fileAccess({ files: platform.files, workspace, folders: permissions.filesystem });
  const aboutPath = (request: JsonObject) => String(request["path"] ?? "");
  return {
    http_request: { about: aboutRequest, run: (request, context) => httpRequest(http, request, context) },
    read_file: {
      about: aboutPath,
      run: async (request) => textOrBase64(await files.read(textAt(request, "path")), "text"),
    },
    write_file: {
      about: aboutPath,
      async run(request) {
        const bytes = contentOf(request);
        await files.write(textAt(request, "path"), bytes);
        return { bytes: bytes.length };
      },
    },
    get_env: { about: (request) => String(request["name"] ?? ""), run: async (...call) => variable(options, ...call) },
    log: logFunction(options),
  };
}

/** What a plugin may not see looks to it as if it was not set. */
function variable({ manifest, platform }: HostOptions, request: JsonObject, { keyVariables }: CallContext): JsonObject {
  const name = textAt(request, "name");
  const why = deniedVariables.includes(name)
    ? "no plugin may see it"
    : keyVariables.has(name) || name.startsWith("CLAWFT_")
      ? "the configuration takes a key from it"
      : manifest.permissions.env_vars.includes(name)
        ? undefined
        : "it is not in permissions.env_vars";
  if (why !== undefined) return { value: null, denied: why };
  return { value: platform.env[name] || null };
}

const levels: readonly LogLevel[] = ["error", "warn", "info", "debug", "debug"];

function logFunction({ manifest, platform, bus }: HostOptions): HostFunction {
  const perMinute = manifest.resources.max_log_messages_per_minute;
  const mayLog = rateLimit(perMinute, platform.monotonic);
  return {
    about: ({ level }) => (typeof level === "number" ? `level ${level}` : ""),
    async run(request) {
      const { level } = request;
      const name = typeof level === "number" ? levels[level] : undefined;
      if (name === undefined) throw new WeftError("invalid", "level: expected 0 (error) to 4 (trace)");
      const text = textAt(request, "message");
      if (!mayLog()) throw new WeftError("limit", `more than ${perMinute} log messages in a minute`);
      const message = text.slice(0, logCharacters).replace(/\p{Cc}+/gu, " ");
      bus.publish({
        type: "log",
        level: name,
        message: `plugin ${manifest.id}: ${message}`,
        fields: { plugin: manifest.id },
      });
      return {};
    },
  };
}

function textAt(request: JsonObject, key: string): string {
  const value = request[key];
  if (typeof value === "string") return value;
  throw new WeftError("invalid", `${key}: expected a text`);
}

function contentOf(request: JsonObject): Uint8Array {
  const { text, base64 } = request;
  if (typeof text === "string" && base64 === undefined) return new TextEncoder().encode(text);
  if (typeof base64 !== "string" || text !== undefined) {
    throw new WeftError("invalid", "expected the content as text or as base64");
  }
  try {
    return bytesOfBase64(base64);
  } catch {
    throw new WeftError("invalid", "base64: it cannot be read");
  }
}

function requestIn(bytes: Uint8Array): JsonObject | undefined {
  if (bytes.length > messageBytes) return undefined;
  const value = jsonIn(bytes);
  return isJsonObject(value) ? value : undefined;
}

/** Undefined when it is not JSON in UTF-8. */
export function jsonIn(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

export function jsonBytes(value: JsonObject): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
