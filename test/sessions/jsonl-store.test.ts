import { expect, test } from "vitest";
import type { Platform } from "../../src/core/platform.ts";
import { memoryPlatform } from "../../src/platform/memory.ts";
import { jsonlStore } from "../../src/sessions/jsonl-store.ts";
import { says, sessionStoreContract } from "../contracts/session-store.ts";

function storeOn(files: Platform["files"], warnings: string[] = []) {
  return jsonlStore({
    files,
    folder: "/w/sessions",
    now: () => 1000,
    warn: (text) => warnings.push(text),
    keepOpen: 2,
  });
}

sessionStoreContract("jsonl", async () => storeOn(memoryPlatform().files));

const file = "/w/sessions/cli%3Aa.jsonl";
const bytes = (text: string) => new TextEncoder().encode(text);

async function withFile(content: string) {
  const { files } = memoryPlatform();
  await files.makeDirectory("/w/sessions");
  await files.write(file, bytes(content));
  return files;
}

test("a file of the format's other program is read: metadata line, roles, tool calls", async () => {
  const files = await withFile(
    `${JSON.stringify({ _type: "metadata", created_at: "2026-01-01T00:00:00Z", updated_at: "2026-01-01T00:00:00Z", metadata: {}, last_consolidated: 0 })}
{"role":"user","content":"hi","timestamp":"2026-01-01T00:00:01Z"}
{"role":"assistant","content":"","tool_calls":[{"id":"1","type":"function","function":{"name":"clock","arguments":"{\\"zone\\":\\"utc\\"}"}}]}
{"role":"tool","content":"12:00","tool_call_id":"1","timestamp":"2026-01-01T00:00:02Z"}
`,
  );
  const messages = (await storeOn(files).read("cli:a")).map((entry) => entry.type === "message" && entry.message);
  expect(messages).toEqual([
    { role: "user", parts: [{ type: "text", text: "hi" }], at: Date.UTC(2026, 0, 1, 0, 0, 1) },
    { role: "assistant", parts: [{ type: "call", id: "1", tool: "clock", input: { zone: "utc" } }], at: 0 },
    { role: "tool", parts: [{ type: "result", id: "1", text: "12:00" }], at: Date.UTC(2026, 0, 1, 0, 0, 2) },
  ]);
});

test("what we write begins with that program's metadata line and has its fields", async () => {
  const { files } = memoryPlatform();
  await storeOn(files).append("cli:a", [says("1", "hello")]);
  const [first, second] = new TextDecoder()
    .decode(await files.read(file))
    .split("\n")
    .map((line) => line && JSON.parse(line));
  expect(first).toMatchObject({
    _type: "metadata",
    created_at: "1970-01-01T00:00:01.000Z",
    metadata: {},
    last_consolidated: 0,
  });
  expect(second).toMatchObject({ role: "user", content: "hello", timestamp: "1970-01-01T00:00:01.000Z" });
});

test("a torn last line and garbage are passed over with a warning; nothing is overwritten and new lines are whole", async () => {
  const torn = '{"role":"user","content":"ok","id":"1"}\nnot json at all\n{"role":"assistant","cont';
  const files = await withFile(torn);
  const warnings: string[] = [];
  const store = storeOn(files, warnings);
  await store.append("cli:a", [says("2")]);
  expect((await store.read("cli:a")).map(({ id }) => id)).toEqual(["1", "2"]);
  expect(warnings.join()).toContain("2 line(s) cannot be read");
  expect(new TextDecoder().decode(await files.read(file)).startsWith(torn)).toBe(true);
});

test("long files are read from their end: a limit of 5 in 10,000 messages reads little", async () => {
  const { files } = memoryPlatform();
  const writer = storeOn(files);
  for (let i = 0; i < 10_000; i += 1000) {
    await writer.append(
      "cli:a",
      Array.from({ length: 1000 }, (_, k) => says(`e${i + k}`, `message ${i + k} ${"é".repeat(60)}`)),
    );
  }
  let bytesRead = 0;
  const counting = {
    ...files,
    read: async (path: string, range?: { offset: number; length: number }) => {
      const got = await files.read(path, range);
      bytesRead += got.length;
      return got;
    },
  };
  expect((await storeOn(counting).read("cli:a", 5)).map(({ id }) => id)).toEqual([
    "e9995",
    "e9996",
    "e9997",
    "e9998",
    "e9999",
  ]);
  expect(bytesRead).toBeLessThanOrEqual(64 * 1024);
  expect(await storeOn(counting).read("cli:a")).toHaveLength(10_000);
});

test("idle sessions leave RAM and their files are closed", async () => {
  const { files } = memoryPlatform();
  let open = 0;
  const counting = {
    ...files,
    append: async (path: string) => {
      const appender = await files.append(path);
      open++;
      return {
        ...appender,
        close: async () => {
          open--;
          await appender.close();
        },
      };
    },
  };
  const store = storeOn(counting);
  for (let i = 0; i < 10; i++) await store.append(`cli:${i}`, [says("1")]);
  expect(open).toBeLessThanOrEqual(2);
  expect(await store.read("cli:0")).toEqual([says("1")]);
});
