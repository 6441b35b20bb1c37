import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { longestMessage } from "../../core/connection.ts";
import type { Handlers, HttpServer, ServeOptions, SocketHandler } from "../../core/platform.ts";
import { portError } from "../shared/port-error.ts";
import { nodeFileSystem } from "./file-system.ts";

/** See `Platform.serve`. */
export async function serveHttp({ host, port }: ServeOptions, handlers: Handlers): Promise<HttpServer> {
  const [{ createServer }, { getRequestListener }] = await Promise.all([
    import("node:http"),
    import("@hono/node-server"),
  ]);
  const listener = getRequestListener(
    (request, { incoming }) => handlers.request(request, (incoming as IncomingMessage).socket.remoteAddress ?? ""),
    { overrideGlobalObjects: false, errorHandler: (error) => answerTo(error) },
  );
  const server = createServer({
    maxHeaderSize: 16 * 1024,
    keepAliveTimeout: 65_000,
    headersTimeout: 20_000,
    requestTimeout: 60_000,
  });
  server.maxConnections = 1024;
  server.on("request", (request: IncomingMessage, response: ServerResponse) => void listener(request, response));
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    void upgrade({ request, socket, head }, handlers.socket).catch(() => socket.destroy());
  });
  await listen(server, host, port);
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    close: (withinMs) => close(server, withinMs),
  };
}

/** A request that makes no URL (its `Host` is none) never reaches the handler. */
function answerTo(error: unknown): Response {
  const isTheirs = error instanceof Error && error.name === "RequestError";
  return isTheirs
    ? new Response("400 Bad Request: the Host header or the path is not valid\n", { status: 400 })
    : new Response("internal error\n", { status: 500 });
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      void portError(nodeFileSystem(), { host, port }, error).then(reject);
    });
    server.listen(port, host, () => resolve());
  });
}

function close(server: Server, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), withinMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}

interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

async function upgrade({ request, socket, head }: Upgrade, handler: SocketHandler | undefined): Promise<void> {
  socket.on("error", () => socket.destroy());
  if (request.headers.upgrade?.toLowerCase() !== "websocket" || !handler) {
    return refuse(socket, new Response("there is no WebSocket here\n", { status: 426 }));
  }
  const remote = request.socket.remoteAddress ?? "";
  const answer = await answered(asked(request), remote, handler);
  if (typeof answer !== "function") return refuse(socket, answer);
  const [{ WebSocketServer }, { messages, socketOf }] = await Promise.all([import("ws"), import("./socket.ts")]);
  const server = new WebSocketServer({ noServer: true, maxPayload: longestMessage, perMessageDeflate: false });
  server.handleUpgrade(request, socket, head, (opened) => answer(socketOf(opened, messages(opened))));
}

async function answered(
  request: Request,
  remote: string,
  handler: SocketHandler,
): Promise<Awaited<ReturnType<SocketHandler>>> {
  try {
    return await handler(request, remote);
  } catch {
    return new Response("internal error\n", { status: 500 });
  }
}

function asked({ headers, url = "/" }: IncomingMessage): Request {
  const pairs = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value]],
  );
  return new Request(new URL(url, `http://${headers.host ?? "localhost"}`), { headers: pairs });
}

async function refuse(socket: Duplex, response: Response): Promise<void> {
  const body = await response.text();
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const { STATUS_CODES } = await import("node:http");
  const length = `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n`;
  socket.end(`HTTP/1.1 ${response.status} ${STATUS_CODES[response.status] ?? ""}\r\n${headers}${length}\r\n${body}`);
}
