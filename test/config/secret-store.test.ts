import fc from "fast-check";
import { expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { openSecretStore, type StorePlatform } from "../../src/config/secret-store.ts";
import type { Files } from "../../src/core/platform.ts";
import { memoryPlatform } from "../../src/platform/memory.ts";
import { nodeCrypto } from "../../src/platform/node/crypto.ts";

const stored = (name: string) => `\${secret:${name}}`;

const folder = "/home/ann/.clawft";

function machine(env: Record<string, string> = {}) {
  return { ...memoryPlatform({ env: { HOME: "/home/ann", ...env } }), crypto: nodeCrypto };
}

/** Stretching a passphrase takes a quarter of a second, which one test is enough for. */
const quick = { ...nodeCrypto, stretch: (a: Uint8Array, b: Uint8Array) => nodeCrypto.stretch(a, b, 1) };

async function textOf(files: Files, path: string): Promise<string> {
  return new TextDecoder().decode(await files.read(path));
}

async function refusalOf(platform: StorePlatform, name: string): Promise<string> {
  const thrown: unknown = await openSecretStore(platform, folder)
    .then((store) => store.get(name))
    .catch((error: unknown) => error);
  expect(thrown).toMatchObject({ code: "config" });
  return (thrown as Error).message;
}

test("what is stored comes back, is nowhere readable, and both files are its owner's alone", async () => {
  const platform = machine();
  const store = await openSecretStore(platform, folder);
  await store.set("openai", "sk-canary-1234567890");
  await store.set("other", "ünïcode 🔑");
  const again = await openSecretStore(platform, folder);
  expect([again.get("openai"), again.get("other"), again.get("absent")]).toEqual([
    "sk-canary-1234567890",
    "ünïcode 🔑",
    undefined,
  ]);
  expect(again.names().map(({ name }) => name)).toEqual(["openai", "other"]);
  expect(await textOf(platform.files, store.path)).not.toMatch(/canary|code/);
  for (const name of ["secrets.json", "secrets.key"]) {
    expect((await platform.files.stat(`${folder}/${name}`))?.mode).toBe(0o600);
  }
  expect([await again.remove("openai"), await again.remove("openai")]).toEqual([true, false]);
  expect((await openSecretStore(platform, folder)).get("openai")).toBeUndefined();
});

test("with a passphrase there is no key file, and without the right one nothing opens", async () => {
  const env = { CLAWFT_SECRETS_PASSPHRASE: "correct horse" };
  const platform = machine(env);
  await (await openSecretStore(platform, folder)).set("a", "value");
  expect(await platform.files.stat(`${folder}/secrets.key`)).toBeUndefined();
  expect((await openSecretStore(platform, folder)).get("a")).toBe("value");
  const { files } = platform;
  expect(await refusalOf({ ...machine(), files }, "a")).toContain("set CLAWFT_SECRETS_PASSPHRASE");
  const wrong = { ...machine({ CLAWFT_SECRETS_PASSPHRASE: "wrong" }), files };
  expect(await refusalOf(wrong, "a")).toContain("the passphrase or key is another one");
  await expect((await openSecretStore(wrong, folder)).set("b", "x")).rejects.toMatchObject({ code: "config" });
  expect((await openSecretStore(platform, folder)).names().map(({ name }) => name)).toEqual(["a"]);
});

test("a passphrase may lie in a file, and a key elsewhere", async () => {
  const one = { ...machine({ CLAWFT_SECRETS_PASSPHRASE_FILE: "/run/pass" }), crypto: quick };
  await one.files.makeDirectory("/run");
  await one.files.write("/run/pass", new TextEncoder().encode("correct horse\n"));
  await (await openSecretStore(one, folder)).set("a", "value");
  const env = { HOME: "/home/ann", CLAWFT_SECRETS_PASSPHRASE: "correct horse" };
  expect((await openSecretStore({ ...one, env }, folder)).get("a")).toBe("value");

  const two = machine({ CLAWFT_SECRETS_KEY_FILE: "/media/stick/key" });
  await two.files.makeDirectory("/media/stick");
  await (await openSecretStore(two, folder)).set("a", "value");
  expect(await two.files.stat(`${folder}/secrets.key`)).toBeUndefined();
  await two.files.remove("/media/stick/key");
  expect(await refusalOf(two, "a")).toContain("/media/stick/key is missing");
});

test("a value that was moved to another name, or changed anywhere, does not open", async () => {
  const platform = machine();
  const store = await openSecretStore(platform, folder);
  await store.set("cheap", "one");
  await store.set("dear", "two");
  const text = await textOf(platform.files, store.path);
  const put = async (changed: string) => await platform.files.write(store.path, new TextEncoder().encode(changed));
  await put(text.replace("cheap", "x").replace("dear", "cheap"));
  expect(await refusalOf(platform, "cheap")).toContain("the secret cheap cannot be read");
  const value = JSON.parse(text) as { secrets: { dear: { sealed: string } } };
  const { sealed } = value.secrets.dear;
  await fc.assert(
    // Of the last letter only two bits are bytes.
    fc.asyncProperty(fc.nat(sealed.length - 4), async (at) => {
      const other = sealed[at] === "A" ? "B" : "A";
      const bent = sealed.slice(0, at) + other + sealed.slice(at + 1);
      await put(text.replace(sealed, bent));
      expect(await refusalOf(platform, "dear")).toContain("cannot be read");
    }),
    { numRuns: 50 },
  );
});

test.each([
  ["{", "is no JSON"],
  ["[]", "is no store of secrets"],
  ['{"version":2}', "is no store of secrets"],
  ['{"version":1,"secrets":{}}', "does not say how its key is made"],
  ['{"version":1,"key":{"from":"passphrase","salt":"AA==","iterations":1e12},"secrets":{}}', "does not say how"],
  [
    '{"version":1,"key":{"from":"file"},"secrets":{"a":{"nonce":"!","sealed":"AA==","at":1}}}',
    "has secrets of another form",
  ],
])("a store like %s is told, with its path and what to do", async (content, problem) => {
  const platform = machine();
  await platform.files.makeDirectory(folder);
  await platform.files.write(`${folder}/secrets.json`, new TextEncoder().encode(content));
  const message = await refusalOf(platform, "a");
  expect(message).toContain(`${folder}/secrets.json: ${problem}`);
  expect(message).toContain("Put back a copy");
});

test.each(["", "a b", "../x", "-x", "x".repeat(65)])("%j is no name", async (name) => {
  const store = await openSecretStore(machine(), folder);
  await expect(store.set(name, "v")).rejects.toMatchObject({ code: "usage" });
});

async function loading(config: object, values: Record<string, string> = {}) {
  const platform = machine();
  await platform.files.makeDirectory(folder);
  await platform.files.write(`${folder}/config.json`, new TextEncoder().encode(JSON.stringify(config)));
  const store = await openSecretStore(platform, folder);
  for (const [name, value] of Object.entries(values)) await store.set(name, value);
  return await loadConfig(platform);
}

test("the configuration refers to it, and its value is one of those that are never shown", async () => {
  const { config, secrets, raw } = await loading(
    { providers: { openai: { api_key: stored("openai"), extra_headers: { "x-a": `Bearer ${stored("b.2")}` } } } },
    { openai: "k1", "b.2": "k2" },
  );
  expect(config.providers["openai"]).toMatchObject({ apiKey: "k1", extraHeaders: { "x-a": "Bearer k2" } });
  expect(secrets).toEqual(expect.arrayContaining(["k1", "k2"]));
  expect(JSON.stringify(raw)).not.toMatch(/k1|k2/);
});

test("one that is not stored, or stands where no secret is expected, is an error that says what to do", async () => {
  await expect(loading({ providers: { openai: { api_key: stored("openai") } } })).rejects.toThrow(
    `providers.openai.api_key refers to ${stored("openai")}, which is not stored. Run: weft secrets set openai`,
  );
  await expect(loading({ agents: { defaults: { model: stored("a") } } }, { a: "x" })).rejects.toThrow(
    `agents.defaults.model refers to ${stored("a")}, which may only stand where a key, token or password is expected`,
  );
  const { config } = await loading({ providers: { openai: { api_key: `$${stored("a")}` } } });
  expect(config.providers["openai"]?.apiKey).toBe(stored("a"));
});
