import { expect, test } from "vitest";
import { changeValue, knownKeys, knownPath, maskSecrets, parseKey } from "../../src/config/edit.ts";
import { checkDocument, loadConfig } from "../../src/config/load.ts";
import type { Json } from "../../src/core/json.ts";
import { memoryPlatform } from "../../src/platform/memory.ts";

const path = "/home/ann/.clawft/config.json";

async function changed(before: string | undefined, key: string, value: Json | undefined): Promise<string> {
  const { files } = memoryPlatform();
  await files.makeDirectory("/home/ann");
  if (before !== undefined) {
    await files.makeDirectory("/home/ann/.clawft");
    await files.write(path, new TextEncoder().encode(before));
  }
  await changeValue(files, path, { key: knownPath(key).path, value, check: checkDocument });
  return new TextDecoder().decode(await files.read(path));
}

test("a value is changed where it stands; comments and spelling stay", async () => {
  const before = '{\n  // the door\n  "gateway": { "maxBodyBytes": 2048, /* why */ "port": 1 },\n}\n';
  expect(await changed(before, "gateway.max_body_bytes", 4096)).toBe(before.replace("2048", "4096"));
});

test("a new key is added, in a new file too", async () => {
  expect(JSON.parse(await changed(undefined, "agents.defaults.model", "ollama/llama3.2"))).toEqual({
    agents: { defaults: { model: "ollama/llama3.2" } },
  });
});

test("names of data may have dots", async () => {
  expect(parseKey('providers.openai.models["gpt-5.4"].context_tokens')).toEqual([
    "providers",
    "openai",
    "models",
    "gpt-5.4",
    "context_tokens",
  ]);
});

test("undefined takes a key away", async () => {
  expect(JSON.parse(await changed('{"gateway":{"port":1,"host":"x"}}', "gateway.port", undefined))).toEqual({
    gateway: { host: "x" },
  });
});

test("a wrong value changes nothing", async () => {
  const { files } = memoryPlatform();
  await files.makeDirectory("/home/ann/.clawft");
  await files.write(path, new TextEncoder().encode("{}"));
  const change = changeValue(files, path, { key: ["gateway", "port"], value: "x", check: checkDocument });
  await expect(change).rejects.toMatchObject({ code: "config" });
  expect(new TextDecoder().decode(await files.read(path))).toBe("{}");
});

test("an unknown key is refused with the nearest one", () => {
  expect(() => knownPath("gateway.prot")).toThrow("Did you mean gateway.port?");
});

test("secrets are masked, references are not, and the revealed whole is a configuration again", async () => {
  const platform = memoryPlatform({ env: { HOME: "/home/ann", K: "key-from-env" } });
  await platform.files.makeDirectory("/home/ann/.clawft");
  const config = {
    providers: { a: { api_key: "key-written-out" }, b: { api_key: "$" + "{K}" } },
    gateway: { port: 5 },
  };
  await platform.files.write(path, new TextEncoder().encode(JSON.stringify(config)));
  const { raw } = await loadConfig(platform);
  const shown = maskSecrets(raw as unknown as Json);
  expect(shown).toMatchObject({ providers: { a: { api_key: "[masked]" }, b: { api_key: "$" + "{K}" } } });
  await platform.files.write(path, new TextEncoder().encode(JSON.stringify(raw)));
  expect((await loadConfig(platform)).raw).toEqual(raw);
});

test("every section is among the known keys", () => {
  expect(knownKeys()).toEqual(
    expect.arrayContaining(["gateway.port", "tools.web.search.provider", "channels.telegram.token"]),
  );
});
