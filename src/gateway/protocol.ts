import * as v from "valibot";

/** The gateway's whole vocabulary: its routes, its headers, and the shapes that go in and out. */
export interface Route {
  readonly name: string;
  readonly method: "GET" | "POST" | "DELETE";
  /** OpenAPI's spelling. */
  readonly path: string;
  /** What a parameter at the end of the path may be, as a regular expression; `[^/]+` without it. */
  readonly parameter?: string;
  /** Needs no token. */
  readonly open?: true;
}

export const routes = [
  { name: "welcome", method: "GET", path: "/", open: true },
  { name: "healthz", method: "GET", path: "/healthz", open: true },
  { name: "readyz", method: "GET", path: "/readyz", open: true },
  { name: "status", method: "GET", path: "/status" },
  { name: "metrics", method: "GET", path: "/metrics" },
  { name: "chat", method: "POST", path: "/v1/chat/completions" },
  { name: "models", method: "GET", path: "/v1/models" },
  { name: "model", method: "GET", path: "/v1/models/{id}", parameter: ".+" },
  { name: "stop", method: "POST", path: "/v1/sessions/{id}/stop" },
  { name: "deleteSession", method: "DELETE", path: "/v1/sessions/{id}" },
  { name: "pairing", method: "GET", path: "/pairing" },
  { name: "approvePairing", method: "POST", path: "/pairing/{code}" },
  { name: "revokePairing", method: "DELETE", path: "/pairing/{channel}/{sender}", parameter: ".+" },
  { name: "openapi", method: "GET", path: "/openapi.json" },
] as const satisfies readonly Route[];

export type RouteName = (typeof routes)[number]["name"];

export const headerNames = {
  requestId: "X-Request-Id",
  /** Request: continue this conversation, kept by weft as session `http:ID`. Response: the same. */
  sessionId: "X-Session-Id",
  /** Request: continue the session with this whole key, for example `cli:work`. */
  sessionKey: "X-Weft-Session",
  /** Request: `1` gives the turn's own events instead of OpenAI's chunks. */
  events: "X-Weft-Events",
  /** Request: sending the same key again gives the same answer; the turn outlives its client. */
  idempotencyKey: "Idempotency-Key",
  /** Response: the answer is that of an earlier request with the same key. */
  replayed: "Idempotent-Replayed",
  turn: "X-Turn-Id",
  model: "X-Model",
  /** Response: request parameters that were understood and have no effect. */
  ignored: "X-Weft-Ignored",
  /** Response: read by the OpenAI SDKs, which otherwise repeat every 409 and 5xx. */
  shouldRetry: "X-Should-Retry",
} as const;

const imagesByValue =
  "weft fetches no images: send the picture itself as data:image/png;base64,… (png, jpeg, gif or webp)";
const ownTools = "weft is an agent with tools of its own and runs them itself: leave out `tools` and `functions`";

const textPart = v.looseObject({ type: v.literal("text"), text: v.string() });
const imagePart = v.looseObject({
  type: v.literal("image_url"),
  image_url: v.looseObject({
    url: v.pipe(
      v.string(),
      v.regex(/^data:image\/(?:png|jpeg|gif|webp);base64,/, imagesByValue),
      v.check(isBase64Url, "the picture is not valid base64"),
    ),
  }),
});
const refusalPart = v.looseObject({ type: v.literal("refusal"), refusal: v.string() });
const textContent = v.union([v.string(), v.array(textPart)]);

const toolCall = v.looseObject({
  id: v.pipe(v.string(), v.minLength(1)),
  type: v.optional(v.literal("function")),
  function: v.looseObject({ name: v.pipe(v.string(), v.minLength(1)), arguments: v.string() }),
});

const chatMessage = v.variant("role", [
  v.looseObject({ role: v.picklist(["system", "developer"]), content: textContent }),
  v.looseObject({
    role: v.literal("user"),
    content: v.union([v.string(), v.array(v.variant("type", [textPart, imagePart]))]),
  }),
  v.looseObject({
    role: v.literal("assistant"),
    content: v.nullish(v.union([v.string(), v.array(v.variant("type", [textPart, refusalPart]))])),
    tool_calls: v.nullish(v.array(toolCall)),
    function_call: v.nullish(v.never("`function_call` is no longer spoken: use `tool_calls`")),
  }),
  v.looseObject({ role: v.literal("tool"), content: textContent, tool_call_id: v.string() }),
]);

/**
 * https://platform.openai.com/docs/api-reference/chat/create, as far as weft goes along. What would change the
 * meaning of the answer is refused; other parameters are accepted and named in `X-Weft-Ignored`.
 */
export const chatRequestSchema = v.looseObject({
  model: v.nullish(v.string()),
  messages: v.pipe(v.array(chatMessage), v.minLength(1, "there is no message")),
  stream: v.nullish(v.boolean()),
  stream_options: v.nullish(v.looseObject({ include_usage: v.nullish(v.boolean()) })),
  max_tokens: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1))),
  max_completion_tokens: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1))),
  temperature: v.nullish(v.pipe(v.number(), v.minValue(0), v.maxValue(2))),
  reasoning_effort: v.nullish(v.picklist(["none", "minimal", "low", "medium", "high", "xhigh"])),
  user: v.nullish(v.pipe(v.string(), v.maxLength(256))),
  n: v.nullish(v.literal(1, "weft gives one answer: leave out `n`")),
  tools: v.nullish(v.pipe(v.array(v.unknown()), v.maxLength(0, ownTools))),
  functions: v.nullish(v.pipe(v.array(v.unknown()), v.maxLength(0, ownTools))),
  tool_choice: v.nullish(v.picklist(["none", "auto"], ownTools)),
  stop: v.nullish(
    v.pipe(
      v.array(v.unknown(), "stop sequences are not supported"),
      v.maxLength(0, "stop sequences are not supported"),
    ),
  ),
  response_format: v.nullish(
    v.looseObject({ type: v.literal("text", "weft answers in text only: ask for JSON in the message") }),
  ),
  logprobs: v.nullish(v.literal(false, "log probabilities are not available")),
  modalities: v.nullish(v.array(v.literal("text", "weft answers in text only"))),
  audio: v.nullish(v.never("weft answers in text only")),
});
export type ChatRequest = v.InferOutput<typeof chatRequestSchema>;
export type ChatMessage = ChatRequest["messages"][number];

/** https://platform.openai.com/docs/guides/error-codes: the shape the SDKs read. */
export const errorSchema = v.object({
  error: v.object({
    message: v.string(),
    type: v.string(),
    param: v.nullable(v.string()),
    code: v.nullable(v.string()),
  }),
});

export const usageSchema = v.object({
  prompt_tokens: v.number(),
  completion_tokens: v.number(),
  total_tokens: v.number(),
  prompt_tokens_details: v.object({ cached_tokens: v.number() }),
  completion_tokens_details: v.object({ reasoning_tokens: v.number() }),
  /** The provider gave no figures: these are our count. */
  estimated: v.optional(v.literal(true)),
});
export type ChatUsage = v.InferOutput<typeof usageSchema>;

const finishReason = v.picklist(["stop", "length", "content_filter"]);
export type FinishReason = v.InferOutput<typeof finishReason>;

export const completionSchema = v.object({
  id: v.string(),
  object: v.literal("chat.completion"),
  created: v.number(),
  model: v.string(),
  choices: v.array(
    v.object({
      index: v.number(),
      message: v.object({ role: v.literal("assistant"), content: v.string(), refusal: v.null() }),
      logprobs: v.null(),
      finish_reason: finishReason,
    }),
  ),
  usage: usageSchema,
});
export type ChatCompletion = v.InferOutput<typeof completionSchema>;

export const chunkSchema = v.object({
  id: v.string(),
  object: v.literal("chat.completion.chunk"),
  created: v.number(),
  model: v.string(),
  choices: v.array(
    v.object({
      index: v.number(),
      delta: v.object({
        role: v.optional(v.literal("assistant")),
        content: v.optional(v.string()),
        /** The model's thinking, as DeepSeek and vLLM name it. */
        reasoning_content: v.optional(v.string()),
      }),
      logprobs: v.null(),
      finish_reason: v.nullable(finishReason),
    }),
  ),
  usage: v.optional(v.nullable(usageSchema)),
});
export type ChatChunk = v.InferOutput<typeof chunkSchema>;

export const modelSchema = v.object({
  id: v.string(),
  object: v.literal("model"),
  created: v.number(),
  owned_by: v.string(),
});
export type ModelCard = v.InferOutput<typeof modelSchema>;
export const modelListSchema = v.object({ object: v.literal("list"), data: v.array(modelSchema) });

export const aliveSchema = v.object({ alive: v.literal(true) });
export const readySchema = v.object({
  ready: v.boolean(),
  failed: v.array(v.object({ part: v.string(), detail: v.string() })),
});
export const statusSchema = v.object({
  version: v.string(),
  state: v.picklist(["ok", "degraded", "failed"]),
  running: v.number(),
  waiting: v.number(),
  parts: v.array(
    v.object({
      part: v.string(),
      state: v.picklist(["ok", "degraded", "failed", "off"]),
      detail: v.string(),
      /** Unix milliseconds when this was last seen to be so, and how long ago that was. */
      at: v.number(),
      ageMs: v.number(),
    }),
  ),
});
export type Status = v.InferOutput<typeof statusSchema>;
export const stopSchema = v.object({ stopped: v.boolean() });
const person = { channel: v.string(), sender: v.string() };
/** Unix milliseconds. */
const time = v.number();
export const pairedSchema = v.object({ ...person, level: v.picklist([1, 2]), at: time });
export const pairingSchema = v.object({
  pending: v.array(v.object({ ...person, at: time, until: time })),
  paired: v.array(pairedSchema),
});
export const revokedSchema = v.object({ revoked: v.boolean() });
export const deletedSchema = v.object({ deleted: v.boolean() });

function isBase64Url(url: string): boolean {
  try {
    return atob(url.slice(url.indexOf(",") + 1)) !== "";
  } catch {
    return false;
  }
}
