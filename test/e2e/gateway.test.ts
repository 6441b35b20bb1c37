import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import OpenAI from "openai";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Answer, type Asked, lastUserText, provider, using } from "./provider.ts";
import { freePort, type Gateway, gateway, type Home, newHome, start, weft } from "./weft.ts";

interface Running {
  readonly home: Home;
  readonly server: Gateway;
  readonly asked: readonly Asked[];
  readonly openai: OpenAI;
}

async function running(
  answer: (asked: Asked, count: number) => Answer | Promise<Answer>,
  config: object = {},
): Promise<Running> {
  const mock = await provider(answer);
  onTestFinished(() => mock.close());
  const home = await newHome(using(mock, config));
  onTestFinished(() => home.remove());
  const server = await gateway(home);
  onTestFinished(async () => {
    if (server.child.exitCode === null) await server.stop("SIGKILL");
  });
  const openai = new OpenAI({ apiKey: server.token, baseURL: `${server.url}/v1`, maxRetries: 0 });
  return { home, server, asked: mock.asked, openai };
}

const hello = [{ role: "user" as const, content: "hello" }];

describe("the openai SDK", () => {
  test("not streaming", async () => {
    const { openai } = await running((asked) => ({ text: `you said ${lastUserText(asked)}` }));
    const answer = await openai.chat.completions.create({ model: "weft", messages: hello });
    expect(answer.choices[0]?.message.content).toBe("you said hello");
    expect(answer.usage).toMatchObject({ prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 });
    expect((await openai.models.list()).data.map(({ id }) => id)).toEqual(["weft", "custom/mock", "offline"]);
  });

  test("streaming, with the usage at the end", async () => {
    const { openai } = await running(() => ({ text: "a few words, one after the other" }));
    const stream = await openai.chat.completions.create({
      model: "weft",
      messages: hello,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "";
    let total = 0;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      total = chunk.usage?.total_tokens ?? total;
    }
    expect({ text, total }).toEqual({ text: "a few words, one after the other", total: 18 });
  });

  test("a failure has the provider's words and a status that fits", async () => {
    const { openai } = await running(() => ({
      raw: (response) => response.writeHead(400).end('{"error":{"message":"no such voice"}}'),
    }));
    const error = await openai.chat.completions
      .create({ model: "weft", messages: hello })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ status: 502, message: expect.stringContaining("no such voice") });
  });

  test("a session that weft keeps", async () => {
    const { openai, asked } = await running(() => ({ text: "ok" }));
    const options = { headers: { "X-Session-Id": "ann" } };
    await openai.chat.completions.create({ model: "weft", messages: [{ role: "user", content: "one" }] }, options);
    await openai.chat.completions.create({ model: "weft", messages: [{ role: "user", content: "two" }] }, options);
    expect(asked[1]?.messages.map(({ content }) => content).slice(1)).toEqual(["one", "ok", "two"]);
  });
});

test("the first start makes a token, shows it once and keeps it to its owner", async () => {
  const home = await newHome();
  onTestFinished(() => home.remove());
  const port = String(await freePort());
  const firstLog = async () => {
    const child = start(home, ["gateway"], { env: { CLAWFT__gateway__port: port } });
    let log = "";
    await new Promise<void>((resolve) => {
      child.stderr?.on("data", (bytes: Buffer) => {
        log += bytes.toString();
        if (log.includes("OpenAI clients")) resolve();
      });
    });
    const token = (await readFile(join(home.workspace, ".weft/gateway-token"), "utf8")).trim();
    const status = (await fetch(`http://127.0.0.1:${port}/status`, { headers: { authorization: `Bearer ${token}` } }))
      .status;
    child.kill("SIGTERM");
    await new Promise((resolve) => child.on("close", resolve));
    return { log, token, status };
  };
  const first = await firstLog();
  const second = await firstLog();
  expect(first.token).toMatch(/^[0-9a-f]{64}$/);
  expect([first.status, second.status]).toEqual([200, 200]);
  expect(first.log).toContain(first.token);
  expect(second.log).not.toContain(first.token);
  expect(second.token).toBe(first.token);
});

describe("one owner of the workspace", () => {
  test("a second gateway is told who has it", async () => {
    const { home, server } = await running(() => ({ text: "ok" }));
    const second = await weft(home, ["gateway"]);
    expect(second.code).toBe(1);
    expect(second.err).toContain(`is in use by weft gateway (pid ${server.child.pid}, ${server.url})`);
  });

  test("a port that is taken: by whom, and what to do", async () => {
    const { server } = await running(() => ({ text: "ok" }));
    const other = await newHome();
    onTestFinished(() => other.remove());
    const port = new URL(server.url).port;
    const second = await weft(other, ["gateway"], { env: { CLAWFT__gateway__port: port } });
    expect(second.code).toBe(1);
    expect(second.err).toContain(`port ${port} on 127.0.0.1 is taken by process ${server.child.pid}`);
    expect(second.err).toContain("set gateway.port to another");
  });

  test("`weft agent` talks through it, `weft status` asks it, `sessions delete` lets it", async () => {
    const { home, server } = await running((asked) => ({ text: `via the gateway: ${lastUserText(asked)}` }));
    const env = { CLAWFT_GATEWAY_TOKEN: server.token };
    expect(await weft(home, ["agent", "-m", "hi"], { env })).toMatchObject({ code: 0, out: "via the gateway: hi\n" });
    expect(await weft(home, ["status"], { env })).toMatchObject({
      code: 0,
      out: expect.stringContaining(`ready (gateway at ${server.url})`),
    });
    expect(await weft(home, ["sessions", "list"], { env })).toMatchObject({
      out: expect.stringContaining("cli:cli-session"),
    });
    expect(await weft(home, ["sessions", "delete", "cli-session"], { env })).toMatchObject({ code: 0 });
    expect((await weft(home, ["sessions", "list"], { env })).out).toContain("No sessions found.");
  });

  test("whoever does not know its token is told which variable to set", async () => {
    const { home } = await running(() => ({ text: "ok" }));
    expect(await weft(home, ["agent", "-m", "hi"])).toMatchObject({
      code: 4,
      err: expect.stringContaining("set CLAWFT_GATEWAY_TOKEN"),
    });
  });

  test("status fails with one line when the gateway hangs", async () => {
    const { home, server } = await running(() => ({ text: "ok" }));
    server.child.kill("SIGSTOP");
    const ended = await weft(home, ["status"], { env: { CLAWFT_GATEWAY_TOKEN: server.token } });
    server.child.kill("SIGCONT");
    expect(ended.code).not.toBe(0);
    expect(ended.err.trim().split("\n")).toEqual([expect.stringContaining("holds the workspace but does not answer")]);
  });
});

describe("stopping", () => {
  test("SIGTERM lets a running turn finish; its client gets the answer", async () => {
    const { server } = await running(() => ({ text: "just in time", delayMs: 700 }));
    const asked = server.post({ messages: hello });
    await busy(server);
    const code = server.stop("SIGTERM");
    expect(await (await asked).json()).toMatchObject({ choices: [{ message: { content: "just in time" } }] });
    expect(await code).toBe(0);
  });

  test("what the drain budget does not suffice for is told, or goes on after the next start", async () => {
    let hold = true;
    const { home, server } = await running(() => (hold ? { raw: () => {} } : { text: "after the restart" }), {
      gateway: { drain_secs: 0.3 },
    });
    const kept = server.post({ messages: hello }, { "x-session-id": "s", "idempotency-key": "k1" });
    const lost = server.post({ messages: hello });
    await busy(server, 2);
    expect(await server.stop("SIGTERM")).toBe(0);
    expect((await kept).status).toBe(503);
    expect(await (await lost).json()).toMatchObject({ error: { message: expect.stringContaining("shutting down") } });
    hold = false;
    const next = await gateway(home);
    onTestFinished(async () => void (await next.stop("SIGKILL")));
    const again = await next.post({ messages: hello }, { "x-session-id": "s", "idempotency-key": "k1" });
    expect(await again.json()).toMatchObject({ choices: [{ message: { content: "after the restart" } }] });
  });
});

test("a client that goes away ends its turn, unless it is durable", async () => {
  let left = 0;
  const { server, asked } = await running(() => ({ raw: (response) => response.on("close", () => left++) }));
  const controller = new AbortController();
  const headers = { authorization: `Bearer ${server.token}`, "content-type": "application/json" };
  const post = (more: object, signal: AbortSignal) =>
    fetch(`${server.url}/v1/chat/completions`, {
      method: "POST",
      headers: { ...headers, ...more },
      body: JSON.stringify({ messages: hello }),
      signal,
    });
  const goes = post({}, controller.signal).catch((error: Error) => error.name);
  const stays = post({ "idempotency-key": "k" }, controller.signal).catch((error: Error) => error.name);
  await until(() => asked.length === 2);
  controller.abort();
  expect(await Promise.all([goes, stays])).toEqual(["AbortError", "AbortError"]);
  await until(() => left > 0);
  await busy(server, 1);
  expect(left).toBe(1);
});

describe("SIGHUP", () => {
  test("takes up a new configuration", async () => {
    const { home, server } = await running(() => ({ text: "ok" }));
    const before = JSON.parse(await readFile(join(home.path, ".clawft/config.json"), "utf8"));
    await home.configure({ ...before, agents: { defaults: { model: "offline" } } });
    server.child.kill("SIGHUP");
    await until(() => server.log().includes("read anew"));
    expect((await server.post({ messages: hello })).headers.get("x-model")).toBe("offline");
  });

  test("with a broken one nothing changes, and the log says why", async () => {
    const { home, server } = await running(() => ({ text: "still here" }));
    await home.configure("{ broken");
    server.child.kill("SIGHUP");
    await until(() => server.log().includes("config.json:1:3"));
    expect(await (await server.post({ messages: hello })).json()).toMatchObject({
      choices: [{ message: { content: "still here" } }],
    });
  });
});

test("no key is ever written: not in logs, sessions, journal or answers", async () => {
  const { home, server } = await running(
    (asked) =>
      asked.messages.at(-1)?.role === "tool"
        ? { text: "done" }
        : { calls: [{ name: "exec_shell", input: { command: "env" } }] },
    { tools: { command_policy: { mode: "denylist" } }, log: { level: "debug" } },
  );
  await server.post({ messages: hello }, { "x-session-id": "s" });
  const found = spawnSync("grep", ["-rl", "sk-test-canary-123456", home.workspace], { encoding: "utf8" });
  expect(found.stdout).toBe("");
  expect(server.log()).not.toContain("sk-test-canary");
});

async function busy(server: Gateway, running = 1): Promise<void> {
  await until(async () => (await (await server.get("/metrics")).text()).includes(`weft_turns_running ${running}\n`));
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error("it did not happen within 10 s");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
