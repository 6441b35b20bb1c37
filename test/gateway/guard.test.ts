import { describe, expect, test } from "vitest";
import { hello, manualTimers, rawRequest, says, serve, token, until } from "./harness.ts";

describe("who may come in", () => {
  test.each(["/status", "/metrics", "/v1/models", "/openapi.json", "/nothing"])("%s wants the token", async (path) => {
    const served = await serve(says("x"));
    expect((await fetch(served.url + path)).status).toBe(401);
    expect((await fetch(served.url + path, { headers: { authorization: "Bearer wrong" } })).status).toBe(401);
    expect((await served.get(path)).status).toBe(path === "/nothing" ? 404 : 200);
  });

  test.each(["/healthz", "/readyz", "/"])("%s does not, and tells nothing", async (path) => {
    const served = await serve(says("x"));
    const response = await fetch(served.url + path);
    expect(response.status).toBe(200);
    expect(await response.text()).not.toMatch(/acme|1\.2\.3|a-token/);
  });

  test.each([
    ["evil.example.com", 403],
    ["evil.example.com:80", 403],
    ["localhost", 200],
    ["127.0.0.1:1234", 200],
    ["[::1]:80", 200],
    ["gate.example.com", 200],
    ["a@b", 400],
  ])("the host name %s gets %i", async (host, status) => {
    const served = await serve(says("x"), { allowedHosts: ["gate.example.com"] });
    const headers = { host, authorization: `Bearer ${token}` };
    expect((await rawRequest(served, "/v1/models", { headers })).status).toBe(status);
  });

  test.each([
    ["https://evil.example.com", 403],
    ["null", 403],
    ["https://chat.example.com", 200],
  ])("a page of %s gets %i", async (origin, status) => {
    const served = await serve(says("x"), { allowedOrigins: ["https://chat.example.com"] });
    const response = await served.get("/v1/models", { headers: { origin } });
    expect(response.status).toBe(status);
    expect(response.headers.get("access-control-allow-origin")).toBe(status === 200 ? origin : null);
  });

  test("a preflight of an allowed page is answered without a token", async () => {
    const served = await serve(says("x"), { allowedOrigins: ["https://chat.example.com"] });
    const headers = { origin: "https://chat.example.com", "access-control-request-method": "POST" };
    const response = await fetch(`${served.url}/v1/chat/completions`, { method: "OPTIONS", headers });
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-methods")).toContain("POST");
  });
});

describe("what may be sent", () => {
  test("more than the limit is 413, declared or not", async () => {
    const served = await serve(says("x"), { limits: { maxBodyBytes: 1000, rateLimitRpm: 0 } });
    expect((await served.chat({ messages: [{ role: "user", content: "x".repeat(2000) }] })).status).toBe(413);
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const write = (send: (chunk: Uint8Array) => void) => {
      for (let i = 0; i < 10; i++) send(new Uint8Array(500).fill(32));
    };
    const path = "/v1/chat/completions";
    expect((await rawRequest(served, path, { method: "POST", headers, write })).status).toBe(413);
    expect(served.line.received).toEqual([]);
  });

  test("a body that does not come to its end is 408", async () => {
    const timers = manualTimers();
    const served = await serve(says("x"), { timer: timers.timer });
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", "content-length": "100" };
    const asked = rawRequest(served, "/v1/chat/completions", {
      method: "POST",
      headers,
      write: (send) => send(new Uint8Array(10)),
    }).catch((error: Error) => error);
    await until(() => timers.elapse(30_000) > 0);
    expect(await asked).toMatchObject({ status: 408 });
  });

  test.each([
    ["text/plain", 415],
    ["application/x-www-form-urlencoded", 415],
    ["application/json; charset=utf-8", 200],
  ])("content of type %s is %i", async (type, status) => {
    const served = await serve(says("x"));
    expect((await served.chat(hello, { headers: { "content-type": type } })).status).toBe(status);
  });

  test("broken JSON is told with its place", async () => {
    const served = await serve(says("x"));
    const response = await served.chat('{"messages": [}');
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("line 1, column 15");
  });

  test("another method is 405, with the right one", async () => {
    const served = await serve(says("x"));
    const response = await served.get("/v1/chat/completions");
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
  });
});

test("sessions are stopped and deleted by their name or their whole key", async () => {
  const served = await serve(says("x"));
  const call = async (method: string, path: string) => await (await served.get(path, { method })).json();
  expect(await call("POST", "/v1/sessions/busy/stop")).toEqual({ stopped: true });
  expect(await call("POST", "/v1/sessions/cli%3Awork/stop")).toEqual({ stopped: true });
  expect(await call("POST", "/v1/sessions/idle/stop")).toEqual({ stopped: false });
  expect(await call("DELETE", "/v1/sessions/old")).toEqual({ deleted: true });
  expect(await call("DELETE", "/v1/sessions/cli%3Awork")).toEqual({ deleted: true });
  expect(await call("DELETE", "/v1/sessions/none")).toEqual({ deleted: false });
});

test("readiness names the part that failed, and what it says without secrets", async () => {
  const detail = "disk full; key sk-secret";
  const served = await serve(says("x"), {
    status: async () => [{ part: "workspace", state: "failed", detail, at: 0 }],
  });
  const response = await fetch(`${served.url}/readyz`);
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual({
    ready: false,
    failed: [{ part: "workspace", detail: "disk full; key [redacted]" }],
  });
});

test("a status that hangs is a failed one", async () => {
  const timers = manualTimers();
  const served = await serve(says("x"), { status: () => new Promise(() => {}), timer: timers.timer });
  const asked = fetch(`${served.url}/readyz`);
  await until(() => timers.elapse(5000) > 0);
  expect((await asked).status).toBe(503);
});

test("metrics count turns, tokens and requests", async () => {
  const served = await serve(says("x"));
  served.publish({ type: "turn", state: "finished", turn: "t", session: "s", ms: 700, stop: "end" });
  const usage = { inputTokens: 100, outputTokens: 7 };
  served.publish({ type: "model", turn: "t", model: 'a/"b"', usage, ms: 600 });
  await served.get("/v1/models");
  const text = await (await served.get("/metrics")).text();
  expect(text).toContain('weft_turns_total{stop="end"} 1\n');
  expect(text).toContain('weft_turn_seconds_bucket{le="1"} 1\n');
  expect(text).toContain('weft_tokens_total{model="a/\\"b\\"",kind="input"} 100\n');
  expect(text).toContain('weft_http_requests_total{route="models",status="200"} 1\n');
  expect(text).toContain("weft_turns_running 2\n");
});
