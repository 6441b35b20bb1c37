import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { nodePlatform } from "../../src/platform/node/platform.ts";
import { parseManifest } from "../../src/plugins/manifest.ts";
import { verifyPackage } from "../../src/plugins/store.ts";
import { emptyModule, plainManifest, pluginFolder } from "./rig.ts";

const { files } = nodePlatform();
const parse = (more: object) => parseManifest(JSON.stringify({ ...plainManifest, ...more }), "/p/m.json");

describe("the manifest", () => {
  test("has the defaults of every limit and permission", () => {
    expect(parse({ permissions: undefined })).toEqual({
      id: "weather",
      name: "Weather",
      version: "1.0.0",
      capabilities: ["tool"],
      permissions: { network: [], filesystem: [], env_vars: [], shell: false },
      resources: {
        max_fuel: 1_000_000_000,
        max_memory_mb: 16,
        max_table_elements: 10_000,
        max_execution_seconds: 30,
        max_http_requests_per_minute: 10,
        max_log_messages_per_minute: 100,
      },
      wasm_module: "plugin.wasm",
      skills: [],
      tools: [],
    });
  });

  test("may say all there is, up to the hard limits", () => {
    const all = {
      capabilities: ["tool", "channel", "pipeline_stage", "skill", "memory_backend", "voice"],
      permissions: {
        network: ["*.example.com", "a.b", "*", "10.0.0.1", "::1"],
        filesystem: ["data", "/srv"],
        env_vars: ["A_1"],
        shell: true,
      },
      resources: {
        max_fuel: 10_000_000_000,
        max_memory_mb: 256,
        max_table_elements: 100_000,
        max_execution_seconds: 300,
        max_http_requests_per_minute: 10,
        max_log_messages_per_minute: 100,
      },
      wasm_module: "weather.wasm",
      skills: ["a"],
      tools: ["b"],
    };
    expect(parse({ ...all, version: "2.0.0-rc.1+build" })).toMatchObject(all);
  });

  test.each([
    [{ id: undefined }, "/p/m.json: id is missing: add it"],
    [{ version: "1.0" }, 'version: expected a semantic version, for example 1.0.0, found "1.0"'],
    [{ id: "../x" }, "id: expected up to 64 of a-z, 0-9"],
    [{ id: ".new-1" }, "id: expected up to 64"],
    [{ name: "a\nb" }, "name: expected a line"],
    [{ capabilities: [] }, "capabilities: expected a list of at least one"],
    [{ capabilities: ["tools"] }, "capabilities.0: expected one of tool, channel, pipeline_stage"],
    [{ permision: {} }, "permision is not known: take it out"],
    [{ permissions: { network: ["https://a.b"] } }, "permissions.network.0: expected a host like"],
    [{ permissions: { network: ["a.*"] } }, "permissions.network.0: expected a host like"],
    [{ permissions: { filesystem: ["a/../.."] } }, "permissions.filesystem.0: expected a folder"],
    [{ permissions: { filesystem: [".."] } }, "permissions.filesystem.0: expected a folder"],
    [{ permissions: { filesystem: ["~/x"] } }, "permissions.filesystem.0: expected a folder"],
    [{ permissions: { env_vars: ["A B"] } }, "permissions.env_vars.0: expected the name"],
    [{ permissions: { shell: "no" } }, "permissions.shell: expected boolean"],
    [{ resources: { max_fuel: 10_000_000_001 } }, "resources.max_fuel: expected at most 10000000000, the hard limit"],
    [{ resources: { max_memory_mb: 257 } }, "resources.max_memory_mb: expected at most 256"],
    [{ resources: { max_table_elements: 100_001 } }, "expected at most 100000"],
    [{ resources: { max_execution_seconds: 301 } }, "expected at most 300"],
    [{ resources: { max_http_requests_per_minute: 11 } }, "expected at most 10"],
    [{ resources: { max_log_messages_per_minute: 101 } }, "expected at most 100"],
    [{ resources: { max_memory_mb: 0 } }, "resources.max_memory_mb: expected at least 1"],
    [{ resources: { max_memory_mb: 1.5 } }, "resources.max_memory_mb: expected a whole number"],
    [{ wasm_module: "../x.wasm" }, "wasm_module: expected the name of a file beside the manifest"],
  ])("%j is refused with the path and what to do", (more, message) => {
    expect(() => parse(more)).toThrow(message);
    expect(() => parse(more)).toThrow("Mend the manifest");
  });

  test("that is not JSON says so", () => {
    expect(() => parseManifest("{", "/p/m.json")).toThrow("/p/m.json is not JSON");
  });
});

/** Bytes that do not pack. */
function noise(length: number): Uint8Array {
  let seed = 1;
  return Uint8Array.from({ length }, () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return seed >>> 16;
  });
}

function section(id: number, content: Uint8Array): number[] {
  const size: number[] = [];
  for (let rest = content.length; ; rest >>>= 7) {
    if (rest < 128) {
      size.push(rest);
      break;
    }
    size.push((rest & 127) | 128);
  }
  return [id, ...size, ...content];
}

const withSection = (id: number, content: Uint8Array) => Uint8Array.from([...emptyModule, ...section(id, content)]);

describe("a plugin's folder", () => {
  test("in order is taken", async () => {
    const found = await verifyPackage(files, await pluginFolder(plainManifest, withSection(0, noise(110 * 1024))));
    expect(found.packed).toBeGreaterThan(110 * 1024);
    expect(found.packed).toBeLessThanOrEqual(120 * 1024);
  });

  test.each([
    ["no module", Uint8Array.from([1, 2, 3, 4]), "is no WebAssembly: it does not begin with \\0asm"],
    ["an empty file", new Uint8Array(), "is no WebAssembly"],
    ["more than 300 KiB", withSection(0, new Uint8Array(300 * 1024)), "at most 307200 (300 KiB)"],
    [
      "more than 120 KiB packed",
      withSection(0, noise(125 * 1024)),
      "bytes when packed with gzip, at most 122880 (120 KiB)",
    ],
    ["11 tables", withSection(4, Uint8Array.of(11)), "11 tables, at most 10"],
    ["3 memories", withSection(5, Uint8Array.of(3)), "3 memories, at most 2"],
    ["a cut module", withSection(0, noise(100)).subarray(0, 50), "is cut"],
  ])("with %s is refused", async (_, module, message) => {
    await expect(verifyPackage(files, await pluginFolder(plainManifest, module))).rejects.toThrow(message);
  });

  test("of 300 KiB that packs well is taken, and so are 10 tables and 2 memories", async () => {
    const full = withSection(0, new Uint8Array(300 * 1024 - 12));
    expect(full.length).toBe(300 * 1024);
    await verifyPackage(files, await pluginFolder(plainManifest, full));
    await verifyPackage(files, await pluginFolder(plainManifest, withSection(4, Uint8Array.of(10))));
    await verifyPackage(files, await pluginFolder(plainManifest, withSection(5, Uint8Array.of(2))));
  });

  test("of more than 10 MiB is refused", async () => {
    const folder = await pluginFolder();
    await mkdir(join(folder, "data"));
    await writeFile(join(folder, "data", "big"), new Uint8Array(10 * 1024 * 1024));
    await expect(verifyPackage(files, folder)).rejects.toThrow("at most 10485760 bytes (10 MiB)");
  });

  test("without manifest or module says what is missing", async () => {
    await expect(verifyPackage(files, "/nowhere")).rejects.toThrow("/nowhere/clawft.plugin.json does not exist");
    const folder = await pluginFolder({ ...plainManifest, wasm_module: "other.wasm" });
    await expect(verifyPackage(files, folder)).rejects.toThrow("other.wasm does not exist");
  });
});
