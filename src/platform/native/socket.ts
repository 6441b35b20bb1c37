import { longestMessage, type Socket, type SocketOptions } from "../../core/connection.ts";
import { WeftError } from "../../core/error.ts";
import { connectError, parseSocketUrl } from "../shared/network.ts";
import type { Env } from "../shared/proxy.ts";
import { type HostSocket, host } from "./host.ts";
import { routeTo } from "./route.ts";

/** See `Platform.webSocket`. */
export async function openSocket(address: string, options: SocketOptions & { readonly env: Env }): Promise<Socket> {
  const url = parseSocketUrl(address);
  const { route, proxy } = routeTo(url, options.env, { ...options, tunnel: true });
  const { headers = {}, mostBytes = longestMessage } = options;
  const opening = host.openSocket({ route, url: url.href, headers: Object.entries(headers).flat(), most: mostBytes });
  const socket = await opening.catch((thrown: unknown) => {
    throw connectError(thrown, url, { proxy, ms: options.connectTimeoutMs });
  });
  return socketOf(socket);
}

export function socketOf(socket: HostSocket): Socket {
  return {
    async send(message) {
      try {
        await socket.send(typeof message === "string" ? message.toWellFormed() : message);
      } catch (thrown) {
        throw new WeftError("unavailable", "the WebSocket is closed", { cause: thrown });
      }
    },
    async receive() {
      const received = await socket.receive();
      if (typeof received === "string") return { type: "text", text: received };
      if (received instanceof Uint8Array) return { type: "bytes", bytes: received };
      const [code, reason] = received;
      return { type: "close", code: Number(code), reason };
    },
    close: (code = 1000, reason = "") => socket.close(code, reason.toWellFormed()),
  };
}
