import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Home, newHome, weft } from "./weft.ts";

const config = {
  tools: { deny: ["web_search"], ask: ["memory_write"], paths: { deny: ["secrets"], read_only: ["docs"] } },
  channels: { telegram: { allow_from: ["12345"] } },
  routing: { permissions: { users: { "irc:bob": { level: 1, tool_access: ["read_file"] } } } },
};

describe("weft why", () => {
  let home: Home;
  beforeAll(async () => {
    home = await newHome();
    await home.configure(JSON.stringify(config, null, 2));
  });
  afterAll(() => home.remove());

  test.each([
    ["tool read_file", 0, /^allowed: tools.allow has "\*"/],
    ["tool memory_write", 0, /^asked first: tools.ask has "memory_write"/],
    [
      "tool web_search",
      6,
      /^refused: tools.deny has "web_search".*\n.*\n {2}rule: {2}tools.deny, written at \S+config.json:3:/s,
    ],
    ["tool read_file --as telegram:12345", 0, /level 1: channels.telegram.allow_from has "12345"/],
    ["tool exec_shell --as telegram:12345", 6, /not in the allowed tools for permission level 1/],
    ["tool read_file --as telegram:6", 6, /level 0: nobody has let telegram:6 in\n.*\n {2}allow: To let telegram:6 in/],
    ["tool grep --as irc:bob", 6, /add "grep" to routing.permissions.users.irc:bob.tool_access/],
    ["command curl", 6, /^refused: command not allowed/],
    ["read secrets/key", 6, /^refused: path is denied: secrets\/key \(tools.paths.deny has "secrets"\)/],
    ["write docs/a.md", 6, /^refused: path may only be read/],
    ["read docs/a.md", 0, /^allowed/],
    ["read .weft/gateway-token", 6, /path escapes workspace/],
    ["read ../x", 6, /path escapes workspace/],
    ["connect 10.0.0.5:8080", 6, /add "10.0.0.5" or "10.0.0.5:8080" to tools.url_policy.allowed_domains/],
    ["model openai/gpt-5.4 --as irc:bob", 6, /level 1 may not choose a model/],
  ])("%s", async (words, code, out) => {
    const ended = await weft(home, ["why", ...words.split(" ")]);
    expect({ ...ended, out: out.test(ended.out) }).toMatchObject({ code, out: true });
  });

  test("says what can be asked, and is JSON for machines", async () => {
    expect(await weft(home, ["why", "frob", "x"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("tool exec_shell"),
    });
    expect(await weft(home, ["why", "tool", "exec_shel"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("Did you mean exec_shell?"),
    });
    const { out } = await weft(home, ["why", "tool", "web_search", "--json"]);
    expect(JSON.parse(out)).toMatchObject({
      allowed: false,
      verdict: "refused",
      rule: { setting: "tools.deny" },
      who: { level: 2 },
    });
  });
});

describe("paths", () => {
  test("what is denied is not there for file tools, and what is read only is not changed, links or not", async () => {
    const home = await newHome(config);
    const tool = (line: string) => weft(home, ["agent", "-m", line]);
    await tool('/write_file path="notes/a.md" content="x"');
    expect((await tool('/write_file path="secrets/key" content="x"')).out).toContain("path is denied: secrets");
    expect((await tool('/write_file path="docs/a.md" content="x"')).out).toContain("path may only be read: docs");
    expect((await tool('/read_file path="secrets/key"')).out).toContain('take "secrets" out of tools.paths.deny');
    expect((await tool('/read_file path="notes/a.md"')).out).toContain("x");
    await home.remove();
  });
});

describe("weft doctor net", () => {
  test("shows the way, the rules and what answered", async () => {
    const server = createServer((_, response) => void response.writeHead(204).end());
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const home = await newHome({ tools: { url_policy: { allowed_domains: [`127.0.0.1:${port}`] } } });
    const url = `http://127.0.0.1:${port}`;
    const reached = await weft(home, ["doctor", "net", url]);
    expect(reached).toMatchObject({
      code: 0,
      out: expect.stringMatching(/range: +loopback\n.*\n +tools: +allowed: .*allowed_domains/),
    });
    expect(reached.out).toMatch(/reached: HTTP 204 in \d+ ms/);
    expect(await weft(home, ["doctor", "net", "http://127.0.0.1:1"])).toMatchObject({
      code: 6,
      out: expect.stringMatching(/tools: +refused: blocked private IP 127.0.0.1.*\n.*\n +reached: not tried/),
    });
    const behind = await weft(home, ["doctor", "net", url, "--json"], { env: { HTTP_PROXY: "http://127.0.0.1:1" } });
    expect(JSON.parse(behind.out)).toMatchObject({
      proxy: "through http://127.0.0.1:1",
      reached: expect.stringContaining("proxy"),
    });
    expect(behind.code).toBe(5);
    const exempt = await weft(home, ["doctor", "net", url], {
      env: { HTTP_PROXY: "http://127.0.0.1:1", NO_PROXY: "127.0.0.1" },
    });
    expect(exempt.out).toContain("none: NO_PROXY exempts this host from HTTP_PROXY");
    await home.remove();
    server.close();
  });
});
