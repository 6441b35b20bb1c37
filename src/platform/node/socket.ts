import type { WebSocket } from "ws";
import { longestMessage, type Received, type Socket, type SocketOptions } from "../../core/connection.ts";
import { WeftError } from "../../core/error.ts";
import { connectError, parseSocketUrl, proxyProblem } from "../shared/network.ts";
import type { Env } from "../shared/proxy.ts";
import { agents } from "./agents.ts";
import { lookupOf } from "./lookup.ts";

/** See `Platform.webSocket`. */
export async function openSocket(address: string, options: SocketOptions & { readonly env: Env }): Promise<Socket> {
  const url = parseSocketUrl(address);
  const { env, headers, connectTimeoutMs: ms, mostBytes = longestMessage } = options;
  const { WebSocket } = await import("ws");
  const route = await agents(env).route(url, options.address);
  const socket = new WebSocket(url, {
    agent: route.agent,
    ...(route.ca && { ca: [...route.ca] }),
    headers: { ...headers },
    maxPayload: mostBytes,
    perMessageDeflate: false,
    ...(ms !== undefined && { handshakeTimeout: ms }),
    ...(options.address !== undefined && { lookup: lookupOf(options.address) }),
  });
  const received = messages(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", (error) => {
      const status = Number(/response: (401|407)$/.exec(error.message)?.[1] ?? 0);
      // A server may say 401, too; behind a proxy it cannot be told who did.
      if (route.proxy !== undefined && status === 407) {
        return reject(connectError(proxyProblem(status), url, { proxy: route.proxy, ms }));
      }
      const late = error.message === "Opening handshake has timed out";
      const thrown = late ? Object.assign(error, { code: "ERR_CONNECT_TIMEOUT" }) : error;
      reject(connectError(thrown, url, { proxy: route.proxy, ms }));
    });
  });
  return socketOf(socket, received);
}

/** The messages of a socket in order, from now on. */
export function messages(socket: WebSocket): () => Promise<Received> {
  const waiting: Received[] = [];
  let wake: (() => void) | undefined;
  let broke = "";
  const push = (received: Received) => {
    waiting.push(received);
    wake?.();
    // The other side waits while nobody takes what it sent.
    if (waiting.length >= 16 && received.type !== "close") socket.pause();
  };
  socket.on("message", (data: Buffer, isBinary: boolean) => {
    push(isBinary ? { type: "bytes", bytes: new Uint8Array(data) } : { type: "text", text: data.toString() });
  });
  socket.on("error", (error) => {
    broke = error.message;
  });
  socket.on("close", (code, reason) => push({ type: "close", code, reason: broke || reason.toString() }));
  return async () => {
    while (waiting.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const next = waiting[0] as Received;
    // The last one stays for whoever asks again.
    if (next.type !== "close") waiting.shift();
    if (socket.isPaused) socket.resume();
    return next;
  };
}

export function socketOf(socket: WebSocket, receive: () => Promise<Received>): Socket {
  return {
    send: (message) =>
      new Promise((resolve, reject) => {
        socket.send(message, (error) => {
          if (error) reject(new WeftError("unavailable", "the WebSocket is closed", { cause: error }));
          else resolve();
        });
      }),
    receive,
    async close(code = 1000, reason = "") {
      socket.close(code, reason);
    },
  };
}
