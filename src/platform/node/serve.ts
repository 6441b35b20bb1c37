import { readdir, readFile, readlink } from "node:fs/promises";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { WeftError } from "../../core/error.ts";
import type { HttpHandler, HttpServer, ServeOptions } from "../../core/platform.ts";
import { errnoOf } from "./errors.ts";

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
      void portError(error, host, port).then(reject);
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

async function portError(error: Error, host: string, port: number): Promise<WeftError> {
  const where = `${host}:${port}`;
  switch (errnoOf(error)) {
    case "EADDRINUSE": {
      const owner = await ownerOf(port);
      const by = owner === undefined ? "" : ` by ${owner}`;
      return new WeftError(
        "conflict",
        `port ${port} on ${host} is taken${by}: stop it, or set gateway.port to another`,
      );
    }
    case "EACCES":
      return new WeftError("refused", `${where} may not be used without more rights: set gateway.port above 1023`);
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new WeftError("config", `gateway.host ${host} is no address of this machine`);
    default:
      return new WeftError("unavailable", `cannot listen on ${where}: ${error.message}`, { cause: error });
  }
}

/** `PID (command)` of who listens on a port, where Linux lets us see it. */
async function ownerOf(port: number): Promise<string | undefined> {
  const tables = await Promise.all(
    ["/proc/net/tcp", "/proc/net/tcp6"].map((path) => readFile(path, "utf8").catch(() => "")),
  );
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const listening = "0A";
  const inode = tables
    .flatMap((table) => table.split("\n").map((line) => line.trim().split(/\s+/)))
    .find((fields) => fields[1]?.endsWith(suffix) && fields[3] === listening)?.[9];
  if (inode === undefined) return undefined;
  const processes = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  for (const pid of processes) {
    const open = await readdir(`/proc/${pid}/fd`).catch(() => []);
    const links = await Promise.all(open.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => "")));
    if (!links.includes(`socket:[${inode}]`)) continue;
    const words = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0").filter(Boolean);
    const command = words.slice(0, 3).map((word) => word.slice(word.lastIndexOf("/") + 1));
    return `process ${pid} (${command.join(" ")})`;
  }
  return undefined;
}
