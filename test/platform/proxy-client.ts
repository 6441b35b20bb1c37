import { WeftError } from "../../src/core/error.ts";
import type { Platform } from "../../src/core/platform.ts";

/**
 * For the tests of proxies: does what its arguments say, `fetch URL` or `socket URL`, one after the other, and prints
 * what came of each as a line of JSON. The proxy variables are those of the process.
 */
export async function proxyClient(platform: Platform): Promise<void> {
  for (let i = 0; i < platform.args.length; i += 2) {
    const [what, url = ""] = platform.args.slice(i, i + 2);
    const outcome = await (what === "socket" ? talk(platform, url) : read(platform, url)).catch((thrown: unknown) => {
      const { code, message } = WeftError.from(thrown);
      return { code, message };
    });
    await platform.terminal.out(`${JSON.stringify(outcome)}\n`);
  }
}

async function read(platform: Platform, url: string): Promise<object> {
  const response = await platform.fetch(url);
  return { status: response.status, text: await response.text() };
}

async function talk(platform: Platform, url: string): Promise<object> {
  const socket = await platform.webSocket(url);
  await socket.send("over the proxy");
  const received = await socket.receive();
  await socket.close();
  return received;
}
