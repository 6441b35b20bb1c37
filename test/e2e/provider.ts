import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** What an OpenAI-compatible server was asked. */
export interface Asked {
  readonly messages: readonly { readonly role: string; readonly content: unknown; readonly tool_calls?: unknown }[];
  readonly model: string;
  readonly max_tokens?: number;
  readonly tools?: readonly { readonly function: { readonly name: string } }[];
  readonly headers: IncomingMessage["headers"];
}

export type Answer =
  | { readonly text: string; readonly delayMs?: number; readonly usage?: TokenCounts }
  | { readonly calls: readonly { readonly name: string; readonly input: object }[]; readonly text?: string }
  /** Takes the response over. */
  | { readonly raw: (response: ServerResponse, request: IncomingMessage) => void };

export interface TokenCounts {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
}

export interface Provider {
  readonly url: string;
  readonly asked: Asked[];
  close(): Promise<void>;
}

/** A local OpenAI-compatible server that answers as `answer` says. */
export async function provider(
  answer: (asked: Asked, count: number) => Answer | Promise<Answer>,
  host = "127.0.0.1",
): Promise<Provider> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (bytes: Buffer) => (body += bytes.toString()));
    request.on("end", async () => {
      if (!request.url?.endsWith("/chat/completions")) return response.writeHead(404).end("{}");
      const parsed: Asked = { ...JSON.parse(body), headers: request.headers };
      asked.push(parsed);
      const planned = await answer(parsed, asked.length);
      if ("raw" in planned) return planned.raw(response, request);
      if ("delayMs" in planned && planned.delayMs) await new Promise((resolve) => setTimeout(resolve, planned.delayMs));
      write(response, planned);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://${host}:${address.port}/v1`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The configuration that makes weft use this provider. */
export function using(mock: Provider, more: object = {}): object {
  return {
    agents: { defaults: { model: "custom/mock" } },
    providers: { custom: { api_base: mock.url, api_key: "sk-test-canary-123456" } },
    ...more,
  };
}

export function lastUserText(asked: Asked): string {
  const last = asked.messages.findLast(({ role }) => role === "user");
  if (typeof last?.content === "string") return last.content;
  const parts = (last?.content ?? []) as { type: string; text?: string }[];
  return parts.map(({ text }) => text ?? "").join("");
}

function write(response: ServerResponse, answer: Exclude<Answer, { raw: unknown }>): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const chunk = (delta: object, finish: string | null = null) =>
    response.write(
      `data: ${JSON.stringify({ id: "1", object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`,
    );
  chunk({ role: "assistant" });
  for (const piece of answer.text?.match(/[\s\S]{1,8}/g) ?? []) chunk({ content: piece });
  if ("calls" in answer) {
    for (const [index, { name, input }] of answer.calls.entries()) {
      const made = { name, arguments: JSON.stringify(input) };
      chunk({ tool_calls: [{ index, id: `call-${index}`, type: "function", function: made }] });
    }
  }
  chunk({}, "calls" in answer ? "tool_calls" : "stop");
  const usage = ("usage" in answer && answer.usage) || { prompt_tokens: 11, completion_tokens: 7 };
  response.write(`data: ${JSON.stringify({ choices: [], usage })}\n\n`);
  response.end("data: [DONE]\n\n");
}
