import { type ApiError, errorResponse, jsonResponse } from "./api-error.ts";
import type { GatewayModels } from "./exchange.ts";
import type { ModelCard } from "./protocol.ts";

/** The agent with its default model; OpenAI clients must name some model. */
const ownName = "weft";
const defaultNames: ReadonlySet<string> = new Set([ownName, "default", ""]);

export function listModels(models: GatewayModels): Response {
  return jsonResponse({ object: "list", data: [ownName, ...models.ids()].map(cardOf) });
}

export function showModel(models: GatewayModels, id: string): Response {
  const refused = unknownModel(models, id);
  return refused ? errorResponse(refused) : jsonResponse(cardOf(id));
}

/** The model a client named, or undefined for the default one. Check it with `unknownModel` first. */
export function namedModel(name: string | null | undefined): string | undefined {
  return defaultNames.has(name ?? "") ? undefined : (name ?? undefined);
}

export function unknownModel(models: GatewayModels, name: string | null | undefined): ApiError | undefined {
  const named = namedModel(name);
  if (named === undefined || models.has(named)) return undefined;
  const some = models.ids().slice(0, 10).join(", ");
  return {
    status: 404,
    message: `there is no model ${JSON.stringify(named.slice(0, 100))} here: use ${ownName} for ${models.defaultId}, or one of ${some}`,
    type: "invalid_request_error",
    code: "model_not_found",
    param: "model",
  };
}

function cardOf(id: string): ModelCard {
  const [vendor = ""] = id.split("/", 1);
  return { id, object: "model", created: 0, owned_by: id.includes("/") ? vendor : ownName };
}
