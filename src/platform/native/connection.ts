import type { Connection, ConnectOptions } from "../../core/connection.ts";
import { WeftError } from "../../core/error.ts";
import { connectError } from "../shared/network.ts";
import type { Env } from "../shared/proxy.ts";
import { host } from "./host.ts";
import { routeTo } from "./route.ts";

/** See `Platform.connect`. */
export async function connect(options: ConnectOptions, env: Env): Promise<Connection> {
  const { host: name, port, tls } = options;
  const url = new URL(`${tls ? "https" : "http"}://${name.includes(":") ? `[${name}]` : name}:${port}`);
  const { route, proxy } = routeTo(url, env, { ...options, tunnel: true });
  const opened = await host.connect({ ...route, port }).catch((thrown: unknown) => {
    throw connectError(thrown, url, { proxy, ms: options.connectTimeoutMs });
  });
  const lost = (thrown: unknown) =>
    new WeftError("unavailable", `the connection to ${url.host} broke`, { cause: thrown });
  return {
    async read() {
      try {
        const bytes = await opened.read();
        return bytes.length === 0 ? undefined : bytes;
      } catch (thrown) {
        throw lost(thrown);
      }
    },
    async write(bytes) {
      try {
        await opened.write(bytes);
      } catch (thrown) {
        throw lost(thrown);
      }
    },
    close: () => opened.close(),
  };
}
