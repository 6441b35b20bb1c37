import { describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import type { WeftError } from "../../src/core/error.ts";
import { memoryPlatform } from "../../src/platform/memory.ts";

interface World {
  readonly config?: string | object;
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

async function platformOf({ config, files = {}, env = {} }: World) {
  const platform = memoryPlatform({ env: { HOME: "/home/ann", ...env } });
  const all: Record<string, string> = { ...files };
  if (config !== undefined) {
    all["/home/ann/.clawft/config.json"] = typeof config === "string" ? config : JSON.stringify(config);
  }
  for (const [path, content] of Object.entries(all)) {
    await platform.files.makeDirectory(path.slice(0, path.lastIndexOf("/")) || "/");
    await platform.files.write(path, new TextEncoder().encode(content));
  }
  return platform;
}

async function load(world: World, path?: string) {
  return await loadConfig(await platformOf(world), { path });
}

async function refusal(world: World, path?: string): Promise<WeftError> {
  const error: unknown = await load(world, path).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "config" });
  return error as WeftError;
}

describe("where it comes from", () => {
  test("without a file the defaults are the configuration", async () => {
    const { config, sources, warnings, workspace } = await load({});
    expect(config.gateway).toMatchObject({ host: "127.0.0.1", port: 18_790 });
    expect(config.agents.defaults).toMatchObject({ maxTokens: 8192, temperature: 0.7, maxToolIterations: 20 });
    expect({ sources, warnings }).toEqual({ sources: [], warnings: [] });
    expect(workspace).toBe("/home/ann/.clawft/workspace");
  });

  test("an older program's file is taken where ours is missing, and its workspace goes on", async () => {
    const files = { "/home/ann/.nanobot/config.json": '{"gateway":{"port":1}}', "/home/ann/.nanobot/workspace/x": "" };
    const { config, workspace } = await load({ files });
    expect(config.gateway.port).toBe(1);
    expect(workspace).toBe("/home/ann/.nanobot/workspace");
  });

  test("CLAWFT_CONFIG names another file; where it is missing a warning says so", async () => {
    const env = { CLAWFT_CONFIG: "/etc/weft.json" };
    expect((await load({ env, files: { "/etc/weft.json": '{"gateway":{"port":2}}' } })).config.gateway.port).toBe(2);
    expect((await load({ env })).warnings[0]).toContain("/etc/weft.json, which does not exist");
  });

  test("a delegation rule that is no regular expression is told with its place", async () => {
    const config =
      '{\n  "delegation": { "rules": [\n    { "pattern": "ok", "target": "local" },\n    { "pattern": "(", "target": "auto" }\n  ] }\n}';
    const { message } = await refusal({ config });
    expect(message).toContain(
      "/home/ann/.clawft/config.json:4:18: delegation.rules.1.pattern: expected a regular expression",
    );
  });

  test("a section for what a build does not have is warned of", async () => {
    const platform = await platformOf({ config: { delegation: { maxTurns: 3 } } });
    expect((await loadConfig(platform)).warnings).toEqual([]);
    const { warnings } = await loadConfig(platform, { without: ["delegation"] });
    expect(warnings).toEqual(["delegation is configured, but this build of weft was made without it"]);
  });

  test("a file named with -c must exist", async () => {
    expect((await refusal({}, "/nowhere.json")).message).toBe("config file not found: /nowhere.json");
  });

  test("without HOME it says what to set", async () => {
    const error: unknown = await loadConfig(memoryPlatform({ env: {} })).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "config", message: expect.stringContaining("set HOME") });
  });
});

describe("spelling", () => {
  test("keys of the schema may be camelCase or snake_case, keys of data stay as they are", async () => {
    const { config } = await load({
      config: {
        agents: { defaults: { maxTokens: 5, memory_window: 7 } },
        providers: {
          MyServer: {
            apiBase: "http://a",
            extraHeaders: { "X-Team_Name": "b" },
            models: { "Some-Model.v2": { contextTokens: 9 } },
          },
        },
        tools: { mcpServers: { gitHub: { command: "x", env: { API_KEY: "k-123456" } } } },
      },
    });
    expect(config.agents.defaults).toMatchObject({ maxTokens: 5, memoryWindow: 7 });
    const server = config.providers["MyServer"];
    expect(server?.extraHeaders).toEqual({ "X-Team_Name": "b" });
    expect(server?.models).toEqual({ "Some-Model.v2": { contextTokens: 9 } });
    expect(config.tools.mcpServers["gitHub"]?.env).toEqual({ API_KEY: "k-123456" });
  });

  test("comments and trailing commas are fine", async () => {
    const config = '// mine\n{ "gateway": { "port": 3, /* here */ }, }';
    expect((await load({ config })).config.gateway.port).toBe(3);
  });

  test("an unknown key is a warning with the nearest known one", async () => {
    const { warnings } = await load({ config: { gateway: { prot: 3 }, chanels: {} } });
    expect(warnings[0]).toContain("unknown key gateway.prot is ignored. Did you mean gateway.port?");
    expect(warnings[1]).toContain("Did you mean channels?");
  });
});

describe("what is wrong is told with its place", () => {
  test("broken JSON: file, line, column and the text", async () => {
    const { message } = await refusal({ config: '{\n  "gateway": {\n    "port": 80\n    "host": "x"\n  }\n}' });
    expect(message).toContain("/home/ann/.clawft/config.json:4:5: expected a comma");
    expect(message).toContain('"host": "x"\n      ^');
  });

  test("a wrong value: line, column, key and what is expected", async () => {
    const { message } = await refusal({ config: '{\n  "gateway": {\n    "port": "eighty"\n  }\n}' });
    expect(message).toBe('/home/ann/.clawft/config.json:3:13: gateway.port: expected a number, found "eighty"');
  });

  test.each([
    [{ gateway: { port: 70_000 } }, "gateway.port: expected a number of at most 65535, found 70000"],
    [{ log: { level: "loud" } }, "log.level: expected one of"],
    [{ agents: [] }, "agents: expected an object, found a list"],
    [[], "expected an object { … }, found a list"],
  ])("%j", async (config, message) => {
    expect((await refusal({ config: JSON.stringify(config) })).message).toContain(message);
  });

  test("a directory in place of the file", async () => {
    const platform = await platformOf({});
    await platform.files.makeDirectory("/home/ann/.clawft/config.json");
    const error: unknown = await loadConfig(platform).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "config", message: expect.stringContaining("is a directory, not a") });
  });

  test("10 MB", async () => {
    expect((await refusal({ config: `{"x": "${"x".repeat(10_000_000)}"}` })).message).toContain("too large");
  });

  test("bytes that are no text", async () => {
    const platform = await platformOf({ config: "" });
    await platform.files.write("/home/ann/.clawft/config.json", new Uint8Array([0x7b, 0xff, 0x7d]));
    const error: unknown = await loadConfig(platform).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "config", message: expect.stringContaining("not UTF-8") });
  });
});

describe("levels", () => {
  const workspaceFile = "/home/ann/.clawft/workspace/.clawft/config.json";

  test("the workspace's file goes above the user's, the environment above both", async () => {
    const world: World = {
      config: { agents: { defaults: { max_tokens: 1, memory_window: 1, temperature: 1 } } },
      files: { [workspaceFile]: '{"agents":{"defaults":{"max_tokens":2,"memory_window":2}}}' },
      env: { CLAWFT__agents__defaults__max_tokens: "3" },
    };
    const { defaults } = (await load(world)).config.agents;
    expect(defaults).toMatchObject({ maxTokens: 3, memoryWindow: 2, temperature: 1 });
  });

  test("the workspace, which the agent can write, cannot widen its rights", async () => {
    const grab = {
      gateway: { host: "0.0.0.0" },
      tools: { command_policy: { mode: "denylist" } },
      providers: { openai: { api_base: "http://evil" } },
    };
    const { config, warnings } = await load({ files: { [workspaceFile]: JSON.stringify(grab) } });
    expect(config.gateway.host).toBe("127.0.0.1");
    expect(config.tools.commandPolicy.mode).toBe("allowlist");
    expect(config.providers).toEqual({});
    expect(warnings.filter((text) => text.includes("only the user's configuration may set it"))).toHaveLength(3);
  });

  test("null takes a key of the level below away", async () => {
    const world: World = {
      config: { agents: { defaults: { model: "a/b" } } },
      files: { [workspaceFile]: '{"agents":{"defaults":{"model":null}}}' },
    };
    expect((await load(world)).config.agents.defaults.model).toBe(undefined);
  });

  test("a wrong variable is named; an unknown one warned of", async () => {
    const { message } = await refusal({ env: { CLAWFT__gateway__port: "many" } });
    expect(message).toBe('CLAWFT__gateway__port: gateway.port: expected a number, found "many"');
    const { warnings } = await load({ env: { CLAWFT__gatewai__port: "1" } });
    expect(warnings[0]).toContain("CLAWFT__gatewai__port: unknown key gatewai is ignored. Did you mean gateway?");
  });
});

describe("secrets", () => {
  test("a key may be written out, be a variable, or lie in a file; all of them are known as secrets", async () => {
    const { config, secrets } = await load({
      config: {
        providers: {
          one: { api_key: "key-one-1" },
          two: { api_key: "$" + "{TWO}" },
          three: { api_key_env: "THREE" },
          four: { api_key_file: "/run/secrets/four" },
          five: { api_key: ["key-five-a", "key-five-b"] },
        },
      },
      files: { "/run/secrets/four": "key-four-4\n" },
      env: {
        TWO: "key-two-2",
        THREE: "key-three-3",
        OPENAI_API_KEY: "key-openai",
        GROQ_API_KEY: "key-groq-a, key-groq-b",
      },
    });
    const keys = Object.values(config.providers).map(({ apiKey }) => apiKey);
    expect(keys).toEqual(["key-one-1", "key-two-2", "key-three-3", "key-four-4", ["key-five-a", "key-five-b"]]);
    for (const key of [...keys.flat(), "key-openai", "key-groq-a", "key-groq-b"]) expect(secrets).toContain(key);
  });

  test("OPENAI_API_KEY_FILE stands for OPENAI_API_KEY", async () => {
    const loaded = await load({
      env: { OPENAI_API_KEY_FILE: "/run/secrets/key" },
      files: { "/run/secrets/key": "sk-file\n" },
    });
    expect(loaded.env("OPENAI_API_KEY")).toBe("sk-file");
    expect(loaded.secrets).toContain("sk-file");
  });

  test("a missing secret file is an error that names it, a missing variable a warning", async () => {
    expect((await refusal({ config: { gateway: { token_file: "/gone" } } })).message).toContain("/gone");
    const { warnings } = await load({ config: { providers: { a: { api_key: "$" + "{GONE}" } } } });
    expect(warnings[0]).toContain("providers.a.api_key refers to $" + "{GONE}, which is not set");
  });

  test("a masked value is no key", async () => {
    expect((await refusal({ config: { providers: { a: { api_key: "[masked]" } } } })).message).toContain(
      "put the real value",
    );
  });

  test("$" + "$" + "{NAME} is the text itself", async () => {
    const { config } = await load({ config: { gateway: { heartbeat_prompt: "a $" + "$" + "{B} c" } } });
    expect(config.gateway.heartbeatPrompt).toBe("a $" + "{B} c");
  });
});

test("what this version does not do is said", async () => {
  const { warnings } = await load({
    config: { channels: { telegram: { enabled: true } }, gateway: { heartbeat_interval_minutes: 5 } },
  });
  expect(warnings.filter((text) => text.includes("does not have it"))).toHaveLength(2);
});
