import { toJsonSchema } from "@valibot/to-json-schema";
import type * as v from "valibot";
import type { Json, JsonObject } from "../core/json.ts";
import {
  aliveSchema,
  chatRequestSchema,
  chunkSchema,
  completionSchema,
  deletedSchema,
  errorSchema,
  headerNames,
  modelListSchema,
  modelSchema,
  pairedSchema,
  pairingSchema,
  type Route,
  type RouteName,
  readySchema,
  revokedSchema,
  routes,
  statusSchema,
  stopSchema,
} from "./protocol.ts";

/** OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0); a status that is not in it must not happen. */
export function openApiDocument(version: string): JsonObject {
  const paths: Record<string, JsonObject> = {};
  for (const route of routes) {
    const { path, method }: Route = route;
    paths[path] = { ...paths[path], [method.toLowerCase()]: operationOf(route) };
  }
  const description = "An AI agent that speaks OpenAI's Chat Completions. It runs its tools itself.";
  return {
    openapi: "3.1.0",
    info: { title: "weft gateway", version, description },
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, jsonSchemaOf(schema)])),
    },
  };
}

const schemas = {
  Alive: aliveSchema,
  Ready: readySchema,
  Status: statusSchema,
  ChatRequest: chatRequestSchema,
  ChatCompletion: completionSchema,
  ChatChunk: chunkSchema,
  Model: modelSchema,
  ModelList: modelListSchema,
  Stopped: stopSchema,
  Deleted: deletedSchema,
  Pairing: pairingSchema,
  Paired: pairedSchema,
  Revoked: revokedSchema,
  Error: errorSchema,
} satisfies Record<string, v.GenericSchema>;

interface Operation {
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly JsonObject[];
  readonly body?: keyof typeof schemas;
  /** The answer when all is well. */
  readonly ok: JsonObject;
  /** More answers, by status. */
  readonly others?: JsonObject;
  /** Statuses answered with `Error`, beside those that every route may give. */
  readonly errors?: readonly number[];
}

const bodyErrors = [400, 408, 413, 415];
const turnErrors = [404, 409, 502, 503, 504, 507];

const operations: Readonly<Record<RouteName, Operation>> = {
  welcome: { summary: "What this is and how to connect", ok: { "text/html": { schema: { type: "string" } } } },
  healthz: { summary: "The process is alive", ok: json("Alive") },
  readyz: {
    summary: "The gateway can serve",
    ok: json("Ready"),
    others: { 503: { description: "The parts that keep it from serving", content: json("Ready") } },
  },
  status: { summary: "Every part, how it is, and since when that is known", ok: json("Status") },
  metrics: { summary: "Counts for Prometheus", ok: { "text/plain": { schema: { type: "string" } } } },
  chat: {
    summary: "Talk to the agent",
    description: `Without \`${headerNames.sessionId}\` the messages are the whole conversation. With it only the last user message is read, and weft keeps the conversation. With \`stream\` the answer is a stream of ChatChunk, ended by [DONE]. Parameters that have no effect are named in the response header \`${headerNames.ignored}\`.`,
    parameters: [
      requestHeader(
        headerNames.sessionId,
        "Continue the conversation of this name; weft keeps it as session http:NAME",
      ),
      requestHeader(headerNames.sessionKey, "Continue the session with this whole key instead, for example cli:work"),
      requestHeader(
        headerNames.idempotencyKey,
        "Sent again, it gives the first answer again; the turn outlives its client",
      ),
      requestHeader(headerNames.events, "1: the stream carries the turn's own events, one JSON object each"),
      requestHeader(headerNames.requestId, "Comes back, and stands in the log"),
    ],
    body: "ChatRequest",
    ok: { ...json("ChatCompletion"), "text/event-stream": { schema: { type: "string" } } },
    errors: [...bodyErrors, ...turnErrors],
  },
  models: { summary: "The models that may be named", ok: json("ModelList") },
  model: {
    summary: "One model",
    parameters: [pathId("The model's id; it may have slashes")],
    ok: json("Model"),
    errors: [404],
  },
  stop: {
    summary: "End what the agent is doing in a session",
    parameters: [pathId(`A name as in ${headerNames.sessionId}, or a session's whole key`)],
    ok: json("Stopped"),
    // An id that is a dot or has a slash is another path.
    errors: [404],
  },
  deleteSession: {
    summary: "Forget a session, its unfinished turns too",
    parameters: [pathId(`A name as in ${headerNames.sessionId}, or a session's whole key`)],
    ok: json("Deleted"),
    errors: [404],
  },
  pairing: { summary: "Who was let in, and who waits with a code", ok: json("Pairing") },
  approvePairing: {
    summary: "Let in the stranger who has this code",
    parameters: [
      pathParameter("code", "What he was told"),
      { name: "level", in: "query", description: "2: as an admin", schema: { enum: ["1", "2"], default: "1" } },
    ],
    ok: json("Paired"),
    errors: [400, 404, 507],
  },
  revokePairing: {
    summary: "Make somebody a stranger again, at once",
    parameters: [pathParameter("channel", "For example telegram"), pathParameter("sender", "The channel's id of him")],
    ok: json("Revoked"),
    errors: [404, 507],
  },
  openapi: { summary: "This document", ok: { "application/json": { schema: { type: "object" } } } },
};

function operationOf(route: (typeof routes)[number]): JsonObject {
  const { name, open }: Route & { readonly name: RouteName } = route;
  const { summary, description, parameters, body, ok, others, errors } = operations[name];
  const failures = [...(open ? [403] : [401, 403, 429, 500]), ...(errors ?? [])].toSorted((a, b) => a - b);
  const errorAnswers = failures.map((status): [string, Json] => [String(status), errorAnswer(status)]);
  return {
    operationId: name,
    summary,
    ...(description !== undefined && { description }),
    ...(open && { security: [] }),
    ...(parameters && { parameters }),
    ...(body && { requestBody: { required: true, content: json(body) } }),
    responses: { 200: { description: "OK", content: ok }, ...Object.fromEntries(errorAnswers), ...others },
  };
}

function errorAnswer(status: number): JsonObject {
  const retryAfter = { "Retry-After": { description: "Seconds", schema: { type: "integer" } } };
  return {
    description: reasons[status] ?? "",
    content: json("Error"),
    ...((status === 429 || status === 503) && { headers: retryAfter }),
  };
}

const reasons: Readonly<Record<number, string>> = {
  400: "The request is wrong, or longer than the model's context",
  401: "The token is missing or wrong",
  403: "Host or Origin is not allowed, or policy refused",
  404: "It does not exist",
  408: "The body did not arrive in time",
  409: "The turn was stopped",
  413: "The body is too large",
  415: "The body is not plain JSON",
  429: "Too many requests",
  500: "A mistake of weft's, or of its configuration",
  502: "The model's provider refused the key or answered nonsense",
  503: "Not now",
  504: "The turn took too long",
  507: "The disk is full or read-only",
};

function json(name: keyof typeof schemas): JsonObject {
  return { "application/json": { schema: { $ref: `#/components/schemas/${name}` } } };
}

function requestHeader(name: string, description: string): JsonObject {
  return { name, in: "header", description, schema: { type: "string" } };
}

function pathId(description: string): JsonObject {
  return pathParameter("id", description);
}

function pathParameter(name: string, description: string): JsonObject {
  return { name, in: "path", required: true, description, schema: { type: "string", minLength: 1 } };
}

function jsonSchemaOf(schema: v.GenericSchema): JsonObject {
  const { $schema, ...rest } = toJsonSchema(schema, {
    target: "draft-2020-12",
    // The one check is that of pictures, which a regular expression would do too slowly at run time.
    overrideAction: ({ valibotAction, jsonSchema }) =>
      valibotAction.type === "check" ? { ...jsonSchema, pattern: pictureUrl } : undefined,
  });
  return rest as JsonObject;
}

const pictureUrl = "^data:image/(png|jpeg|gif|webp);base64,([A-Za-z0-9+/]{4})+$";
