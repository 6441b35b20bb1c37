import { createServer, request as forward, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { nodeFetch } from "../../src/platform/node/fetch.ts";

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function serving(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  return `http://127.0.0.1:${await listen(createServer(handle))}`;
}

test("sends method, headers and body, and gives status, headers and body", async () => {
  const url = await serving((request, response) => {
    let body = "";
    request.on("data", (bytes: Buffer) => {
      body += bytes.toString();
    });
    request.on("end", () => {
      response.writeHead(201, { "x-a": "1" });
      response.end(`${request.method} ${request.url} ${request.headers["x-b"]} ${body}`);
    });
  });
  const response = await nodeFetch({})(`${url}/p?q=1`, { method: "POST", headers: { "x-b": "2" }, body: "grün" });
  expect([response.status, response.headers.get("x-a"), await response.text()]).toEqual([
    201,
    "1",
    "POST /p?q=1 2 grün",
  ]);
});

test("redirects are not followed", async () => {
  const url = await serving((_, response) => {
    response.writeHead(302, { location: "/there" });
    response.end();
  });
  expect((await nodeFetch({})(url)).status).toBe(302);
});

test("connects to a given address, under the name that was asked for", async () => {
  const url = await serving((request, response) => response.end(request.headers.host));
  const { port } = new URL(url);
  const response = await nodeFetch({})(`http://nowhere.invalid:${port}/`, { address: "127.0.0.1" });
  expect(await response.text()).toBe(`nowhere.invalid:${port}`);
});

test.each([
  ["gzip", gzipSync],
  ["br", brotliCompressSync],
])("undoes %s", async (encoding, compress) => {
  const url = await serving((_, response) => {
    response.writeHead(200, { "content-encoding": encoding });
    response.end(compress("squeezed"));
  });
  expect(await (await nodeFetch({})(url)).text()).toBe("squeezed");
});

test("chunks are handed on as they come", async () => {
  let finish = () => {};
  const url = await serving((_, response) => {
    response.write("first");
    finish = () => response.end("second");
  });
  const reader = (await nodeFetch({})(url)).body?.getReader();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("first");
  finish();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("second");
});

describe("what fails is said, with the host", () => {
  const fails = async (url: string, options: Parameters<ReturnType<typeof nodeFetch>>[1] = {}) => {
    const response = await nodeFetch({})(url, options);
    await response.text();
  };

  test("a name that does not exist", async () => {
    await expect(fails("http://nowhere.invalid/")).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("cannot reach nowhere.invalid: DNS lookup failed"),
    });
  });

  test("a port where nobody listens", async () => {
    await expect(fails("http://127.0.0.1:1/")).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("127.0.0.1:1: connection refused"),
    });
  });

  test("TLS with a server that speaks none", async () => {
    const url = await serving((_, response) => response.end());
    await expect(fails(url.replace("http:", "https:"))).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("TLS"),
    });
  });

  test("a body that is cut", async () => {
    const url = await serving((_, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("half");
      setTimeout(() => response.destroy(), 20);
    });
    await expect(fails(url)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("in the middle of its answer"),
    });
  });

  test("an address that never answers", async () => {
    const full = createServer();
    const port = await listen(full);
    full.removeAllListeners("connection");
    // TLS that never begins: the TCP connection stands, but it cannot be used.
    await expect(fails(`https://127.0.0.1:${port}/`, { connectTimeoutMs: 80 })).rejects.toMatchObject({
      code: "timeout",
      message: expect.stringContaining("no connection within 80 ms"),
    });
  });

  test("one that is stopped", async () => {
    const url = await serving(() => {});
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 30);
    await expect(fails(url, { signal: controller.signal })).rejects.toMatchObject({ code: "aborted" });
  });
});

describe("proxies", () => {
  /** A forward proxy that tells what it was asked for. */
  async function proxy() {
    const seen: string[] = [];
    const server = createServer((request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers["proxy-authorization"] ?? "-"}`);
      forward(request.url ?? "", { method: request.method }, (answer) => answer.pipe(response)).end();
    });
    server.on("connect", (request, socket: Socket) => {
      seen.push(`CONNECT ${request.url} ${request.headers["proxy-authorization"] ?? "-"}`);
      const [host = "", port = ""] = (request.url ?? "").split(":");
      const upstream = connect(Number(port), host, () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        upstream.pipe(socket).pipe(upstream);
      });
      upstream.on("error", () => socket.destroy());
      socket.on("error", () => upstream.destroy());
    });
    return { port: await listen(server), seen };
  }

  test("HTTP goes through HTTP_PROXY, with its user and password", async () => {
    const { port, seen } = await proxy();
    const url = await serving((_, response) => response.end("through"));
    const fetch = nodeFetch({ HTTP_PROXY: `http://ann:p%40ss@127.0.0.1:${port}` });
    expect(await (await fetch(`${url}/x`)).text()).toBe("through");
    expect(seen).toEqual([`GET ${url}/x Basic ${Buffer.from("ann:p@ss").toString("base64")}`]);
  });

  test("HTTPS asks HTTPS_PROXY to connect", async () => {
    const { port, seen } = await proxy();
    const url = await serving((_, response) => response.end());
    const fetch = nodeFetch({ https_proxy: `127.0.0.1:${port}` });
    await expect(fetch(url.replace("http:", "https:"))).rejects.toMatchObject({ code: "unavailable" });
    expect(seen).toEqual([`CONNECT ${new URL(url).host} -`]);
  });

  test.each(["127.0.0.1", "*", "localhost, 127.0.0.1", ".example.com 127.0.0.1"])(
    "NO_PROXY=%s goes straight",
    async (list) => {
      const { port, seen } = await proxy();
      const url = await serving((_, response) => response.end("straight"));
      const fetch = nodeFetch({ HTTP_PROXY: `http://127.0.0.1:${port}`, NO_PROXY: list });
      expect(await (await fetch(url)).text()).toBe("straight");
      expect(seen).toEqual([]);
    },
  );

  test("a proxy that is not there is named, without its password", async () => {
    const fetch = nodeFetch({ HTTP_PROXY: "http://ann:secret@127.0.0.1:1" });
    const error: unknown = await fetch("http://example.com/").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ message: expect.stringContaining("through the proxy http://127.0.0.1:1") });
    expect(String(error)).not.toContain("secret");
  });
});
