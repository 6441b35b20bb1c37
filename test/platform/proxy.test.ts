import { execFile, execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, request as forward, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { WebSocketServer } from "ws";
import { proxyClientProgram } from "../native/build.ts";

const hasRust = spawnSync("cargo", ["--version"]).status === 0;
const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
const engines = [
  { engine: "node", program: [process.execPath, "test/platform/proxy-client.node.ts"] },
  ...(hasRust ? [{ engine: "native", program: ["dist/native-proxy-client"] }] : []),
];

beforeAll(() => {
  if (hasRust) proxyClientProgram();
}, 600_000);

const folder = mkdtempSync(join(tmpdir(), "weft-proxy-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const right = `Basic ${Buffer.from("ann:p@ss").toString("base64")}`;

/** A forward proxy that wants `ann` and `p@ss`, and tells what it was asked for. */
async function proxy() {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    if (request.headers["proxy-authorization"] !== right) {
      response.writeHead(407, { "proxy-authenticate": "Basic", connection: "close" }).end("<h1>who are you</h1>");
      return;
    }
    forward(request.url ?? "", { method: request.method }, (answer) => {
      response.writeHead(answer.statusCode ?? 502);
      answer.pipe(response);
    }).end();
  });
  server.on("connect", (request, socket: Socket) => {
    seen.push(`CONNECT ${request.url}`);
    if (request.headers["proxy-authorization"] !== right) {
      socket.end(
        "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
      );
      return;
    }
    if (request.url?.startsWith("forbidden.")) {
      socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    const [host = "", port = ""] = (request.url ?? "").split(":");
    const upstream = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on("error", () => socket.destroy());
    socket.on("error", () => upstream.destroy());
  });
  const port = await listen(server);
  return { url: (who: string) => `http://${who}@127.0.0.1:${port}`, where: `http://127.0.0.1:${port}`, seen };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/** Answers requests with "through", and WebSockets with what they say. */
function echoing(server: Server): Promise<number> {
  server.on("request", (_, response) => response.end("through"));
  new WebSocketServer({ server }).on("connection", (socket) => {
    socket.on("message", (data: Buffer) => socket.send(`heard ${data.toString()}`));
  });
  return listen(server);
}

/** A server by TLS for `localhost`, and the authority to trust. */
async function behindTls(): Promise<{ readonly port: number; readonly authority: string }> {
  const at = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "ignore" });
  const made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj"];
  openssl(...made, "/CN=An authority of the test", "-keyout", at("ca.key"), "-out", at("ca.pem"));
  const leaf = ["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "subjectAltName=DNS:localhost"];
  const signed = ["-CA", at("ca.pem"), "-CAkey", at("ca.key"), ...leaf];
  openssl(...made, "/CN=localhost", "-keyout", at("server.key"), "-out", at("server.pem"), ...signed);
  const server = createTlsServer({ key: readFileSync(at("server.key")), cert: readFileSync(at("server.pem")) });
  return { port: await echoing(server as unknown as Server), authority: at("ca.pem") };
}

describe.each(engines)("proxies: $engine", ({ program }) => {
  /** The outcomes of a client with these variables and arguments. */
  async function client(env: Record<string, string>, ...args: string[]): Promise<unknown[]> {
    const [file = "", ...first] = program;
    const out = await new Promise<string>((resolve, reject) => {
      execFile(file, [...first, ...args], { env, timeout: 20_000 }, (error, stdout, stderr) => {
        if (error) reject(new Error(`${error.message}\n${stderr}`));
        else resolve(stdout);
      });
    });
    return out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
  }

  test("requests and WebSockets go through it, with user and password; NO_PROXY goes straight", async () => {
    const { url, seen } = await proxy();
    const port = await echoing(createServer());
    const variables = { HTTP_PROXY: url("ann:p%40ss") };
    const there = [`http://127.0.0.1:${port}/x`, `ws://127.0.0.1:${port}/y`] as const;
    const through = await client(variables, "fetch", there[0], "socket", there[1]);
    expect(through).toEqual([
      { status: 200, text: "through" },
      { type: "text", text: "heard over the proxy" },
    ]);
    expect(seen).toEqual([`GET http://127.0.0.1:${port}/x`, `CONNECT 127.0.0.1:${port}`]);
    seen.length = 0;
    expect(await client({ ...variables, NO_PROXY: "127.0.0.1" }, "fetch", there[0], "socket", there[1])).toEqual(
      through,
    );
    expect(seen).toEqual([]);
  });

  test.runIf(hasOpenssl)("so do those by TLS, and the certificate is that of the other end", async () => {
    const { url, seen } = await proxy();
    const { port, authority } = await behindTls();
    const variables = { HTTPS_PROXY: url("ann:p%40ss"), SSL_CERT_FILE: authority };
    const args = ["fetch", `https://localhost:${port}/`, "socket", `wss://localhost:${port}/`];
    expect(await client(variables, ...args)).toEqual([
      { status: 200, text: "through" },
      { type: "text", text: "heard over the proxy" },
    ]);
    expect(seen).toEqual([`CONNECT localhost:${port}`, `CONNECT localhost:${port}`]);
    const { SSL_CERT_FILE: _, ...untrusting } = variables;
    for (const outcome of await client(untrusting, ...args)) {
      expect(outcome).toMatchObject({ code: "unavailable", message: expect.stringMatching(/TLS/) });
    }
  });

  test("a wrong password is told as such, with what to correct, and never shown", async () => {
    const { url, where } = await proxy();
    const port = await echoing(createServer());
    const variables = { HTTP_PROXY: url("ann:canary"), HTTPS_PROXY: url("ann:canary") };
    const places = [
      `fetch http://127.0.0.1:${port}/`,
      `fetch https://127.0.0.1:${port}/`,
      `socket ws://127.0.0.1:${port}/`,
    ];
    for (const place of places) {
      const [outcome] = await client(variables, ...place.split(" "));
      const message = `cannot reach 127.0.0.1:${port} through the proxy ${where}: it wants another user or password (407): correct them in HTTP_PROXY or HTTPS_PROXY`;
      expect(outcome).toEqual({ code: "unavailable", message });
    }
  });

  test("what it refuses otherwise is told with its words", async () => {
    const { url, where } = await proxy();
    const places = ["socket", "wss://forbidden.example.com/", "fetch", "https://forbidden.example.com/"];
    for (const outcome of await client({ HTTPS_PROXY: url("ann:p%40ss") }, ...places)) {
      expect(outcome).toMatchObject({
        code: "unavailable",
        message: expect.stringMatching(`cannot reach forbidden.example.com through the proxy ${where}: .*403`),
      });
    }
  });
});
