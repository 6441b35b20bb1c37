import type { ParseError } from "jsonc-parser";
import { joinedBytes, piecesOf } from "../lib/body.ts";
import { type ApiError, type Checked, invalidRequest } from "./api-error.ts";
import type { Timer } from "./within.ts";

export interface BodyLimits {
  readonly maxBodyBytes: number;
  /** The whole body must be here within this time. */
  readonly withinMs: number;
  readonly timer: Timer;
}

/** The JSON value in a request's body. Requiring JSON's content type keeps out what a foreign page's form can send. */
export async function readJson(request: Request, limits: BodyLimits): Promise<Checked<unknown>> {
  const wrongType = mediaTypeProblem(request.headers);
  if (wrongType) return { refused: wrongType };
  const body = await readBytes(request, limits);
  if (body.refused) return body;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(body.value);
  } catch {
    return { refused: invalidRequest("the body is not valid UTF-8") };
  }
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return { refused: invalidRequest(await jsonProblem(text)) };
  }
}

function mediaTypeProblem(headers: Headers): ApiError | undefined {
  const refuse = (message: string): ApiError => ({
    ...invalidRequest(message),
    status: 415,
    code: "unsupported_media_type",
  });
  const type = headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (!/^application\/(?:[\w.+-]+\+)?json$/.test(type)) {
    return refuse(`the content type must be application/json, not ${JSON.stringify(type)}`);
  }
  const encoding = headers.get("content-encoding") ?? "identity";
  return encoding === "identity"
    ? undefined
    : refuse(`send the body as it is, not ${JSON.stringify(encoding)} encoded`);
}

async function readBytes(request: Request, limits: BodyLimits): Promise<Checked<Uint8Array>> {
  const declared = Number(request.headers.get("content-length") ?? 0);
  if (declared > limits.maxBodyBytes) return { refused: tooLarge(limits) };
  const pieces = piecesOf(request);
  let over = () => {};
  const late = new Promise<"late">((resolve) => {
    over = limits.timer(limits.withinMs, () => resolve("late"));
  });
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const piece = await Promise.race([pieces?.read(), late]);
      if (piece === "late") return { refused: tooSlow(limits) };
      if (!piece) return { value: joinedBytes(chunks) };
      length += piece.length;
      if (length > limits.maxBodyBytes) return { refused: tooLarge(limits) };
      chunks.push(piece);
    }
  } finally {
    over();
    pieces?.cancel();
  }
}

function tooLarge({ maxBodyBytes }: BodyLimits): ApiError {
  const message = `the body is larger than ${maxBodyBytes} bytes (gateway.max_body_bytes): send less`;
  return { ...invalidRequest(message), status: 413, code: "request_too_large" };
}

function tooSlow({ withinMs }: BodyLimits): ApiError {
  const message = `the body did not arrive within ${withinMs / 1000} s: send it again`;
  return { ...invalidRequest(message), status: 408, code: "request_timeout" };
}

const deepest = 500;

/** Brackets in texts count, too: what is refused here was no JSON anyway. */
function isDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "[" || character === "{") depth++;
    else if (character === "]" || character === "}") depth--;
    if (depth > deepest) return true;
  }
  return false;
}

/** Engines word their JSON errors differently, and not all say where. */
async function jsonProblem(text: string): Promise<string> {
  if (text.trim() === "") return "the body is empty: a JSON object was expected";
  // The parser that says where follows what is nested by calling itself.
  if (isDeep(text)) return `the body is not valid JSON: it is nested more than ${deepest} deep`;
  const { parse, printParseErrorCode } = await import("jsonc-parser");
  const errors: ParseError[] = [];
  parse(text, errors, { disallowComments: true, allowTrailingComma: false });
  const [first] = errors;
  if (!first) return "the body is not valid JSON";
  const before = text.slice(0, first.offset);
  const line = before.split("\n").length;
  const column = first.offset - before.lastIndexOf("\n");
  const near = text.slice(first.offset, first.offset + 20);
  const what = printParseErrorCode(first.error);
  return `the body is not valid JSON: ${what} at line ${line}, column ${column}, near ${JSON.stringify(near)}`;
}
