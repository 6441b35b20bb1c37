import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type Asked, lastUserText, type Provider, provider, using } from "./provider.ts";
import { gateway, type Home, newHome, weft } from "./weft.ts";

const ask = { tools: { ask: ["write_file"] } };

/** Writes the file that the user names, and says what came of it. */
async function world(): Promise<{ readonly home: Home; readonly mock: Provider; exists(name: string): boolean }> {
  const mock = await provider((asked: Asked) => {
    const last = asked.messages.at(-1);
    if (last?.role === "tool") return { text: `result: ${String(last.content)}` };
    const name = /^write (\S+)$/.exec(lastUserText(asked))?.[1];
    if (name === undefined) return { text: `heard ${lastUserText(asked)}` };
    return { calls: [{ name: "write_file", input: { path: name, content: "x" } }] };
  });
  const home = await newHome(using(mock, ask));
  onTestFinished(async () => {
    await mock.close();
    await home.remove();
  });
  return { home, mock, exists: (name) => existsSync(join(home.workspace, name)) };
}

async function textOf(answer: Promise<Response>): Promise<string> {
  const response = await answer;
  expect(response.status).toBe(200);
  const body = (await response.json()) as { choices: { message: { content: string } }[] };
  return body.choices[0]?.message.content ?? "";
}

test("in the terminal: asked, denied, approved, and for ever written into the configuration", async () => {
  const { home, exists } = await world();
  const say = async (text: string) => (await weft(home, ["agent", "-m", text])).out;
  const question = await say("write a.txt");
  expect(question).toContain(
    '1. write_file {\n  "path": "a.txt",\n  "content": "x"\n}\n   (tools.ask has "write_file")',
  );
  expect(await say("no")).toBe("result: Error: not run: the user said no\n");
  expect(exists("a.txt")).toBe(false);
  await say("write a.txt");
  expect(await say("/approve")).toMatch(/^result: .*a\.txt/);
  expect(exists("a.txt")).toBe(true);
  await say("write b.txt");
  expect(await say("yes always")).toMatch(/^result: .*b\.txt/);
  expect(JSON.parse(await readFile(join(home.path, ".clawft/config.json"), "utf8"))).toMatchObject({
    tools: { ask: ["write_file"], approved: ["write_file"] },
  });
  expect(await say("write c.txt")).toMatch(/^result: .*c\.txt/);
  const audited = await weft(home, ["audit", "show", "--kind", "approval", "--json"]);
  expect(audited.out.match(/answered: (?:no|once|always)/g)).toEqual([
    "answered: no",
    "answered: once",
    "answered: always",
  ]);
  expect(await weft(home, ["audit", "verify"])).toMatchObject({ code: 0 });
  const exported = await weft(home, ["sessions", "export", "cli:cli-session"]);
  expect(exported.out).toMatch(/## ask, .*\n\nwrite_file: until [\d-]+ [\d:]+\n/);
  expect(exported.out).toMatch(/## answer, .*\n\nwrite_file: always\n/);
});

test("over HTTP, in the same conversation, also when the gateway was killed in between", async () => {
  const { home, exists } = await world();
  const post = (server: Awaited<ReturnType<typeof gateway>>, content: string, session = "s") =>
    textOf(server.post({ model: "weft", messages: [{ role: "user", content }] }, { "x-session-id": session }));
  const first = await gateway(home);
  expect(await post(first, "write a.txt")).toContain("May I do this?");
  expect(await post(first, "yes", "another")).toBe("heard yes");
  await first.stop("SIGKILL");
  const second = await gateway(home);
  onTestFinished(async () => void (await second.stop()));
  expect(exists("a.txt")).toBe(false);
  expect(await post(second, "yes session")).toMatch(/^result: .*a\.txt/);
  expect(exists("a.txt")).toBe(true);
  expect(await post(second, "write b.txt")).toMatch(/^result: .*b\.txt/);
  expect(await post(second, "write c.txt", "another")).toContain("May I do this?");
});

test("a client that keeps the conversation itself gets a refusal that says what to set", async () => {
  const { home, exists } = await world();
  const server = await gateway(home);
  onTestFinished(async () => void (await server.stop()));
  const messages = [{ role: "user", content: "write a.txt" }];
  expect(await textOf(server.post({ model: "weft", messages }))).toContain(
    `To allow it without asking, add "write_file" to tools.approved.`,
  );
  expect(exists("a.txt")).toBe(false);
});
