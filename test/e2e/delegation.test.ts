import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type Asked, lastUserText, type Provider, provider, using } from "./provider.ts";
import { type Gateway, gateway, type Home, newHome, weft } from "./weft.ts";

let home: Home | undefined;
let mock: Provider | undefined;
let server: Gateway | undefined;
afterEach(async () => {
  await server?.stop("SIGKILL");
  await mock?.close();
  await home?.remove();
  server = undefined;
});

const isSub = ({ messages }: Asked) => JSON.stringify(messages[0]?.content).includes("You are a sub-agent");
const resultOf = ({ messages }: Asked) => (messages.at(-1)?.role === "tool" ? String(messages.at(-1)?.content) : "");

test("weft agent delegates: the sub-agent sees its task only, and its answer comes back", async () => {
  mock = await provider((asked) => {
    if (isSub(asked)) return { text: "seven" };
    if (resultOf(asked) !== "") return { text: `it says: ${resultOf(asked)}` };
    return { calls: [{ name: "delegate_task", input: { task: "count the dwarfs" } }] };
  });
  home = await newHome(using(mock));
  const { out, err, code } = await weft(home, ["agent", "-m", "the secret word is mirror; delegate"]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toMatch(/it says: \[sub-agent [0-9a-f]{8}, custom\/mock \(score 0\.01: local\)\]\n\nseven/);
  const sub = mock.asked.filter(isSub);
  expect(sub).toHaveLength(1);
  expect(JSON.stringify(sub)).toContain("count the dwarfs");
  expect(JSON.stringify(sub)).not.toContain("mirror");
  const listed = await weft(home, ["sessions", "list"]);
  expect(listed.out).toMatch(/cli:cli-session:sub-[0-9a-f]{8}/);
  expect((await weft(home, ["sessions", "delete", "cli:cli-session"])).code).toBe(0);
  expect((await weft(home, ["sessions", "list"])).out).not.toContain("cli-session");
});

test("the tools that policy refuses to the caller are refused to its sub-agent, and its model's key must be there", async () => {
  mock = await provider((asked) => {
    if (isSub(asked) && resultOf(asked) === "") return { calls: [{ name: "read_file", input: { path: "AGENTS.md" } }] };
    if (resultOf(asked) !== "") return { text: resultOf(asked) };
    const input = lastUserText(asked) === "elsewhere" ? { task: "x", model: "openai/gpt" } : { task: "x" };
    return { calls: [{ name: "delegate_task", input }] };
  });
  home = await newHome(using(mock, { tools: { deny: ["read_file"] } }));
  expect((await weft(home, ["agent", "-m", "read"])).out).toContain("permission denied for tool 'read_file'");
  expect((await weft(home, ["agent", "-m", "elsewhere"])).out).toContain("openai/gpt needs a key: set OPENAI_API_KEY");
});

test("a chosen model that its provider no longer has leaves the task to the caller's", async () => {
  mock = await provider((asked) => {
    if (asked.model === "gone") {
      return { raw: (response) => void response.writeHead(404).end('{"error":{"message":"no such model"}}') };
    }
    if (isSub(asked)) return { text: "done all the same" };
    if (resultOf(asked) !== "") return { text: resultOf(asked) };
    return { calls: [{ name: "delegate_task", input: { task: "x" } }] };
  });
  const rules = [{ pattern: "x", target: "claude" }];
  home = await newHome(using(mock, { delegation: { claude_model: "custom/gone", rules } }));
  const { out } = await weft(home, ["agent", "-m", "go"]);
  expect(out).toMatch(/\[sub-agent \w+, custom\/mock \(delegation\.rules\.0: claude\)\]\n\ndone all the same/);
});

test("a background agent's answer arrives exactly once, however often weft is killed or stopped meanwhile", {
  timeout: 60_000,
}, async () => {
  mock = await provider(async (asked) => {
    if (isSub(asked)) {
      await new Promise((resolve) => setTimeout(resolve, 60));
      return { text: `answer ${lastUserText(asked)}` };
    }
    if (resultOf(asked) !== "") return { text: "begun" };
    const text = lastUserText(asked);
    if (text.startsWith("[weft: the background agent")) return { text: `told ${text.split("\n").at(-1)}` };
    return { calls: [{ name: "spawn", input: { task: text } }] };
  });
  home = await newHome(using(mock));
  server = await gateway(home);
  for (let i = 0; i < 8; i++) {
    const body = { model: "weft", messages: [{ role: "user", content: `task-${i}` }] };
    const answered = await server.post(body, { "x-session-id": `s${i}` });
    expect(await answered.text()).toContain("begun");
    await new Promise((resolve) => setTimeout(resolve, i * 15));
    await server.stop(i % 3 === 2 ? "SIGTERM" : "SIGKILL");
    server = await gateway(home);
  }
  const { path } = home;
  for (let i = 0; i < 8; i++) {
    await expect.poll(() => linesOf(path, `s${i}`), { timeout: 10_000 }).toContain(`assistant: told answer task-${i}`);
  }
  // One more life, in which anything that is left to be told would be told.
  expect(await server.stop("SIGTERM")).toBe(0);
  server = await gateway(home);
  await quiet(server);
  expect(await server.stop("SIGTERM")).toBe(0);
  for (let i = 0; i < 8; i++) {
    const lines = await linesOf(path, `s${i}`);
    expect(lines.filter((line) => line.startsWith("user: [weft:"))).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith("assistant: told"))).toHaveLength(1);
  }
});

async function linesOf(path: string, session: string): Promise<string[]> {
  const text = await readFile(join(path, ".clawft/workspace/sessions", `http%3A${session}.jsonl`), "utf8");
  return text.split("\n").flatMap((line) => {
    try {
      const { role, content } = JSON.parse(line) as { role?: string; content?: string };
      return role === undefined ? [] : [`${role}: ${content}`];
    } catch {
      return [];
    }
  });
}

async function quiet(running: Gateway): Promise<void> {
  const idle = async () => /weft_turns_running 0\b/.test(await (await running.get("/metrics")).text());
  await expect.poll(idle, { timeout: 10_000 }).toBe(true);
}

test("status names the features of the build, and /stop over HTTP ends what runs in the background", async () => {
  let cut = 0;
  mock = await provider((asked) => {
    if (isSub(asked)) return { raw: (_, request) => void request.socket.on("close", () => cut++) };
    if (resultOf(asked) !== "") return { text: "begun" };
    return { calls: [{ name: "spawn", input: { task: "wait" } }] };
  });
  home = await newHome(using(mock));
  server = await gateway(home);
  const env = { CLAWFT_GATEWAY_TOKEN: server.token };
  expect((await weft(home, ["status", "--detailed"], { env })).out).toMatch(/build .*features: .*delegation/);
  await server.post({ model: "weft", messages: [{ role: "user", content: "go" }] }, { "x-session-id": "s" });
  await expect.poll(() => mock?.asked.filter(isSub).length).toBe(1);
  const stopped = await fetch(`${server.url}/v1/sessions/s/stop`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.token}` },
  });
  expect(stopped.status).toBe(200);
  await expect.poll(() => cut).toBe(1);
  await quiet(server);
  const { workspace } = home;
  const own = async () => (await readdir(join(workspace, "sessions"))).filter((name) => name.includes("sub"));
  await expect.poll(own).toHaveLength(1);
});
