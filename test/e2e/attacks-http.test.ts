import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Gateway, gateway, type Home, newHome, testToken } from "./weft.ts";

/** Attacks on the gateway's own door. Each row: what is sent, and what must come back; a new attack is a new row. */
let home: Home;
let server: Gateway;
/** `METHOD PATH` of all routes that want a token, out of the gateway's own description. */
let routes: readonly (readonly [method: string, path: string])[] = [];

const auth = `Authorization: Bearer ${testToken}`;

beforeAll(async () => {
  home = await newHome({ gateway: { max_body_bytes: 65_536, rate_limit_rpm: 0 } });
  server = await gateway(home);
  const document = (await (await server.get("/openapi.json")).json()) as {
    paths: Record<string, Record<string, object>>;
  };
  const open = ["/", "/healthz", "/readyz"];
  routes = Object.entries(document.paths)
    .filter(([path]) => !open.includes(path))
    .flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => [method.toUpperCase(), path.replace(/\{\w+\}/g, "x")] as const),
    );
});
afterAll(async () => {
  await server.stop();
  await home.remove();
});

/** What the server says to these very bytes, until it closes or is silent for a moment. */
function raw(text: string, silenceMs = 1500): Promise<string> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname, () => socket.write(text));
    let out = "";
    socket.setTimeout(silenceMs, () => socket.destroy());
    socket.on("data", (bytes: Buffer) => (out += bytes.toString("latin1")));
    socket.on("error", () => {});
    socket.on("close", () => resolve(out));
  });
}

const statuses = (out: string) => [...out.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status));

/** It is still there, and serves. */
const alive = async () => expect((await server.get("/readyz")).status).toBe(200);

describe("every route that wants the token", () => {
  test("there are some", () => expect(routes.length).toBeGreaterThan(6));

  const attacks: readonly (readonly [string, Record<string, string>, number, RegExp])[] = [
    ["without one", {}, 401, /send the header `Authorization: Bearer TOKEN`/],
    ["with another", { authorization: "Bearer test-token-0123456789abcdee" }, 401, /the token is wrong/],
    ["with half of it", { authorization: `Bearer ${testToken.slice(0, -1)}` }, 401, /the token is wrong/],
    ["with more than it", { authorization: `Bearer ${testToken}x` }, 401, /the token is wrong/],
    ["with it as a password", { authorization: `Basic ${btoa(`x:${testToken}`)}` }, 401, /send the header/],
    ["with it in a cookie", { cookie: `token=${testToken}` }, 401, /send the header/],
    [
      "from a foreign page",
      { authorization: `Bearer ${testToken}`, origin: "https://evil.example" },
      403,
      /pages of .* may not use this API: add it to gateway.allowed_origins/,
    ],
    [
      "from a page without an origin",
      { authorization: `Bearer ${testToken}`, origin: "null" },
      403,
      /may not use this API/,
    ],
  ];
  test.each(attacks)("%s: says why", async (_, headers, status, why) => {
    for (const [method, path] of routes) {
      const response = await fetch(server.url + path, { method, headers });
      expect(`${method} ${path} ${response.status}`).toBe(`${method} ${path} ${status}`);
      expect(await response.text()).toMatch(why);
    }
  });

  test.each([
    ["a foreign name", "evil.example"],
    ["one that ends like ours", "localhost.evil.example"],
    ["one that begins like ours", "127.0.0.1.evil.example"],
    ["odd letters", "local\tho\x7fst"],
    ["a user before it", "x@127.0.0.1"],
    ["nothing", ""],
  ])("under %s as its host: refused", async (_, host) => {
    for (const [method, path] of routes) {
      const out = await raw(
        `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${auth}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
      );
      expect([400, 403], `${method} ${path}`).toContain(statuses(out)[0]);
      expect(out).toMatch(/is not known here: add it to gateway.allowed_hosts|400 Bad Request/);
    }
    await alive();
  });

  test("the token in the address is no token", async () => {
    for (const [method, path] of routes) {
      const response = await fetch(`${server.url}${path}?token=${testToken}&access_token=${testToken}`, { method });
      expect(response.status).toBe(401);
    }
  });

  test("another method than its own is told the right one", async () => {
    for (const path of new Set(routes.map(([, at]) => at))) {
      const response = await fetch(server.url + path, {
        method: "PATCH",
        headers: { authorization: `Bearer ${testToken}` },
      });
      expect([404, 405]).toContain(response.status);
    }
  });
});

describe("bodies", () => {
  const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
    fetch(`${server.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${testToken}`, "content-type": "application/json", ...headers },
      body,
    });
  const rows: readonly (readonly [string, string | Uint8Array<ArrayBuffer>, number, RegExp])[] = [
    ["empty", "", 400, /JSON/],
    ["cut", '{"messages": [{"role": "user", "con', 400, /JSON/],
    ["no object", "[]", 400, /messages/],
    ["null", "null", 400, /object/i],
    [
      "too large",
      JSON.stringify({ messages: [{ role: "user", content: "x".repeat(70_000) }] }),
      413,
      /gateway.max_body_bytes/,
    ],
    ["nested without end", "[".repeat(30_000), 400, /JSON|deep|nest/i],
    ["nested and closed", `{"messages":${"[".repeat(20_000)}${"]".repeat(20_000)}}`, 400, /./],
    ["not UTF-8", new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]), 400, /./],
    ["no messages", "{}", 400, /messages/],
    ["no message in them", '{"messages":[]}', 400, /messages/],
    ["a role that is none", '{"messages":[{"role":"root","content":"x"}]}', 400, /role/],
    ["a prototype", '{"__proto__":{"admin":true},"messages":[{"role":"user","content":1}]}', 400, /messages/],
    ["a huge number", '{"messages":[{"role":"user","content":"hi"}],"max_tokens":1e400}', 400, /max_tokens/],
    [
      "a picture to fetch",
      '{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://127.0.0.1/x.png"}}]}]}',
      400,
      /weft fetches no images/,
    ],
  ];
  test.each(rows)("%s: refused with a reason", async (_, body, status, why) => {
    const response = await post(body);
    const text = await response.text();
    expect({ status: response.status, text }).toEqual({ status, text: expect.stringMatching(why) });
    expect(JSON.parse(text)).toHaveProperty("error.message");
    await alive();
  });

  test.each([
    ["a session of another folder", { "x-session-id": "../../etc/passwd" }],
    ["a session with a NUL", { "x-weft-session": "cli:a%00b/../c" }],
    ["a session that is too long", { "x-session-id": "x".repeat(300) }],
    ["a key that is no key", { "idempotency-key": "a b" }],
  ])("%s: refused", async (_, headers) => {
    const response = await post('{"messages":[{"role":"user","content":"hi"}]}', headers);
    expect(response.status).toBe(400);
    await alive();
  });

  test.each(["..%2f..%2fetc%2fpasswd", "%2e%2e", "a%00b", "x".repeat(300)])(
    "a session to delete called %s: refused, and nothing is deleted",
    async (id) => {
      const response = await server.get("/status");
      expect(response.status).toBe(200);
      const deleted = await fetch(`${server.url}/v1/sessions/${id}`, {
        method: "DELETE",
        headers: { authorization: `Bearer ${testToken}` },
      });
      expect([400, 404]).toContain(deleted.status);
      await alive();
    },
  );
});

describe("bytes that are no request, or two", () => {
  const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n${auth}\r\nContent-Type: application/json\r\n`;
  const second = `GET /status HTTP/1.1\r\nHost: localhost\r\n${auth}\r\n\r\n`;
  test.each([
    ["two lengths", `${head}Content-Length: 2\r\nContent-Length: 200\r\n\r\n{}${second}`],
    ["a length and pieces", `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${second}`],
    ["pieces that are none", `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`],
    ["an encoding nobody knows", `${head}Transfer-Encoding: chunked, x\r\n\r\n0\r\n\r\n${second}`],
    ["a negative length", `${head}Content-Length: -1\r\n\r\n${second}`],
    ["a header on two lines", `GET /status HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\nAuthorization: x\r\n\r\n`],
    ["a header without a name", `GET /status HTTP/1.1\r\nHost: localhost\r\n: x\r\n\r\n`],
    ["a NUL", `GET /status\0 HTTP/1.1\r\nHost: localhost\r\n\r\n`],
    ["two hosts", `GET /status HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n${auth}\r\n\r\n`],
    ["no HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
    ["a very long line", `GET /${"x".repeat(200_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`],
    ["very many headers", `GET /status HTTP/1.1\r\nHost: localhost\r\n${"X-A: b\r\n".repeat(20_000)}\r\n`],
  ])("%s: never two answers to one request, and the gateway goes on", async (_, bytes) => {
    const out = await raw(bytes);
    const [first = 400, ...more] = statuses(out);
    expect(first).toBeGreaterThanOrEqual(400);
    expect(more.filter((status) => status < 400)).toEqual([]);
    await alive();
  });

  test("a header that would add lines to an answer does not", async () => {
    const out = await raw(
      `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: a%0d%0aSet-Cookie: x\r\nConnection: close\r\n\r\n`,
    );
    expect(out.toLowerCase()).not.toContain("set-cookie");
  });
});

describe("guessing the token", () => {
  test("is limited, told when to go on, in the audit, and shuts nobody else out", async () => {
    const limited = await newHome({ gateway: { rate_limit_rpm: 30 } });
    const guarded = await gateway(limited);
    const guess = (n: number) => fetch(`${guarded.url}/status`, { headers: { authorization: `Bearer guess-${n}` } });
    const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => guess(n)));
    const limitedOnes = answers.filter(({ status }) => status === 429);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(30);
    expect(limitedOnes).toHaveLength(30);
    expect(Number(limitedOnes[0]?.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await limitedOnes[0]?.text()).toMatch(
      /more than 30 requests in a minute \(gateway.rate_limit_rpm\): wait \d+ s/,
    );
    expect((await guarded.get("/status")).status).toBe(200);
    await guarded.stop();
    const { weft } = await import("./weft.ts");
    const { out } = await weft(limited, ["audit", "show", "--kind", "login", "--json"]);
    expect(out).toContain("the token is wrong");
    expect(out).not.toContain("guess-");
    await limited.remove();
  });
});
