import type { ProviderDoor } from "../core/door.ts";
import { WeftError } from "../core/error.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import { piecesOf } from "../lib/body.ts";
import type { ModelFacts } from "./context-sizes.ts";
import type { ProbeKind } from "./vendors.ts";

export interface ProbeTarget {
  readonly kind: ProbeKind;
  /** Base URL of the wire protocol, without a trailing slash. */
  readonly url: string;
  /** The model's name on the wire. */
  readonly name: string;
}

const limitMs = 2000;

/**
 * Ollama gives a model the context that a request asks for, in its memory. More than this must be configured, so that
 * a chat does not fill a small machine.
 */
const ollamaContextTokens = 16_384;

/**
 * What a self-hosted server says of a model, by one request of at most 2 s; what it does not say is absent, and all of
 * it where the server has no such route. Throws when it does not answer or answers something else.
 */
export async function probeModel(target: ProbeTarget, door: ProviderDoor): Promise<Partial<ModelFacts>> {
  const { method, path, body, read } = probes[target.kind](target);
  const signal = AbortSignal.timeout(limitMs);
  const response = await door.fetch(rootOf(target.url) + path, {
    method,
    signal,
    keyIn: "authorization",
    ...(body !== undefined && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  if (!response.ok) {
    piecesOf(response)?.cancel();
    // It is there and does not know the question.
    if (response.status === 404 || response.status === 405) return {};
    throw new WeftError("unavailable", `${target.url} answered ${response.status} when asked about ${target.name}`);
  }
  const answer: unknown = await response.json();
  return isJsonObject(answer) ? read(answer) : {};
}

interface Probe {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: Json;
  read(answer: JsonObject): Partial<ModelFacts>;
}

const probes: Readonly<Record<ProbeKind, (target: ProbeTarget) => Probe>> = {
  // docs.ollama.com/api-reference/show-model-details
  ollama: ({ name }) => ({ method: "POST", path: "/api/show", body: { model: name }, read: readOllama }),
  // github.com/ggml-org/llama.cpp, tools/server/README.md
  llamacpp: () => ({ method: "GET", path: "/props", read: readLlamacpp }),
  // lmstudio.ai/docs/api/rest-api
  lmstudio: ({ name }) => ({ method: "GET", path: "/api/v0/models", read: (answer) => readLmstudio(answer, name) }),
  openai: ({ name, url }) => ({
    method: "GET",
    path: `${url.slice(rootOf(url).length)}/models`,
    read: (answer) => readOpenai(answer, name),
  }),
};

function readOllama(answer: JsonObject): Partial<ModelFacts> {
  const { model_info: info, parameters, capabilities } = answer;
  const trained = isJsonObject(info) ? Object.entries(info).find(([key]) => key.endsWith(".context_length"))?.[1] : 0;
  const chosen = typeof parameters === "string" ? /^num_ctx\s+(\d+)/m.exec(parameters)?.[1] : undefined;
  const contextTokens = chosen === undefined ? Math.min(tokens(trained) ?? 0, ollamaContextTokens) : Number(chosen);
  const can = (what: string) => Array.isArray(capabilities) && capabilities.includes(what);
  return {
    ...(contextTokens > 0 && { contextTokens }),
    ...(Array.isArray(capabilities) && { images: can("vision"), tools: can("tools") }),
  };
}

function readLlamacpp({ default_generation_settings: settings, modalities }: JsonObject): Partial<ModelFacts> {
  const contextTokens = isJsonObject(settings) ? tokens(settings["n_ctx"]) : undefined;
  return {
    ...(contextTokens && { contextTokens }),
    ...(isJsonObject(modalities) && { images: modalities["vision"] === true }),
  };
}

/** A model that is not loaded yet is loaded with a size of the server's choice, so only the loaded size counts. */
function readLmstudio(answer: JsonObject, name: string): Partial<ModelFacts> {
  const model = listed(answer, name);
  const contextTokens = tokens(model?.["loaded_context_length"]);
  return {
    ...(contextTokens && { contextTokens }),
    ...(model?.["type"] !== undefined && { images: model["type"] === "vlm" }),
  };
}

/** vLLM says `max_model_len`; other servers have taken over one of the rest. */
function readOpenai(answer: JsonObject, name: string): Partial<ModelFacts> {
  const model = listed(answer, name);
  const meta = isJsonObject(model?.["meta"]) ? model["meta"]["n_ctx"] : undefined;
  const sizes = [model?.["max_model_len"], model?.["context_length"], model?.["context_window"], meta];
  const contextTokens = sizes.map(tokens).find((size) => size !== undefined);
  return contextTokens === undefined ? {} : { contextTokens };
}

function listed({ data }: JsonObject, name: string): JsonObject | undefined {
  if (!Array.isArray(data)) return undefined;
  const models: readonly JsonObject[] = data.filter((entry: unknown) => isJsonObject(entry));
  return models.find((model) => model["id"] === name);
}

function tokens(value: Json | undefined): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

/** The servers' own routes lie beside `/v1`, not under it. */
function rootOf(url: string): string {
  return url.replace(/\/v1$/, "");
}
