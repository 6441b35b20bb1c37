import { spawnSync } from "node:child_process";
import { appendFile, chmod, chown, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Answer, lastUserText, type Provider, provider, using } from "./provider.ts";
import { gateway, type Home, newHome, weft } from "./weft.ts";

async function home(config?: object): Promise<Home> {
  const made = await newHome(config);
  onTestFinished(() => made.remove());
  return made;
}

async function mocked(answer: Parameters<typeof provider>[0]): Promise<Provider> {
  const mock = await provider(answer);
  onTestFinished(() => mock.close());
  return mock;
}

const isRoot = process.geteuid?.() === 0;
const nobody = 65_534;

test("a key's file that is not there is named, with its path", async () => {
  const env = { OPENAI_API_KEY_FILE: "/run/secrets/openai" };
  expect(await weft(await home(), ["status"], { env })).toMatchObject({
    code: 3,
    err: "weft: OPENAI_API_KEY_FILE: cannot read /run/secrets/openai: it does not exist\n",
  });
});

describe("a configuration that", () => {
  test("is broken JSON: file, line, column, the text and what was expected", async () => {
    const at = await home();
    await at.configure('{\n  "agents": {\n    "defaults": { "model": openai/gpt }\n  }\n}');
    const ended = await weft(at, ["agent", "-m", "x"]);
    expect(ended.code).toBe(3);
    expect(ended.err).toContain("config.json:3:28: this is no JSON value: expected a text in double quotes");
    expect(ended.err).toContain('"defaults": { "model": openai/gpt }');
  });

  test("is a directory", async () => {
    const at = await home();
    await mkdir(join(at.path, ".clawft/config.json"), { recursive: true });
    const ended = await weft(at, ["gateway"]);
    expect(ended).toMatchObject({ code: 3, err: expect.stringContaining("is a directory, not a configuration file") });
  });

  test("is 10 MB", async () => {
    const at = await home();
    await at.configure(`{ "x": "${"x".repeat(10_000_000)}" }`);
    const ended = await weft(at, ["status"]);
    expect(ended).toMatchObject({ code: 3, err: expect.stringContaining("too large for a configuration") });
    expect(ended.err.length).toBeLessThan(500);
  });

  test.runIf(isRoot)("cannot be read: path, uid, mode and the command that helps", async () => {
    const at = await home({ gateway: { port: 1 } });
    const file = join(at.path, ".clawft/config.json");
    await chown(at.path, nobody, nobody);
    await chown(join(at.path, ".clawft"), nobody, nobody);
    await chmod(file, 0o600);
    const ended = await weft(at, ["agent", "-m", "ping"], { uid: nobody });
    expect(ended.code).toBe(3);
    expect(ended.err).toContain(
      `cannot read ${file}: permission denied for uid 65534; it belongs to uid 0 and has mode 0600`,
    );
    expect(ended.err).toContain(`Run: sudo chown 65534 ${file}`);
  });
});

test.runIf(isRoot)("a workspace of another user: path, uid, mode and the command that helps", async () => {
  const at = await home();
  await mkdir(at.workspace, { recursive: true, mode: 0o755 });
  await chmod(at.path, 0o755);
  const ended = await weft(at, ["gateway"], { uid: nobody });
  expect(ended.code).toBe(3);
  expect(ended.err).toMatch(
    /permission denied for uid 65534; .*workspace belongs to uid 0 and has mode 0755\. Run: sudo chown 65534/,
  );
});

describe("a session file", () => {
  test("with a torn last line and garbage in the middle loses only those", async () => {
    const mock = await mocked(() => ({ text: "ok" }));
    const at = await home(using(mock));
    await weft(at, ["agent", "-m", "one"]);
    const file = join(at.workspace, "sessions", "cli%3Acli%2Dsession.jsonl");
    await appendFile(file, 'garbage\n{"role":"user","content":"torn');
    const second = await weft(at, ["agent", "-m", "two"]);
    expect(second).toMatchObject({ code: 0, out: "ok\n" });
    await weft(at, ["agent", "-m", "three"]);
    const texts = mock.asked
      .at(-1)
      ?.messages.slice(1)
      .map(({ content }) => content);
    expect(texts).toEqual(["one", "ok", "two", "ok", "three"]);
    expect(second.err).toMatch(/[23] line\(s\) cannot be read and were passed over/);
  });
});

describe.runIf(isRoot)("a disk that", () => {
  /** A small disk of its own as workspace. */
  async function smallDisk(kilobytes: number): Promise<{ at: Home; mount: (options: string) => void }> {
    const at = await home();
    await mkdir(at.workspace, { recursive: true });
    const mount = (options: string) => {
      const done = spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", at.workspace], { encoding: "utf8" });
      expect(done.stderr).toBe("");
    };
    mount(`size=${kilobytes}k`);
    onTestFinished(() => void spawnSync("umount", ["-l", at.workspace]));
    return { at, mount };
  }

  test("is full while a turn runs: it is said, nothing is lost, and with space again all goes on", async () => {
    let fill = async () => {};
    const mock = await mocked(async (asked) => {
      if (lastUserText(asked) === "two") await fill();
      // Longer than what is left in the last block of the files.
      return { text: `answer to ${lastUserText(asked)} ${"word ".repeat(2000)}` };
    });
    const { at } = await smallDisk(512);
    await at.configure(using(mock));
    const server = await gateway(at, { env: { CLAWFT__providers__custom__models__mock__context_tokens: "100000" } });
    onTestFinished(async () => void (await server.stop("SIGKILL")));
    const say = async (content: string) => {
      const headers = { "x-session-id": "s", "idempotency-key": content };
      const response = await server.post({ messages: [{ role: "user", content }] }, headers);
      return { status: response.status, body: JSON.stringify(await response.json()) };
    };
    const ballast = join(at.workspace, "ballast");
    fill = async () => {
      fill = async () => {};
      spawnSync("dd", ["if=/dev/zero", `of=${ballast}`, "bs=4k"]);
    };
    expect(await say("one")).toMatchObject({ status: 200 });
    expect(await say("two")).toMatchObject({
      status: 507,
      body: expect.stringContaining("no space is left on the device"),
    });
    expect(await say("three")).toMatchObject({ status: 507 });
    await expect.poll(async () => (await fetch(`${server.url}/readyz`)).status, { timeout: 5000 }).toBe(503);
    await rm(ballast);
    expect(await say("two")).toMatchObject({ status: 200, body: expect.stringContaining("answer to two") });
    expect(await say("four")).toMatchObject({ status: 200, body: expect.stringContaining("answer to four") });
    expect(await server.stop("SIGTERM")).toBe(0);
    const users = mock.asked
      .at(-1)
      ?.messages.filter(({ role }) => role === "user")
      .map(({ content }) => content);
    // The third may have fitted into the last free bytes before its turn failed.
    expect(users?.filter((text) => text !== "three")).toEqual(["one", "two", "four"]);
    const next = await gateway(at);
    expect(await next.stop("SIGTERM")).toBe(0);
  });

  test("is read-only: it is said", async () => {
    const { at, mount } = await smallDisk(512);
    mount("remount,ro");
    const ended = await weft(at, ["agent", "-m", "ping"]);
    expect(ended).toMatchObject({
      code: 1,
      err: expect.stringContaining("the file system is read-only; mount it writable"),
    });
    expect(await weft(at, ["status"])).toMatchObject({ code: 1, err: expect.stringContaining("read-only") });
  });
});

describe("a provider that", () => {
  const quick = {
    retry: { attempts: 1, base_ms: 10, cap_ms: 20 },
    timeouts: { first_token_secs: 0.5, idle_secs: 0.5 },
  };
  const begin = (response: Parameters<Extract<Answer, { raw: unknown }>["raw"]>[0]) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write('data: {"choices":[{"delta":{"content":"half"}}]}\n\n');
  };
  const answers: Readonly<Record<string, [Answer, number, RegExp]>> = {
    hangs: [{ raw: () => {} }, 7, /did not begin to answer within 0\.5 s/],
    "drips a byte now and then": [
      {
        raw: (response) => {
          response.writeHead(200, { "content-type": "text/event-stream" });
          const drip = setInterval(() => response.write(":"), 50);
          response.on("close", () => clearInterval(drip));
        },
      },
      7,
      /did not begin to answer/,
    ],
    "stops in the middle": [{ raw: begin }, 7, /stopped in the middle of its answer/],
    "closes in the middle": [
      {
        raw: (response) => {
          begin(response);
          setTimeout(() => response.destroy(), 20);
        },
      },
      5,
      /closed the connection in the middle/,
    ],
    "sends a web page": [
      {
        raw: (response) => {
          response.writeHead(200, { "content-type": "text/html" });
          response.end("<html>Please log in</html>");
        },
      },
      5,
      /web page \("Please log in"\).*is the address http:.* right\?/,
    ],
    "sends 100 MB": [
      {
        raw: (response) => {
          begin(response);
          const piece = `data: {"choices":[{"delta":{"content":"${"x".repeat(100_000)}"}}]}\n\n`;
          let left = 1000;
          const more = () => {
            while (left-- > 0 && !response.destroyed) if (!response.write(piece)) return;
            response.end();
          };
          response.on("drain", more);
          more();
        },
      },
      5,
      /sent more than 16 MB/,
    ],
    "is overloaded": [
      { raw: (response) => response.writeHead(503).end('{"error":{"message":"overloaded"}}') },
      5,
      /answered 503: overloaded/,
    ],
  };

  test.each(Object.keys(answers))("%s: an error with its code, in time, and the next message works", async (name) => {
    const [answer, code, message] = answers[name] ?? [{ text: "" }, 0, /./];
    let broken = true;
    const mock = await mocked(() => (broken ? answer : { text: "fine again" }));
    const at = await home(using(mock, { models: quick }));
    const ended = await weft(at, ["agent", "-m", "x"]);
    expect(ended).toMatchObject({ code, err: expect.stringMatching(message) });
    expect(ended.err).toContain("2 tries");
    expect(ended.ms).toBeLessThan(8000);
    broken = false;
    expect(await weft(at, ["agent", "-m", "and now?"])).toMatchObject({ code: 0, out: "fine again\n" });
  });

  test("is not there: its host, and exit 5", async () => {
    const at = await home({
      agents: { defaults: { model: "custom/mock" } },
      providers: { custom: { api_base: "http://127.0.0.1:9/v1" } },
      models: quick,
    });
    expect(await weft(at, ["agent", "-m", "x"])).toMatchObject({
      code: 5,
      err: expect.stringContaining("cannot reach 127.0.0.1:9: connection refused"),
    });
  });

  test("fails is replaced by the next of the fallbacks", async () => {
    const mock = await mocked((asked) =>
      asked.model === "mock"
        ? { raw: (response) => response.writeHead(500).end("{}") }
        : { text: `from ${asked.model}` },
    );
    const config = using(mock, {
      models: quick,
      agents: { defaults: { model: "custom/mock", fallbacks: ["custom/spare"] } },
    });
    expect(await weft(await home(config), ["agent", "-m", "x", "--json"])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/"text":"from spare".*"model":"custom\/spare"/),
    });
  });
});

test("a tool that never ends is ended, and the model told", async () => {
  const mock = await mocked((asked) => {
    const last = asked.messages.at(-1);
    return last?.role === "tool"
      ? { text: `told: ${last.content}` }
      : { calls: [{ name: "exec_shell", input: { command: "sleep 1000" } }] };
  });
  const tools = { exec: { timeout: 1 }, command_policy: { mode: "denylist" } };
  const ended = await weft(await home(using(mock, { tools })), ["agent", "-m", "x"]);
  expect(ended).toMatchObject({ code: 0, out: expect.stringContaining("told: Error: timeout after 1s") });
});

test("a model that calls the same tool for ever is stopped with an explanation", async () => {
  const mock = await mocked(() => ({ calls: [{ name: "list_directory", input: { path: "." } }] }));
  const ended = await weft(await home(using(mock)), ["agent", "-m", "x"]);
  expect(ended.code).toBe(0);
  expect(ended.out).toContain("I stopped here: ");
  expect(mock.asked.length).toBeLessThan(6);
});

describe("a message of 10 MB", () => {
  const text = "many words ".repeat(1_000_000).slice(0, 10_000_000);

  test("is taken, cut for the model, and kept whole", async () => {
    const mock = await mocked(() => ({ text: "that was long" }));
    const at = await home(using(mock));
    const ended = await weft(at, ["agent", "-m", "-"], { input: text });
    expect(ended).toMatchObject({ code: 0, out: "that was long\n" });
    expect(JSON.stringify(mock.asked.at(-1)?.messages.at(-1)).length).toBeLessThan(100_000);
    expect((await weft(at, ["agent", "-m", "and then?"])).code).toBe(0);
    expect((await readFile(join(at.workspace, "sessions", "cli%3Acli%2Dsession.jsonl"))).length).toBeGreaterThan(
      10_000_000,
    );
  }, 60_000);

  test("over the gateway's limit is refused with 413 and the setting", async () => {
    const mock = await mocked(() => ({ text: "ok" }));
    const at = await home(using(mock, { gateway: { max_body_bytes: 1_000_000 } }));
    const server = await gateway(at);
    onTestFinished(async () => void (await server.stop("SIGKILL")));
    const response = await server.post({ messages: [{ role: "user", content: text }] });
    expect(response.status).toBe(413);
    expect(await response.text()).toContain("gateway.max_body_bytes");
    expect((await server.post({ messages: [{ role: "user", content: "small" }] })).status).toBe(200);
  });
});

test("more than one client may ask is answered with 429 and when to come back", async () => {
  const mock = await mocked(() => ({ text: "ok" }));
  const at = await home(using(mock, { gateway: { rate_limit_rpm: 3 } }));
  const server = await gateway(at);
  onTestFinished(async () => void (await server.stop("SIGKILL")));
  const statuses: number[] = [];
  let retryAfter = 0;
  for (let i = 0; i < 5; i++) {
    const response = await server.get("/v1/models");
    statuses.push(response.status);
    retryAfter = Number(response.headers.get("retry-after"));
  }
  expect(statuses).toEqual([200, 200, 200, 429, 429]);
  expect(retryAfter).toBeGreaterThan(0);
});
