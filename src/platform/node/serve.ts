import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { HttpHandler, HttpServer, ServeOptions } from "../../core/platform.ts";
import { portError } from "../shared/port-error.ts";
import { nodeFileSystem } from "./file-system.ts";

/** See `Platform.serve`. */
export async function serveHttp({ host, port }: ServeOptions, handler: HttpHandler): Promise<HttpServer> {
  const [{ createServer }, { getRequestListener }] = await Promise.all([
    import("node:http"),
    import("@hono/node-server"),
  ]);
  const listener = getRequestListener(
    (request, { incoming }) => handler(request, (incoming as IncomingMessage).socket.remoteAddress ?? ""),
    { overrideGlobalObjects: false, errorHandler: () => new Response("internal error\n", { status: 500 }) },
  );
  const server = createServer({
    maxHeaderSize: 16 * 1024,
    keepAliveTimeout: 65_000,
    headersTimeout: 20_000,
    requestTimeout: 60_000,
  });
  server.maxConnections = 1024;
  server.on("request", (request: IncomingMessage, response: ServerResponse) => void listener(request, response));
  await listen(server, host, port);
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    close: (withinMs) => close(server, withinMs),
  };
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
