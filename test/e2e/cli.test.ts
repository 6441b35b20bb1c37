import { spawnSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Answer, type Asked, lastUserText, provider, using } from "./provider.ts";
import { command, type Home, newHome, type RunOptions, weft } from "./weft.ts";

async function home(config?: object): Promise<Home> {
  const made = await newHome(config);
  onTestFinished(() => made.remove());
  return made;
}

async function connected(answer: (asked: Asked, count: number) => Answer | Promise<Answer>, more: object = {}) {
  const mock = await provider(answer);
  onTestFinished(() => mock.close());
  return { mock, home: await home(using(mock, more)) };
}

async function out(at: Home, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const ended = await weft(at, args, options);
  expect({ code: ended.code, err: ended.err }).toEqual({ code: 0, err: "" });
  return ended.out;
}

describe("without any configuration", () => {
  test("--version and help", async () => {
    const at = await home();
    expect(await out(at, ["--version"])).toMatch(/^weft \d+\.\d+\.\d+\n$/);
    expect(await out(at, [])).toContain("Usage: weft COMMAND");
    expect(await out(at, ["agent", "--help"])).toContain('weft agent -m "What is in my workspace?"');
    expect(await out(at, ["help", "models"])).toContain("ANTHROPIC_API_KEY");
  });

  test("the offline model answers at once, runs tools, and says how to add a key", async () => {
    const at = await home();
    expect(await out(at, ["agent", "-m", "ping"])).toMatch(/^pong .*ANTHROPIC_API_KEY/);
    expect(await out(at, ["agent", "-m", "/write_file path=a.txt content=hello"])).toContain("wrote 5 bytes");
    expect(await readFile(join(at.workspace, "a.txt"), "utf8")).toBe("hello");
    expect(await out(at, ["agent", "-m", "what now?"])).toContain("weft config set providers.anthropic.api_key");
  });

  test("status is ready, and says what is missing", async () => {
    const at = await home();
    expect(await out(at, ["status"])).toContain("ready (no gateway is running; the agent can start)");
    const report = JSON.parse(await out(at, ["status", "--json"]));
    expect(report).toMatchObject({
      state: "degraded",
      parts: expect.arrayContaining([expect.objectContaining({ part: "workspace", state: "ok" })]),
    });
  });

  test.each([
    [["agnt"], "unknown command 'agnt'. Did you mean agent?"],
    [["agent", "--mesage", "x"], "unexpected argument '--mesage' for weft agent. Did you mean --message?"],
    [["agent", "-m"], "-m needs a value"],
    [["config", "gett", "x"], "unknown command config 'gett'. Did you mean get?"],
    [["sessions", "inspect"], "needs ID"],
    [["status", "now"], "unexpected argument 'now'"],
    [["completions", "tcsh"], "unsupported shell: tcsh"],
  ])("%j is wrong usage", async (args, message) => {
    const ended = await weft(await home(), args);
    expect(ended).toMatchObject({ code: 2, out: "", err: expect.stringContaining(message) });
  });
});

describe("one message", () => {
  test("prints the answer and nothing else; --json tells the rest", async () => {
    const { home: at } = await connected((asked) => ({ text: `you said ${lastUserText(asked)}` }));
    expect(await out(at, ["agent", "-m", "hi"])).toBe("you said hi\n");
    expect(await out(at, ["agent", "-m", "-"], { input: "from a pipe" })).toBe("you said from a pipe\n");
    expect(JSON.parse(await out(at, ["agent", "-m", "hi", "--json", "-s", "work"]))).toMatchObject({
      session: "cli:work",
      text: "you said hi",
      model: "custom/mock",
      stop: "end",
      usage: { inputTokens: 11, outputTokens: 7 },
    });
  });

  test("the conversation goes on from call to call, and each session has its own", async () => {
    const { home: at, mock } = await connected(() => ({ text: "ok" }));
    await out(at, ["agent", "-m", "my name is Ann"]);
    await out(at, ["agent", "-m", "what is my name?"]);
    await out(at, ["agent", "-m", "hello", "-s", "other"]);
    const users = mock.asked.map(({ messages }) =>
      messages.filter(({ role }) => role === "user").map(({ content }) => content),
    );
    expect(users).toEqual([["my name is Ann"], ["my name is Ann", "what is my name?"], ["hello"]]);
  });

  test("tools run, and their results go back", async () => {
    const { home: at, mock } = await connected((asked) => {
      const last = asked.messages.at(-1);
      if (last?.role === "tool") return { text: `it says ${last.content}` };
      return { calls: [{ name: "read_file", input: { path: "note.txt" } }] };
    });
    await mkdir(at.workspace, { recursive: true });
    await writeFile(join(at.workspace, "note.txt"), "remember the milk");
    expect(await out(at, ["agent", "-m", "read my note"])).toBe("it says remember the milk\n");
    expect(mock.asked[0]?.tools?.map((tool) => tool.function.name)).toContain("read_file");
  });

  test("several at once take turns at the workspace", async () => {
    const { home: at } = await connected((asked) => ({ text: lastUserText(asked), delayMs: 50 }));
    const all = await Promise.all(["a", "b", "c", "d"].map((text) => out(at, ["agent", "-m", text, "-s", text])));
    expect(all).toEqual(["a\n", "b\n", "c\n", "d\n"]);
  });

  test("a long wait for another one is told", async () => {
    const { home: at } = await connected((asked) => ({ text: lastUserText(asked), delayMs: 2000 }));
    const first = weft(at, ["agent", "-m", "a"]);
    await new Promise((resolve) => setTimeout(resolve, 700));
    const second = await weft(at, ["agent", "-m", "b"]);
    expect(second).toMatchObject({
      code: 0,
      out: "b\n",
      err: expect.stringMatching(/^waiting for weft agent \(pid \d+\)/),
    });
    expect((await first).code).toBe(0);
  });

  test("nothing of our own environment reaches a command, and no key reaches the model", async () => {
    const { home: at, mock } = await connected(
      (asked) =>
        asked.messages.at(-1)?.role === "tool"
          ? { text: "done" }
          : { calls: [{ name: "exec_shell", input: { command: "env; cat ../config.json" } }] },
      { tools: { command_policy: { mode: "denylist" } } },
    );
    await out(at, ["agent", "-m", "go"], { env: { ANTHROPIC_API_KEY: "sk-canary-of-the-environment" } });
    expect(JSON.stringify(mock.asked.at(-1)?.messages)).not.toContain("sk-canary-of-the-environment");
  });
});

describe("exit codes", () => {
  test("4: a model without its key, with the variable to set", async () => {
    const at = await home({ agents: { defaults: { model: "groq/llama" } } });
    expect(await weft(at, ["agent", "-m", "x"])).toMatchObject({
      code: 4,
      err: expect.stringContaining("set GROQ_API_KEY or providers.groq.api_key"),
    });
  });

  test("3: an unknown provider, with those that are known", async () => {
    const at = await home({ agents: { defaults: { model: "antropic/claude" } } });
    expect(await weft(at, ["agent", "-m", "x"])).toMatchObject({
      code: 3,
      err: expect.stringMatching(/unknown provider "antropic".*Did you mean anthropic\?.*ollama/s),
    });
  });

  test("4: a key that the provider refuses; the key is not shown", async () => {
    const { home: at } = await connected(() => ({
      raw: (response) => {
        response.writeHead(401, { "content-type": "application/json" });
        response.end('{"error":{"message":"bad key sk-test-canary-123456"}}');
      },
    }));
    const ended = await weft(at, ["agent", "-m", "x"]);
    expect(ended).toMatchObject({ code: 4, out: "", err: expect.stringContaining("answered 401: bad key [key]") });
  });

  test("7: a turn that takes too long", async () => {
    const { home: at } = await connected(() => ({ raw: () => {} }), {
      agents: { defaults: { model: "custom/mock", turn_timeout_secs: 0.5 } },
    });
    const ended = await weft(at, ["agent", "-m", "x"]);
    expect(ended).toMatchObject({ code: 7, err: expect.stringContaining("agents.defaults.turn_timeout_secs") });
    expect(ended.ms).toBeLessThan(5000);
  });

  test("1: a session that is not there", async () => {
    expect(await weft(await home(), ["sessions", "inspect", "nobody"])).toMatchObject({
      code: 1,
      err: expect.stringContaining("no session nobody"),
    });
  });
});

describe("the conversation at the prompt", () => {
  test("commands are answered, /exit leaves", async () => {
    const { home: at } = await connected((asked) => ({ text: `heard ${lastUserText(asked)}` }));
    const input = "hello\n/cost\n/model\n/sessions\n/clear\nagain\n/exit\nnever\n";
    const ended = await weft(at, ["agent"], { input });
    expect(ended.code).toBe(0);
    expect(ended.out).toContain("heard hello");
    expect(ended.out).toContain("custom/mock: 1 call(s), 11 tokens in, 7 out");
    expect(ended.out).toContain("Model: custom/mock");
    expect(ended.out).toContain("cli:cli-session (this one)");
    expect(ended.out).toContain("A new conversation begins.");
    expect(ended.out).not.toContain("heard never");
    expect(ended.err).toContain("Goodbye.");
  });

  test("after /clear the model hears nothing of what was before", async () => {
    const { home: at, mock } = await connected(() => ({ text: "ok" }));
    await weft(at, ["agent"], { input: "secret plan\n/clear\nwhat did I say?\n" });
    expect(JSON.stringify(mock.asked.at(-1))).not.toContain("secret plan");
  });

  test("a failed answer does not end the conversation", async () => {
    let count = 0;
    const { home: at } = await connected(() =>
      count++ === 0 ? { raw: (response) => response.writeHead(400).end("{}") } : { text: "better" },
    );
    const ended = await weft(at, ["agent"], { input: "one\ntwo\n" });
    expect(ended).toMatchObject({
      code: 0,
      out: expect.stringContaining("better"),
      err: expect.stringContaining("answered 400"),
    });
  });
});

describe("config", () => {
  test("set, get, show, section, path and check", async () => {
    const at = await home();
    const file = join(at.path, ".clawft", "config.json");
    expect(await out(at, ["config", "path"])).toBe(`${file}\n`);
    expect((await weft(at, ["config", "set", "gateway.port", "8123"])).code).toBe(0);
    expect(
      (await weft(at, ["config", "set", "providers.openai.api_key", "-"], { input: "sk-from-a-pipe\n" })).code,
    ).toBe(0);
    expect(await out(at, ["config", "get", "gateway.port"])).toBe("8123\n");
    expect(await out(at, ["config", "get", "providers.openai.apiKey"])).toBe("[masked]\n");
    expect(await out(at, ["config", "show"])).not.toContain("sk-from-a-pipe");
    const revealed = await out(at, ["config", "show", "--reveal"]);
    expect(JSON.parse(revealed)).toMatchObject({ providers: { openai: { api_key: "sk-from-a-pipe" } } });
    expect(JSON.parse(await out(at, ["config", "section", "gateway"]))).toMatchObject({ port: 8123 });
    expect(await out(at, ["config", "check"])).toBe(`ok: ${file}\n`);
    await writeFile(file, revealed);
    expect(await out(at, ["config", "show", "--reveal"])).toBe(revealed);
  });

  test("a wrong value or key is refused and nothing is changed", async () => {
    const at = await home({ gateway: { port: 1 } });
    const file = join(at.path, ".clawft", "config.json");
    expect(await weft(at, ["config", "set", "gateway.port", "many"])).toMatchObject({
      code: 3,
      err: expect.stringContaining("expected a number"),
    });
    expect(await weft(at, ["config", "set", "gateway.prot", "1"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("Did you mean gateway.port?"),
    });
    expect(await weft(at, ["config", "section", "gatway"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("Did you mean gateway?"),
    });
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual({ gateway: { port: 1 } });
  });

  test("a broken file can be looked at and mended", async () => {
    const at = await home();
    await at.configure('{ "gateway": { "port": "x" } }');
    expect((await weft(at, ["config", "check"])).code).toBe(3);
    expect((await weft(at, ["config", "set", "gateway.port", "5"])).code).toBe(0);
    expect((await weft(at, ["config", "check"])).code).toBe(0);
  });
});

test("sessions are listed, shown, exported and deleted", async () => {
  const { home: at } = await connected(() => ({ text: "the answer" }));
  expect(await out(at, ["sessions", "list"])).toContain("No sessions found.");
  await out(at, ["agent", "-m", "the question", "-s", "a b"]);
  expect(await out(at, ["sessions", "list"])).toMatch(/cli:a b +2 .*\n\n1 session\(s\)\nDir: /s);
  expect(JSON.parse(await out(at, ["sessions", "list", "--json"]))).toMatchObject([
    { session: "cli:a b", messages: 2 },
  ]);
  expect(await out(at, ["sessions", "inspect", "a b"])).toMatch(/1 +user +the question.*\n2 +assistant +the answer/s);
  expect(await out(at, ["sessions", "export", "a b"])).toMatch(/^# cli:a b\n\n## user,.*the question.*the answer/s);
  const lines = (await out(at, ["sessions", "export", "a b", "--format", "jsonl"]))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines).toMatchObject([
    { _type: "metadata" },
    { role: "user", content: "the question" },
    { role: "assistant", content: "the answer" },
  ]);
  expect(await out(at, ["sessions", "delete", "a b"])).toBe("Deleted cli:a b\n");
  expect(await out(at, ["sessions", "list"])).toContain("No sessions found.");
});

test("tools and context tell what the agent has and reads", async () => {
  const at = await home({ tools: { deny: ["exec_*"] } });
  const tools = JSON.parse(await out(at, ["tools", "list", "--json"]));
  expect(tools.find(({ name }: { name: string }) => name === "exec_shell")).toMatchObject({
    allowed: false,
    refused: expect.stringContaining("tools.deny"),
  });
  await mkdir(at.workspace, { recursive: true });
  await writeFile(join(at.workspace, "AGENTS.md"), "Speak like a pirate.");
  expect(await out(at, ["context"])).toMatch(/AGENTS\.md +\d+ .*tools +\d+ .*all +\d+/s);
});

describe("completions", () => {
  test.each(["bash", "zsh", "fish", "powershell"])("%s gets a script", async (shell) => {
    expect(await out(await home(), ["completions", shell])).toMatch(/complete|compdef|Register-ArgumentCompleter/);
  });

  test("words, options, sessions, models and keys are completed", async () => {
    const at = await home();
    await out(at, ["agent", "-m", "ping", "-s", "work"]);
    const complete = async (...words: string[]) => (await out(at, ["__complete", ...words])).trim().split("\n");
    expect(await complete("ses")).toEqual(["sessions"]);
    expect(await complete("sessions", "")).toEqual(["list", "inspect", "delete", "export"]);
    expect(await complete("sessions", "inspect", "")).toEqual(["cli:work"]);
    expect(await complete("agent", "--mo")).toEqual(["--model"]);
    expect(await complete("agent", "--model", "anth")).toEqual([expect.stringMatching(/^anthropic\//)]);
    expect(await complete("agent", "--session", "")).toEqual(["cli:work"]);
    expect(await complete("config", "get", "gateway.po")).toEqual(["gateway.port"]);
  });

  test("bash really completes with it", async () => {
    const at = await home();
    const script = await out(at, ["completions", "bash"]);
    const program = `weft() { ${command.map((word) => `'${word}'`).join(" ")} "$@"; }\n${script}
      COMP_WORDS=(weft config s); COMP_CWORD=2; _weft; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const ran = spawnSync("bash", ["-c", program], {
      env: { PATH: process.env["PATH"], HOME: at.path },
      encoding: "utf8",
    });
    expect(ran.stdout.trim().split("\n").sort()).toEqual(["section", "set", "show"]);
  });
});
