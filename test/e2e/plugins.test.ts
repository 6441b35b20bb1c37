import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { realModule } from "../plugins/real-module.ts";
import { type Home, newHome, weft } from "./weft.ts";

const out = resolve("dist/with-plugins");
const isBundle = process.env["WEFT"] === undefined;
const isOurs = process.env["WEFT"]?.endsWith("dist/weft") === true;
/** Made here with the feature, for the engine under test; another executable has the features that it has. */
const program = isBundle ? [process.execPath, `${out}/weft.js`] : [out];

describe.runIf(isBundle || isOurs)("weft plugin", () => {
  beforeAll(() => {
    const script = isBundle ? "scripts/bundle.mjs" : "scripts/build-native.mjs";
    execFileSync(process.execPath, [script, "--features", "wasm-plugins", `--out=${out}`]);
  }, 300_000);
  afterAll(() => rm(out, { recursive: true, force: true }));

  const manifest = {
    id: "weather",
    name: "Weather",
    version: "1.0.0",
    capabilities: ["tool"],
    permissions: { network: ["api.example.com"], filesystem: ["data"] },
  };

  async function start() {
    const home = await newHome();
    onTestFinished(() => home.remove());
    const folder = join(home.path, "weather");
    await mkdir(folder);
    const write = async (more: object = {}) =>
      await writeFile(join(folder, "clawft.plugin.json"), JSON.stringify({ ...manifest, ...more }));
    await write();
    await writeFile(join(folder, "plugin.wasm"), Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    const run = (...args: string[]) => weft(home, ["plugin", ...args], { program, cwd: home.path });
    return { home, folder, write, run };
  }

  const installed = (home: Home) => join(home.workspace, ".weft", "plugins");

  test("installs, approves, shows what an upgrade wants more, lists and removes", async () => {
    const { home, write, run } = await start();
    const first = await run("install", "weather");
    expect({ ...first, ms: 0 }).toMatchObject({ code: 0, err: "" });
    expect(first.out).toBe(
      `Installed weather 1.0.0 (Weather) in ${installed(home)}/weather\nIt asks for:\n  + network: api.example.com\n  + filesystem: data\nNot approved yet. To approve it: weft plugin approve weather\n`,
    );
    expect(await readdir(join(installed(home), "weather"))).toEqual([
      "clawft.plugin.json",
      "config.json",
      "plugin.wasm",
    ]);
    expect((await run("list")).out).toMatch(
      /weather +1\.0\.0 +not approved +plugin weather 1\.0\.0 is not approved.*weft plugin approve weather/,
    );
    const refused = await run("run", "weather", "now");
    expect(refused).toMatchObject({
      code: 6,
      err: expect.stringContaining("To approve it: weft plugin approve weather"),
    });

    expect((await run("approve", "weather")).out).toBe(
      "It asks for:\n  + network: api.example.com\n  + filesystem: data\nApproved weather 1.0.0.\n",
    );
    const file = join(home.workspace, ".weft", "approved_permissions.json");
    expect(JSON.parse(await readFile(file, "utf8")).weather.permissions).toEqual({
      network: ["api.example.com"],
      filesystem: ["data"],
      env_vars: [],
      shell: false,
    });
    expect((await stat(file)).mode & 0o777).toBe(0o600);

    await write({
      version: "1.1.0",
      permissions: { network: ["api.example.com", "b.example.com"], shell: true, env_vars: ["X"] },
    });
    const upgrade = (await run("install", "weather")).out;
    expect(upgrade).toContain(
      "Against what was approved for 1.0.0:\n  + network: b.example.com\n  + env_vars: X\n  + shell: yes\n  - filesystem: data\n",
    );
    expect(upgrade).toContain("Not used: permissions.shell");
    expect(JSON.parse((await run("list", "--json")).out)).toEqual([
      expect.objectContaining({ id: "weather", version: "1.1.0", state: "not approved" }),
    ]);
    expect((await run("approve", "weather")).code).toBe(0);
    expect(JSON.parse((await run("list", "--json")).out)).toMatchObject([{ state: "approved", problem: "" }]);

    expect((await run("remove", "weather")).out).toBe("Removed weather\n");
    expect(await readdir(installed(home))).toEqual([]);
    expect(await readFile(file, "utf8")).toBe("{}\n");
    expect(await run("remove", "weather")).toMatchObject({
      code: 1,
      err: expect.stringContaining("there is no plugin weather"),
    });
  });

  test("installs whole or not at all", async () => {
    const { home, folder, run } = await start();
    expect((await run("install", "weather")).code).toBe(0);
    await writeFile(join(folder, "plugin.wasm"), "no module");
    const again = await run("install", folder);
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining(`${folder}/plugin.wasm is no WebAssembly`) });
    expect(await readdir(installed(home))).toEqual(["weather"]);
    expect((await readFile(join(installed(home), "weather", "plugin.wasm"))).length).toBe(8);
  });

  test("verifies without installing", async () => {
    const { home, write, run } = await start();
    expect((await run("verify", "weather")).out).toContain(
      "weather 1.0.0 (Weather) is in order\nModule: plugin.wasm, 8 bytes, ",
    );
    expect(JSON.parse((await run("verify", "weather", "--json")).out)).toMatchObject({
      manifest: { id: "weather", resources: { max_memory_mb: 16 } },
      module: { bytes: 8 },
    });
    await write({ resources: { max_memory_mb: 512 } });
    expect(await run("verify", "weather")).toMatchObject({
      code: 1,
      err: expect.stringContaining("resources.max_memory_mb: expected at most 256, the hard limit, found 512"),
    });
    await expect(readdir(installed(home))).rejects.toThrow();
  });

  test("says what is wrong with a call, and has help with examples", async () => {
    const { run } = await start();
    expect(await run("run", "none", "x")).toMatchObject({
      code: 1,
      err: expect.stringContaining("there is no plugin none"),
    });
    expect(await run("run", "none", "x", "[1]")).toMatchObject({
      code: 2,
      err: expect.stringContaining("must be an object"),
    });
    expect(await run("approve", "../x")).toMatchObject({ code: 1 });
    expect((await run("list")).out).toContain("No plugins are installed");
    for (const word of ["install", "list", "approve", "run", "verify", "remove"]) {
      expect((await run(word, "--help")).out).toContain(
        `Examples:\n  weft plugin ${word === "install" ? "install" : word}`,
      );
    }
  });

  test("runs a real module, for the owner and for the agent, under the policy", async () => {
    const { home, folder, write, run } = await start();
    await write({ permissions: { env_vars: ["PATH"] } });
    const module = await realModule({
      describe: '{"tools":[{"name":"now","description":"The weather now.","effect":"read"}]}',
      execute_tool: '{"ok":true,"text":"sunny"}',
    });
    await writeFile(join(folder, "plugin.wasm"), module);
    await run("install", "weather");
    await run("approve", "weather");
    expect(await run("run", "weather", "now")).toMatchObject({ code: 0, out: "sunny\n", err: "" });
    expect(JSON.parse((await run("run", "weather", "now", "{}", "--json")).out)).toMatchObject({
      ok: true,
      text: "sunny",
      audit: [{ kind: "plugin", subject: "weather get_env", detail: "CITY", outcome: "refused" }],
    });
    expect(await run("run", "weather", "then")).toMatchObject({
      code: 1,
      err: expect.stringContaining("plugin weather has no tool then. There are: now"),
    });
    const agent = await weft(home, ["agent", "-m", "/weather_now"], { program });
    expect(agent).toMatchObject({ code: 0, out: expect.stringContaining("sunny") });
    expect((await weft(home, ["tools", "list"], { program })).out).toMatch(
      /weather_now +read +allowed +The weather now/,
    );
    expect((await weft(home, ["status", "--detailed"], { program })).out).toMatch(/plugins +ok .*weather 1\.0\.0/);
    await home.configure({ tools: { deny: ["weather_*"] } });
    expect(await run("run", "weather", "now")).toMatchObject({ code: 6, err: expect.stringContaining("tools.deny") });
  });

  test("a plugin that cannot run shows in the status and stops nothing", async () => {
    const { home, run } = await start();
    await run("install", "weather");
    const status = await weft(home, ["status", "--detailed"], { program });
    expect(status.code).toBe(0);
    expect(status.out).toMatch(/plugins +degraded .*weather: plugin weather 1\.0\.0 is not approved/);
    expect(status.out).toContain("features: delegation, wasm-plugins");
    expect(await weft(home, ["agent", "-m", "ping"], { program })).toMatchObject({ code: 0 });
  });
});

describe.runIf(isBundle)("a build without wasm-plugins", () => {
  test("says so, and shows no plugin commands", async () => {
    const home = await newHome();
    onTestFinished(() => home.remove());
    for (const args of [["plugin"], ["plugin", "list"], ["plugin", "--help"]]) {
      const ended = await weft(home, args);
      expect(ended).toMatchObject({
        code: 2,
        err: expect.stringContaining("was made without the feature `wasm-plugins`"),
      });
      expect(ended.err).toContain("npm run build -- --features wasm-plugins");
    }
    expect((await weft(home, ["help"])).out).not.toMatch(/^ *plugin /m);
    expect((await weft(home, ["status", "--detailed"])).out).not.toContain("plugins");
    const text = (
      await Promise.all((await readdir("dist/node")).map((name) => readFile(`dist/node/${name}`, "utf8")))
    ).join("");
    // `security scan` knows the names in a manifest in every build.
    const marks = ["approved_permissions", "get_env"];
    expect(marks.filter((mark) => text.includes(mark))).toEqual([]);
  });
});
