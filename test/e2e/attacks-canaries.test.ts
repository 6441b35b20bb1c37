import { readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Asked, lastUserText, type Provider, provider } from "./provider.ts";
import { type Gateway, gateway, type Home, newHome, weft } from "./weft.ts";

/**
 * Every way in which weft can be given a secret, with a value that looks like nothing in particular; then everything
 * that could carry one out. A new sink gets a line in `commands`, a new way in a line in `canaries`.
 */
const canaries = {
  inTheConfiguration: "cNaRy1-7f3a9b2c4d",
  inTheStore: "cNaRy2-7f3a9b2c4d",
  inAFile: "cNaRy3-7f3a9b2c4d",
  inAVariable: "cNaRy4-7f3a9b2c4d",
  inAFileOfAVariable: "cNaRy5-7f3a9b2c4d",
  ofSearch: "cNaRy6-7f3a9b2c4d",
  inAHeader: "cNaRy7-7f3a9b2c4d",
  ofTheGateway: "cNaRy8-7f3a9b2c4d",
  passedToCommands: "cNaRy9-7f3a9b2c4d",
  ofANeighbour: "cNaRyA-7f3a9b2c4d",
};
const all = Object.values(canaries);

let home: Home;
let mock: Provider;
/** A provider at another port. */
let neighbour: Provider;
let server: Gateway;
let env: Record<string, string>;
const seen: Record<string, string> = {};

/** Does what the user says: says a canary itself, runs a tool, fails with the key in its words. */
function answer(asked: Asked) {
  const last = asked.messages.at(-1);
  if (last?.role === "tool") return { text: `it says ${JSON.stringify(last.content)}` };
  const [word = "", ...rest] = lastUserText(asked).split(" ");
  if (word === "say") return { text: `here is ${canaries.inTheConfiguration}, and ${canaries.inAVariable}.` };
  if (word === "fail") {
    const error = JSON.stringify({ error: { message: `the key ${canaries.inTheConfiguration} is wrong` } });
    return { raw: (response: import("node:http").ServerResponse) => void response.writeHead(401).end(error) };
  }
  if (word === "move") {
    const headers = { location: `${neighbour.url}/chat/completions` };
    return { raw: (response: import("node:http").ServerResponse) => void response.writeHead(307, headers).end() };
  }
  if (word === "call")
    return { calls: [{ name: rest[0] ?? "", input: JSON.parse(rest.slice(1).join(" ")) as object }] };
  return { text: "ok" };
}

beforeAll(async () => {
  mock = await provider(answer);
  neighbour = await provider(answer);
  home = await newHome();
  const files = join(home.path, "files");
  await mkdir(files);
  await writeFile(join(files, "a"), `${canaries.inAFile}\n`, { mode: 0o600 });
  await writeFile(join(files, "b"), `${canaries.inAFileOfAVariable}\n`, { mode: 0o600 });
  await home.configure({
    agents: { defaults: { model: "custom/mock" } },
    providers: {
      custom: {
        api_base: mock.url,
        api_key: canaries.inTheConfiguration,
        extra_headers: { "x-team": canaries.inAHeader },
      },
      other: { api_base: mock.url, api_key: `\${secret:other}` },
      neighbour: { api_base: neighbour.url, api_key: canaries.ofANeighbour },
      third: { api_base: mock.url, api_key_file: join(files, "a") },
    },
    tools: {
      ask_after_strangers: false,
      exec: { pass_env: ["PASSED_TOKEN"] },
      command_policy: { mode: "denylist" },
    },
    log: { level: "debug", format: "json" },
  });
  env = {
    ANTHROPIC_API_KEY: canaries.inAVariable,
    OPENAI_API_KEY_FILE: join(files, "b"),
    BRAVE_SEARCH_API_KEY: canaries.ofSearch,
    PASSED_TOKEN: canaries.passedToCommands,
    CLAWFT_GATEWAY_TOKEN: canaries.ofTheGateway,
  };
  const set = await weft(home, ["secrets", "set", "other"], { input: canaries.inTheStore, env });
  expect(set).toMatchObject({ code: 0 });
  await mkdir(home.workspace, { recursive: true });
  await writeFile(join(home.workspace, "notes.txt"), `copied here: ${all.join(" ")}\n`);
  server = await gateway(home, { env });
});

afterAll(async () => {
  await server.stop();
  await mock.close();
  await neighbour.close();
  await home.remove();
});

const ask = async (name: string, content: string, more: object = {}, model = "custom/mock") => {
  const response = await fetch(`${server.url}/v1/chat/completions`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${canaries.ofTheGateway}`,
      "content-type": "application/json",
      "x-session-id": "canaries",
    },
    body: JSON.stringify({ model, messages: [{ role: "user", content }], ...more }),
  });
  const text = await response.text();
  seen[name] = text;
  // What a client reads is the deltas joined.
  const deltas = [...text.matchAll(/"content":"((?:[^"\\]|\\.)*)"/g)].map(
    ([, delta]) => JSON.parse(`"${delta}"`) as string,
  );
  seen[`${name}, joined`] = deltas.join("");
  return text;
};

describe("secrets stay in", () => {
  test("whatever the model says, reads, runs or fails with", async () => {
    expect(await ask("a model that says them", "say")).toContain("here is [secret], and [secret].");
    await ask("a model that says them, streamed", "say", { stream: true });
    expect(seen["a model that says them, streamed, joined"]).toBe("here is [secret], and [secret].");
    expect(await ask("a file with them", 'call read_file {"path":"notes.txt"}')).toContain(
      "copied here: [secret] [secret]",
    );
    expect(await ask("a command's variables", 'call exec_shell {"command":"env"}')).toContain("PASSED_TOKEN=[secret]");
    await ask("a command that prints a file", 'call exec_shell {"command":"cat notes.txt; exit 3"}');
    await ask("a user who sends them", `note ${all.join(" ")}`);
    await ask("arguments with them", `call write_file {"path":"b.txt","content":"${canaries.inAHeader}"}`);
    await ask("an address with them", `call web_fetch {"url":"http://127.0.0.1:9/?k=${canaries.inTheStore}"}`);
    await ask("a provider's error", "fail");
    await ask("another key", "hi", {}, "other/mock");
    await ask("a key from a file", "hi", {}, "third/mock");
    await ask("a key of elsewhere", "hi", {}, "neighbour/mock");
    await ask("a provider that sends on to another", "move");
    for (const path of ["/status", "/metrics", "/openapi.json", "/readyz", "/v1/models", "/none"]) {
      const headers = { authorization: `Bearer ${canaries.ofTheGateway}` };
      seen[path] = await (await fetch(server.url + path, { headers })).text();
    }
  });

  test("each provider got its own key and headers, and no other, also where one sends on to another", () => {
    const got = ({ asked }: Provider) =>
      new Set(asked.map(({ headers }) => all.filter((canary) => JSON.stringify(headers).includes(canary)).join()));
    const { inTheConfiguration, inAHeader, inTheStore, inAFile, ofANeighbour } = canaries;
    expect(got(mock)).toEqual(new Set([`${inTheConfiguration},${inAHeader}`, inTheStore, inAFile]));
    expect(got(neighbour)).toEqual(new Set([ofANeighbour]));
    expect(mock.asked.filter((asked) => lastUserText(asked) === "move")).toHaveLength(1);
    expect(neighbour.asked.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${ofANeighbour}`]);
  });

  const commands = [
    "config show",
    "config section providers",
    "config get providers.custom.api_key",
    "config check",
    "status",
    "status --detailed",
    "status --json",
    "secrets list",
    "tools list --json",
    "context --json",
    "cost --json",
    "sessions list --json",
    "sessions inspect http:canaries",
    "sessions export http:canaries",
    "sessions export http:canaries --format jsonl",
    "memory show",
    "audit show --json --limit 1000",
    "audit export",
    "why tool exec_shell --json",
    "doctor net 127.0.0.1:9",
    "security scan --format json --min-severity info",
    "security scan --format sarif --min-severity info",
    "security scan --format text --min-severity info",
    "agent -m fail",
    "agent -m say --json -s canaries2",
  ];
  test.each(commands)("weft %s", async (words) => {
    const { out, err } = await weft(home, words.split(" "), { env });
    expect(out + err).not.toBe("");
    for (const canary of all) expect(out + err).not.toContain(canary);
  });

  test("in no answer, no log, and in nothing that reached a model", () => {
    const sinks = {
      ...seen,
      log: server.log(),
      prompts: JSON.stringify([...mock.asked, ...neighbour.asked].map(({ headers: _, ...asked }) => asked)),
    };
    const found = Object.entries(sinks).flatMap(([sink, text]) =>
      all.filter((each) => text.includes(each)).map((each) => [sink, each]),
    );
    expect(found).toEqual([]);
  });

  test("in no file of the workspace but the one they were copied to", () => {
    const files = readdirSync(home.workspace, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    const paths = files.map(({ parentPath, name }) => join(parentPath, name));
    expect(paths.length).toBeGreaterThan(5);
    const found = paths.filter((path) => all.some((each) => readFileSync(path).includes(each)));
    expect(found).toEqual([join(home.workspace, "notes.txt")]);
  });
});
