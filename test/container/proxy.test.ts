import { type ChildProcess, spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { WebSocketServer } from "ws";
import { type Provider, provider } from "../e2e/provider.ts";
import { freePort } from "../e2e/weft.ts";
import { proxyClientProgram } from "../native/build.ts";
import { docker, dockerSays, hostFile, hostFolder, run, unique, until, weft } from "./docker.ts";

/** Only the proxy knows this name. */
const name = "models.weft.test";

interface Recording {
  readonly url: string;
  /** `METHOD target` of everything that was asked of it. */
  requests(): Promise<string[]>;
}

interface Closed {
  /** Of a network without a way out. */
  readonly network: string;
  /** This machine in it. */
  readonly address: string;
}

async function closedNetwork(): Promise<Closed> {
  const network = unique();
  await dockerSays("network", "create", "--internal", network);
  onTestFinished(async () => {
    await docker("network", "rm", network);
  });
  const format = "{{(index .IPAM.Config 0).Gateway}}";
  return { network, address: await dockerSays("network", "inspect", network, "--format", format) };
}

/** A real proxy that writes down all it is asked, where the name above is this machine. */
async function recordingProxy(address: string, password?: string): Promise<Recording> {
  const folder = await hostFolder();
  const port = await freePort();
  const log = join(folder, "log");
  await writeFile(join(folder, "hosts"), `127.0.0.1 localhost ${name}\n`);
  const auth = password ? `BasicAuth weft ${password}\n` : "";
  const rules = `Listen ${address}\nPort ${port}\nTimeout 60\nLogLevel Connect\nMaxClients 50\n${auth}`;
  await writeFile(join(folder, "tinyproxy.conf"), rules);
  // Its own view of the files, in which /etc/hosts is another.
  const script = "mount --bind hosts /etc/hosts && exec tinyproxy -d -c tinyproxy.conf > log";
  const child = spawn("unshare", ["--mount", "sh", "-c", script], { cwd: folder, stdio: "ignore" });
  onTestFinished(() => ended(child));
  await until("the proxy listens", () => accepts(port, address));
  const request = /Request \(file descriptor \d+\): (\S+ \S+)/g;
  return {
    url: `http://${password ? `weft:${password}@` : ""}${address}:${port}`,
    requests: async () => [...(await readFile(log, "utf8")).matchAll(request)].map(([, what]) => what ?? ""),
  };
}

function accepts(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.on("connect", () => socket.destroy());
    socket.on("error", () => resolve(false));
    socket.on("close", () => resolve(true));
  });
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.on("close", () => resolve());
    child.kill("SIGKILL");
  });
}

async function mocked(): Promise<Provider> {
  const mock = await provider(() => ({ text: "through the proxy" }));
  onTestFinished(() => mock.close());
  return mock;
}

const configured = (base: string) => ({
  agents: { defaults: { model: "custom/mock" } },
  providers: { custom: { api_base: base, api_key: "sk-test" } },
  tools: { url_policy: { allowed_domains: [name] } },
  models: { retry: { attempts: 0 }, timeouts: { connect_secs: 3 } },
});

async function asked(
  { network }: Closed,
  base: string,
  variables: Record<string, string>,
  words = ["agent", "-m", "hi"],
) {
  const file = await hostFile("config.json", configured(base));
  const env = Object.entries(variables).flatMap(([variable, value]) => ["-e", `${variable}=${value}`]);
  return weft(["--network", network, "-v", `${file}:/root/.clawft/config.json:ro`, ...env], ...words);
}

beforeAll(proxyClientProgram, 600_000);

describe("in a network whose only way out is a proxy", () => {
  test("without it nothing is reached, and that is said", async () => {
    const mock = await mocked();
    const ended = await asked(await closedNetwork(), mock.url.replace("127.0.0.1", name), {});
    expect(ended.code).toBe(5);
    expect(ended.err).toContain(`cannot reach ${name}`);
    expect(mock.asked).toEqual([]);
  });

  test.each(["HTTP_PROXY", "http_proxy"])("all requests go through %s", async (variable) => {
    const closed = await closedNetwork();
    const proxy = await recordingProxy(closed.address);
    const mock = await mocked();
    const ended = await asked(closed, mock.url.replace("127.0.0.1", name), { [variable]: proxy.url });
    expect(ended).toMatchObject({ code: 0, out: "through the proxy\n" });
    const requests = await proxy.requests();
    expect(requests.length).toBeGreaterThanOrEqual(mock.asked.length);
    expect(requests.every((request) => request.includes(name))).toBe(true);
  });

  test("WebSockets go through it by CONNECT", async () => {
    const closed = await closedNetwork();
    const proxy = await recordingProxy(closed.address, "p4ss");
    const url = `ws://${name}:${await echoingSockets()}/`;
    expect(await talked(closed, url, {})).toMatchObject({ code: "unavailable" });
    expect(await talked(closed, url, { HTTP_PROXY: proxy.url.replace("p4ss", "wrong") })).toMatchObject({
      message: expect.stringContaining("it wants another user or password (401): correct them in HTTP_PROXY"),
    });
    expect(await talked(closed, url, { HTTP_PROXY: proxy.url })).toEqual({
      type: "text",
      text: "heard over the proxy",
    });
    expect((await proxy.requests()).at(-1)).toBe(`CONNECT ${new URL(url).host}`);
  });

  test.each(["HTTPS_PROXY", "https_proxy"])(
    "TLS goes through %s, to a server whose authority SSL_CERT_FILE names",
    async (variable) => {
      const closed = await closedNetwork();
      const proxy = await recordingProxy(closed.address);
      const mock = await mocked();
      const { port, authority } = await behindTls(mock);
      const file = await hostFile("config.json", configured(`https://${name}:${port}/v1`));
      const common = [
        "--network",
        closed.network,
        "-v",
        `${file}:/root/.clawft/config.json:ro`,
        "-e",
        `${variable}=${proxy.url}`,
      ];
      const trusted = ["-v", `${authority}:/authority.pem:ro`, "-e", "SSL_CERT_FILE=/authority.pem"];
      expect(await weft([...common, ...trusted], "agent", "-m", "hi")).toMatchObject({
        code: 0,
        out: "through the proxy\n",
      });
      expect(mock.asked.length).toBe(1);
      expect(new Set(await proxy.requests())).toEqual(new Set([`CONNECT ${name}:${port}`]));
      const refused = await weft(common, "agent", "-m", "hi");
      expect(refused.code).toBe(5);
      expect(refused.err).toMatch(/TLS|certificate/);
      expect(mock.asked.length).toBe(1);
    },
  );

  test("tools use it too", async () => {
    const closed = await closedNetwork();
    const proxy = await recordingProxy(closed.address);
    const page = await provider(() => ({ text: "" }));
    onTestFinished(() => page.close());
    const url = `http://${name}:${new URL(page.url).port}/page`;
    const script = { calls: [{ name: "web_fetch", input: { url } }] };
    const mock = await provider((_, count) => (count === 1 ? script : { text: "read" }));
    onTestFinished(() => mock.close());
    const ended = await asked(closed, mock.url.replace("127.0.0.1", name), { HTTP_PROXY: proxy.url });
    expect(ended).toMatchObject({ code: 0, out: expect.stringContaining("read\n") });
    expect((await proxy.requests()).filter((request) => request.includes("/page"))).toEqual([`GET ${url}`]);
  });

  test("with a password", async () => {
    const closed = await closedNetwork();
    const proxy = await recordingProxy(closed.address, "of-the-test");
    const mock = await mocked();
    const base = mock.url.replace("127.0.0.1", name);
    expect(await asked(closed, base, { HTTP_PROXY: proxy.url })).toMatchObject({ code: 0, out: "through the proxy\n" });
    const wrong = proxy.url.replace("of-the-test", "canary-4711");
    const refused = await asked(closed, `https://${name}:1/v1`, { HTTPS_PROXY: wrong });
    expect(refused.code).toBe(5);
    expect(refused.err).toMatch(/it wants another user or password \(40[17]\): correct them in HTTP_PROXY/);
    expect(refused.err).not.toContain("canary-4711");
  });

  test("what NO_PROXY names is reached without it", async () => {
    const closed = await closedNetwork();
    const proxy = await recordingProxy(closed.address);
    const mock = await provider(() => ({ text: "directly" }), closed.address);
    onTestFinished(() => mock.close());
    const variables = { HTTP_PROXY: proxy.url, NO_PROXY: `localhost,${closed.address}` };
    expect(await asked(closed, mock.url, variables)).toMatchObject({ code: 0, out: "directly\n" });
    expect(await proxy.requests()).toEqual([]);
  });
});

/** A server that says again what it is told. */
async function echoingSockets(): Promise<number> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  server.on("connection", (socket) => {
    socket.on("message", (data: Buffer) => socket.send(`heard ${data.toString()}`));
  });
  await new Promise((resolve) => server.on("listening", resolve));
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** What the native engine hears there, as test/native/proxy-client.ts tells it: no command of weft speaks WebSocket yet. */
async function talked({ network }: Closed, url: string, variables: Record<string, string>): Promise<unknown> {
  const env = Object.entries(variables).flatMap(([variable, value]) => ["-e", `${variable}=${value}`]);
  const program = ["-v", `${resolve("dist/native-proxy-client")}:/client:ro`, "--entrypoint", "/client"];
  const { out, err } = await weft(["--network", network, ...program, ...env], "socket", url);
  expect(err).toBe("");
  return JSON.parse(out) as unknown;
}

/** The provider again, by TLS, with a certificate for the name above. */
async function behindTls(mock: Provider): Promise<{ port: number; authority: string }> {
  const folder = await hostFolder();
  const at = (file: string) => join(folder, file);
  const request = (file: string, subject: string, ...more: readonly string[]) =>
    openssl(
      ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", `/CN=${subject}`].concat(
        "-keyout",
        at(`${file}.key`),
        "-out",
        at(`${file}.pem`),
        more,
      ),
    );
  await request("authority", "An authority of the test");
  const signed = ["-CA", at("authority.pem"), "-CAkey", at("authority.key")];
  const leaf = ["-addext", "basicConstraints=critical,CA:FALSE", "-addext", `subjectAltName=DNS:${name}`];
  await request("server", name, ...signed, ...leaf);
  const server = createTlsServer(
    { key: await readFile(at("server.key")), cert: await readFile(at("server.pem")) },
    async (request, response) => {
      const pieces: Buffer[] = [];
      for await (const piece of request) pieces.push(piece as Buffer);
      const url = mock.url.replace("/v1", request.url ?? "");
      const body = pieces.length > 0 ? Buffer.concat(pieces) : null;
      const answer = await fetch(url, { method: request.method ?? "GET", body });
      response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "text/plain" });
      response.end(await answer.text());
    },
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { port: address.port, authority: at("authority.pem") };
}

async function openssl(args: readonly string[]): Promise<void> {
  const { code, err } = await run("openssl", args);
  if (code !== 0) throw new Error(`openssl ${args[0]}: ${err}`);
}
