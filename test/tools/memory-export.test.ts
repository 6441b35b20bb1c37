import { createHash, randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { memoryPlatform } from "../../src/platform/memory.ts";
import { addMemory, memoryExport, readMemoryExport } from "../../src/tools/memory-export.ts";

const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash("sha256").update(bytes).digest());

async function tree(texts: Readonly<Record<string, string>> = {}) {
  const { files } = memoryPlatform();
  await files.makeDirectory("/w/memory");
  const confined = files.confined("/w");
  for (const [path, text] of Object.entries(texts)) await confined.write(path, new TextEncoder().encode(text));
  const read = async (path: string) =>
    (await confined.stat(path)) ? new TextDecoder().decode(await confined.read(path)) : undefined;
  return { confined, read };
}

const machine = { now: () => 1_700_000_000_000, randomBytes: (count: number) => new Uint8Array(randomBytes(count)) };
const kept = { "memory/MEMORY.md": "Likes tea.\n\n  Indented,\n\n\nwith gaps.\n\n", "memory/HISTORY.md": "Met.\n\n" };
const exported = async (texts: Readonly<Record<string, string>> = kept) =>
  await memoryExport((await tree(texts)).confined, machine, sha256);
const print = (value: JsonObject) => JSON.stringify(value, null, 2);

interface Segment {
  segment_id: string;
  timestamp: string;
  operation: string;
  data_hash: string;
  previous_hash: string;
  segment_hash: string;
}

describe("a memory export", () => {
  test("has a WITNESS chain of a segment for each content, hashed as its format says", async () => {
    const value = await exported();
    const { segments } = value["witness"] as unknown as { segments: Segment[] };
    expect(segments).toHaveLength(2);
    let previous = Buffer.alloc(32);
    for (const [i, segment] of segments.entries()) {
      const data = createHash("sha256")
        .update(String(value[i === 0 ? "memory_content" : "history_content"]))
        .digest();
      expect(segment.segment_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(segment.previous_hash).toBe(previous.toString("hex"));
      expect(segment.data_hash).toBe(data.toString("hex"));
      const id = Buffer.from(segment.segment_id.replaceAll("-", ""), "hex");
      previous = createHash("sha256")
        .update(id)
        .update("2023-11-14T22:13:20.000Zstore")
        .update(data)
        .update(previous)
        .digest();
      expect(segment.segment_hash).toBe(previous.toString("hex"));
    }
  });

  test("comes back as it was in an empty workspace, and a second time changes nothing", async () => {
    const imported = readMemoryExport(print(await exported()), sha256);
    expect(imported.verified).toBe(true);
    const { confined, read } = await tree();
    expect(await addMemory(confined, imported)).toEqual({ "memory/MEMORY.md": 3, "memory/HISTORY.md": 1 });
    for (const [path, text] of Object.entries(kept)) expect(await read(path)).toBe(text);
    expect(await addMemory(confined, imported)).toEqual({ "memory/MEMORY.md": 0, "memory/HISTORY.md": 0 });
    for (const [path, text] of Object.entries(kept)) expect(await read(path)).toBe(text);
  });

  test("is added to what is there: nothing is lost and nothing stands twice", async () => {
    const { confined, read } = await tree({ "memory/MEMORY.md": "Own.\n\nLikes tea." });
    await addMemory(confined, readMemoryExport(print(await exported()), sha256));
    expect(await read("memory/MEMORY.md")).toBe("Own.\n\nLikes tea.\n\nIndented,\n\nwith gaps.\n\n");
  });

  test("any changed byte of a content or of its chain is refused by name", async () => {
    const value = await exported();
    const refused = (changed: JsonObject) => () => readMemoryExport(print(changed), sha256);
    expect(refused({ ...value, memory_content: "Likes coffee." })).toThrow(/WITNESS chain corrupted at index 0/);
    expect(refused({ ...value, history_content: "Met. And more" })).toThrow(/WITNESS chain corrupted at index 1/);
    expect(refused({ ...value, witness: { segments: [] } })).toThrow(/WITNESS chain: expected 2 segments/);
    expect(refused({ ...value, witness: null })).toThrow(/WITNESS chain/);
    const { segments } = value["witness"] as unknown as { segments: Segment[] };
    const keys = ["segment_id", "timestamp", "operation", "data_hash", "previous_hash", "segment_hash"] as const;
    await fc.assert(
      fc.asyncProperty(fc.nat(1), fc.constantFrom(...keys), fc.nat(), async (index, key, at) => {
        const text = segments[index]?.[key] ?? "";
        const place = at % text.length;
        const other = text[place] === "0" ? "1" : "0";
        const changed = segments.map((each, i) =>
          i === index ? { ...each, [key]: text.slice(0, place) + other + text.slice(place + 1) } : each,
        );
        fc.pre(!(key === "segment_id" && text[place] === "-"));
        const why = key === "previous_hash" ? "link broken" : "corrupted";
        expect(refused({ ...value, witness: { segments: changed } } as unknown as JsonObject)).toThrow(
          `WITNESS chain ${why} at index ${index}`,
        );
      }),
    );
  });

  test("swapped segments break the link", async () => {
    const value = await exported();
    const { segments } = value["witness"] as unknown as { segments: Segment[] };
    const swapped = { ...value, witness: { segments: segments.toReversed() } } as unknown as JsonObject;
    expect(() => readMemoryExport(print(swapped), sha256)).toThrow("WITNESS chain link broken at index 0");
  });

  test("one of clawft, version 1 without a chain, can be imported and is not called verified", () => {
    const text =
      '{"version":1,"agent_id":"a","format":"rvf","exported_at":"x","memory_content":"m","history_content":""}';
    expect(readMemoryExport(text, sha256)).toEqual({
      texts: { memory_content: "m", history_content: "" },
      verified: false,
    });
  });

  test.each([
    ["", "no memory export"],
    ["[1]", "no memory export"],
    ['{"version":2}', "version 2 is newer"],
    ['{"version":1,"memory_content":3}', "memory_content is no text"],
  ])("%s is refused: %s", (text, why) => {
    expect(() => readMemoryExport(text, sha256)).toThrow(why);
  });

  test("control characters do not come in with it", async () => {
    const { confined, read } = await tree();
    const texts = { memory_content: "a\u001b[31mb\u0000", history_content: "" };
    await addMemory(confined, { texts, verified: false });
    expect(await read("memory/MEMORY.md")).toBe("a[31mb\n\n");
  });
});
