import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface RawServer {
  readonly url: string;
  /** The bodies that were sent, as JSON. */
  readonly asked: Record<string, unknown>[];
  readonly headers: IncomingMessage["headers"][];
}

/** A server that answers exactly these bytes, however wrong they are, until the test ends. */
export async function rawServer(
  answer: (response: ServerResponse, request: IncomingMessage, times: number) => void | Promise<void>,
): Promise<RawServer> {
  const asked: Record<string, unknown>[] = [];
  const headers: IncomingMessage["headers"][] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (bytes: Buffer) => {
      body += bytes.toString();
    });
    request.on("end", () => {
      headers.push(request.headers);
      asked.push(JSON.parse(body || "{}"));
      void answer(response, request, asked.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, headers };
}

/** Server-sent events with these data. */
export function sse(...data: readonly unknown[]): (response: ServerResponse) => void {
  return (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const each of data) response.write(`data: ${typeof each === "string" ? each : JSON.stringify(each)}\n\n`);
    response.end();
  };
}
