import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { WeftError } from "../../src/core/error.ts";
import { toolName } from "../../src/plugins/described.ts";
import { contextOf } from "../tools/workspace.ts";
import { describing, emptyModule, fakeEngine, type GuestCode, guest, plainManifest, rig } from "./rig.ts";

describe("tools of plugins", () => {
  test("are named PLUGIN_TOOL, and described by the guest within bounds", async () => {
    const parameters = { type: "object", properties: { city: { type: "string" } } };
    const at = await rig({
      code: {
        describe: async () => ({
          tools: [
            { name: "now", description: `Ignore\u0000 all\n\n${"x".repeat(2000)}`, parameters, effect: "read" },
            { name: "a.b/c" },
          ],
        }),
      },
    });
    const [now, other] = at.tools();
    expect(now).toMatchObject({ name: "weather_now", effect: "read", input: parameters });
    expect(now?.description).toMatch(/^Ignore all x+…$/);
    expect(now?.description).toHaveLength(1024);
    expect(other).toMatchObject({
      name: "weather_a_b_c",
      effect: "write",
      description: "The tool a.b/c of the plugin weather.",
      input: { type: "object", properties: {} },
    });
    expect(at.plugins.status()).toEqual({ state: "ok", detail: "weather 1.0.0 (2 tools)" });
  });

  test.each([
    ["com.example.x", "Do it", "com_example_x_Do_it"],
    ["7zip", "open", "p_7zip_open"],
    ["a".repeat(60), "b".repeat(60), `${"a".repeat(60)}_bbb`],
  ])("%s %s becomes %s", (plugin, tool, name) => {
    expect(toolName(plugin, tool)).toBe(name);
  });

  test("only those that the manifest lists, when it lists some, and only of the capability tool", async () => {
    const code = { describe: describing("one", "two") };
    const names = async (manifest: object) => (await rig({ code, manifest })).tools().map(({ name }) => name);
    expect(await names({ tools: ["two"] })).toEqual(["weather_two"]);
    expect(await names({ tools: [] })).toEqual(["weather_one", "weather_two"]);
    expect(await names({ capabilities: ["skill"] })).toEqual([]);
  });

  test("never replace another tool", async () => {
    const at = await rig({ code: { describe: describing("file", "x") } });
    expect(at.tools(["weather_file"]).map(({ name }) => name)).toEqual(["weather_x"]);
    expect([...at.plugins.toolsOf("weather").keys()]).toEqual(["x"]);
    expect(at.plugins.status()).toEqual({
      state: "degraded",
      detail: "weather 1.0.0 (2 tools); weather: there is another tool weather_file",
    });
  });

  test.each([
    ["no JSON", "nonsense", "its answer: expected Object"],
    ["a tool without a name", { tools: [{}] }, 'tools.0.name: expected "name"'],
    ["two of a name", { tools: [{ name: "a" }, { name: "a" }] }, "two tools a"],
    [
      "a schema that is no object's",
      { tools: [{ name: "a", parameters: { type: "string" } }] },
      "tools.0.parameters.type",
    ],
    [
      "a schema of more than 16 KiB",
      { tools: [{ name: "a", parameters: { type: "object", x: "y".repeat(17_000) } }] },
      "at most 16 KiB",
    ],
    ["51 tools", { tools: Array.from({ length: 51 }, (_, i) => ({ name: `t${i}` })) }, "at most 50 tools"],
  ])("a guest that describes %s is left out with the reason", async (_, answer, message) => {
    const at = await rig({ code: { describe: async () => answer } });
    expect(at.tools()).toEqual([]);
    expect(at.plugins.status().state).toBe("degraded");
    expect(at.plugins.status().detail).toContain(`weather: plugin weather: describe: `);
    expect(at.plugins.status().detail).toContain(message);
  });

  test("take an object and nothing else", async () => {
    const at = await rig();
    await expect(at.run("text")).rejects.toThrow("invalid arguments: expected an object");
    await expect(at.run([])).rejects.toMatchObject({ code: "invalid" });
  });

  test("answer what the guest says, and fail with its words", async () => {
    const answers: (string | object)[] = [
      { ok: true, text: "sunny" },
      { ok: false, error: "no such city" },
      { ok: true },
      "junk",
    ];
    const at = await rig({ code: { describe: describing("do"), execute_tool: async () => answers.shift() as string } });
    expect(await at.run()).toBe("sunny");
    await expect(at.run()).rejects.toThrow("plugin weather: no such city");
    await expect(at.run()).rejects.toThrow('execute_tool: expected {"ok":true');
    await expect(at.run()).rejects.toThrow('execute_tool: expected {"ok":true');
  });

  test("of more than 12 MiB are refused", async () => {
    const at = await rig({ code: guest(async () => "x".repeat(12 * 1024 * 1024)) });
    await expect(at.run()).rejects.toMatchObject({
      code: "limit",
      message: expect.stringContaining("at most 12582912"),
    });
  });
});

describe("a guest", () => {
  test("gets the limits of the manifest and nothing to import but the host functions", async () => {
    const resources = { max_fuel: 5, max_memory_mb: 2, max_table_elements: 3, max_execution_seconds: 4 };
    const at = await rig({ manifest: { resources }, code: guest(async () => "") });
    await at.run();
    expect(at.engine.starts[0]).toMatchObject({
      memoryBytes: 2 * 1024 * 1024,
      tableElements: 3,
      imports: ["http_request", "read_file", "write_file", "get_env", "log"],
      limits: { fuel: 5, deadlineMs: 4000 },
    });
  });

  test("is started once, and its tools are remembered over a restart", async () => {
    let described = 0;
    const code: GuestCode = {
      ...guest(async () => "done"),
      describe: async () => {
        described++;
        return { tools: [{ name: "do" }] };
      },
    };
    const at = await rig({ code });
    expect([await at.run(), await at.run()]).toEqual(["done", "done"]);
    expect(at.engine.starts).toHaveLength(1);
    await at.plugins.reload();
    expect(described).toBe(1);
    await at.install({ ...plainManifest, version: "1.0.1" });
    await at.plugins.reload();
    expect(described).toBe(2);
    expect(at.plugins.status().detail).toBe("weather 1.0.1 (1 tools)");
    expect(await at.run()).toBe("done");
    expect(at.engine.alive()).toBe(1);
  });

  test("is told its configuration by init, which has no network, and may refuse it", async () => {
    const heard: unknown[] = [];
    const code: GuestCode = {
      ...guest(async () => "done"),
      init: async (config, ask) => {
        heard.push(config, await ask("http_request", { url: "https://a.b/" }));
        return "";
      },
    };
    const at = await rig({ code, config: { units: "metric" }, permissions: { network: ["a.b"] } });
    expect(await at.run()).toBe("done");
    expect(heard).toEqual([{ units: "metric" }, { ok: false, error: "init and describe may not use the network" }]);

    const bad = await rig({ code: { ...code, init: async () => ({ ok: false, error: "units are missing" }) } });
    expect(bad.plugins.status()).toEqual({
      state: "degraded",
      detail: "weather: plugin weather: describe: init: units are missing",
    });
    expect(bad.engine.alive()).toBe(0);
  });

  test("that dies is started anew at the next call", async () => {
    let calls = 0;
    const at = await rig({
      code: guest(async () => {
        if (++calls === 1) throw new WeftError("limit", "the fuel is used up");
        return "well again";
      }),
    });
    await expect(at.run()).rejects.toMatchObject({
      code: "limit",
      message: "plugin weather: execute_tool: the fuel is used up",
    });
    expect(at.engine.alive()).toBe(0);
    expect(await at.run()).toBe("well again");
    expect(at.engine.starts).toHaveLength(2);
  });

  test("is ended with what it does when somebody stops the turn", async () => {
    const stop = new AbortController();
    let running = () => {};
    const began = new Promise<void>((resolve) => {
      running = resolve;
    });
    const at = await rig({
      code: guest(async () => {
        running();
        return await new Promise(() => {});
      }),
    });
    const run = at.run({}, stop.signal);
    await began;
    stop.abort(new WeftError("aborted", "stopped by the user"));
    await expect(run).rejects.toMatchObject({ code: "aborted" });
    expect(at.engine.alive()).toBe(0);
  });

  test("does one call at a time", async () => {
    let inside = 0;
    let most = 0;
    const at = await rig({
      code: guest(async (_, ask) => {
        most = Math.max(most, ++inside);
        await ask("get_env", { name: "A" });
        inside--;
        return "ok";
      }),
    });
    await Promise.all([at.run(), at.run(), at.run()]);
    expect(most).toBe(1);
  });

  test("is closed with the host", async () => {
    const at = await rig({ code: guest(async () => "") });
    await at.run();
    expect(at.engine.alive()).toBe(1);
    await at.plugins.close();
    expect(at.engine.alive()).toBe(0);
  });

  test("is one of at most ten: the one that was not used longest rests", async () => {
    const at = await rig({ engine: fakeEngine(() => guest(async () => "ok")) });
    for (let i = 0; i < 11; i++) {
      await at.install({ ...plainManifest, id: `p${i}` });
      await at.approve(`p${i}`);
    }
    await at.plugins.reload();
    expect(at.engine.alive()).toBe(10);
    for (const tool of at.tools()) expect(await tool.run({}, contextOf())).toBe("ok");
    expect(at.engine.alive()).toBe(10);
  });
});

describe("a plugin that cannot be used", () => {
  test("does not run before it is approved, also not when its tool is known", async () => {
    const at = await rig({ approved: false, permissions: { network: ["a.b"], shell: true } });
    expect(at.tools()).toEqual([]);
    expect(at.engine.starts).toEqual([]);
    expect(at.plugins.status()).toEqual({
      state: "degraded",
      detail:
        "weather: plugin weather 1.0.0 is not approved; it wants network: a.b, shell: yes. To approve it: weft plugin approve weather",
    });
    await at.approve("weather");
    await at.plugins.reload();
    expect(at.tools()).toHaveLength(1);
  });

  test("an upgrade that asks for more runs no more, at once, and says what more; one that asks for less runs", async () => {
    const at = await rig({ permissions: { network: ["a.b"], env_vars: ["X"] }, code: guest(async () => "ran") });
    const [tool] = at.tools();
    expect(await tool?.run({}, contextOf())).toBe("ran");
    const more = { network: ["a.b", "c.d"], filesystem: ["data"], env_vars: ["X", "Y"], shell: true };
    await at.install({ ...plainManifest, version: "1.1.0", permissions: more });
    const why =
      "plugin weather 1.1.0 wants more than was approved for 1.0.0: + network: c.d, + filesystem: data, + env_vars: Y, + shell: yes. To approve it: weft plugin approve weather";
    await expect(tool?.run({}, contextOf())).rejects.toMatchObject({ code: "refused", message: why });
    await at.plugins.reload();
    expect(at.plugins.status().detail).toContain(why);
    await at.install({ ...plainManifest, version: "1.2.0", permissions: { network: ["a.b"] } });
    expect(await tool?.run({}, contextOf())).toBe("ran");
  });

  test("that was removed runs no more, at once", async () => {
    const at = await rig();
    const [tool] = at.tools();
    await at.run({ name: "get_env", request: { name: "A" } });
    await rm(join(at.workspace, ".weft/plugins/weather"), { recursive: true });
    await expect(tool?.run({}, contextOf())).rejects.toMatchObject({ code: "missing" });
    await at.plugins.reload();
    expect(at.plugins.status()).toEqual({ state: "off", detail: "none installed" });
    expect(at.engine.alive()).toBe(0);
  });

  test("does not keep others from running", async () => {
    const at = await rig({ code: guest(async () => "fine") });
    await at.install({ ...plainManifest, id: "broken" });
    await writeFile(join(at.workspace, ".weft/plugins/broken/clawft.plugin.json"), "{");
    await at.plugins.reload();
    expect(at.plugins.status().state).toBe("degraded");
    expect(at.plugins.status().detail).toMatch(/^broken: .*is not JSON.*; weather 1\.0\.0 \(1 tools\)$/s);
    expect(await at.run()).toBe("fine");
    expect(at.events).toContainEqual(expect.objectContaining({ type: "log", level: "warn" }));
  });

  test("approvals that cannot be read approve nothing", async () => {
    const at = await rig();
    const path = join(at.workspace, ".weft/approved_permissions.json");
    expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({ weather: { version: "1.0.0" } });
    await writeFile(path, "{broken");
    await at.plugins.reload();
    expect(at.tools()).toEqual([]);
    expect(at.plugins.status().detail).toContain("remove it and approve your plugins again");
  });

  test("is kept as it was when an installation was cut in the middle", async () => {
    const at = await rig();
    const { files } = at.platform;
    const folder = join(at.workspace, ".weft/plugins");
    await files.rename(`${folder}/weather`, `${folder}/.old-weather`);
    await at.install({ ...plainManifest, id: "other" });
    expect((await files.list(folder)).map(({ name }) => name)).toEqual(["other", "weather"]);
  });

  test("keeps its configuration over an upgrade", async () => {
    const at = await rig({ config: { a: 1 } });
    const path = join(at.workspace, ".weft/plugins/weather/config.json");
    await writeFile(path, '{"a":2}');
    await at.install({ ...plainManifest, version: "2.0.0" }, emptyModule);
    expect(await readFile(path, "utf8")).toBe('{"a":2}');
  });
});
