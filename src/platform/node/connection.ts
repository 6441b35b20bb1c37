import type { ClientRequest } from "node:http";
import type { Socket } from "node:net";
import type { Connection, ConnectOptions } from "../../core/connection.ts";
import { WeftError } from "../../core/error.ts";
import { connectError, proxyProblem } from "../shared/network.ts";
import { type Env, proxyOf, withoutSecret } from "../shared/proxy.ts";
import { trust } from "./agents.ts";

/** See `Platform.connect`. */
export async function connect(options: ConnectOptions, env: Env): Promise<Connection> {
  const { host, port, tls, connectTimeoutMs: ms } = options;
  const url = new URL(`${tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}`);
  const proxy = proxyOf(url, env);
  try {
    return connectionOf(await established(options, { proxy, env }), url);
  } catch (thrown) {
    throw connectError(thrown, url, { proxy: proxy && withoutSecret(proxy), ms });
  }
}

async function established(
  { host, port, tls, address, connectTimeoutMs }: ConnectOptions,
  { proxy, env }: { readonly proxy: URL | undefined; readonly env: Env },
): Promise<Socket> {
  const secure = tls ? await trust(env) : {};
  if (proxy) {
    const { HttpsProxyAgent } = await import("https-proxy-agent");
    const agent = new HttpsProxyAgent(proxy, secure);
    let problem: Error | undefined;
    agent.once("proxyConnect", ({ statusCode, statusText }: { statusCode: number; statusText: string }) => {
      problem = proxyProblem(statusCode, statusText);
    });
    const tunnel = { host, port, servername: host, secureEndpoint: tls, ...secure };
    // It writes nothing to the request, which only stands for whom a connection is made.
    const request = { once: () => {}, emit: () => {} } as unknown as ClientRequest;
    const socket = await agent.connect(request, tunnel);
    if (problem) throw problem;
    return await open(socket, { tls, ms: connectTimeoutMs });
  }
  const to = { host: address ?? host, port };
  const socket = tls
    ? (await import("node:tls")).connect({ ...to, servername: host, ...secure })
    : (await import("node:net")).connect(to);
  return await open(socket, { tls, ms: connectTimeoutMs });
}

/** Resolves when it can be used. */
function open(
  socket: Socket,
  { tls, ms }: { readonly tls: boolean; readonly ms: number | undefined },
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const timer =
      ms === undefined
        ? undefined
        : setTimeout(() => {
            const late = Object.assign(new Error("no connection in time"), { code: "ERR_CONNECT_TIMEOUT" });
            socket.destroy(late);
          }, ms);
    const settle = (result: () => void) => {
      clearTimeout(timer);
      result();
    };
    socket.once("error", (error) => settle(() => reject(error)));
    const usable = () => settle(() => resolve(socket));
    if (!tls && !socket.connecting) usable();
    else socket.once(tls ? "secureConnect" : "connect", usable);
  });
}

function connectionOf(socket: Socket, url: URL): Connection {
  const chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  let isClosed = false;
  const lost = (thrown: unknown) =>
    new WeftError("unavailable", `the connection to ${url.host} broke`, { cause: thrown });
  // Whoever reads or writes next learns of it.
  socket.on("error", () => {});
  return {
    async read() {
      try {
        const { done, value } = await chunks.next();
        return done ? undefined : new Uint8Array(value);
      } catch (thrown) {
        if (isClosed) return undefined;
        throw lost(thrown);
      }
    },
    write: (bytes) =>
      new Promise((resolve, reject) => {
        socket.write(bytes, (error) => (error ? reject(lost(error)) : resolve()));
      }),
    async close() {
      isClosed = true;
      socket.destroySoon();
      socket.destroy();
    },
  };
}
