import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AuditEntry } from "../../src/core/audit.ts";
import type { Files } from "../../src/core/platform.ts";
import { type MemoryPlatform, memoryPlatform } from "../../src/platform/memory.ts";
import { openAudit } from "../../src/security/audit.ts";
import { auditPaths, chainFiles, noEntries } from "../../src/security/audit-chain.ts";
import { putIntoInbox } from "../../src/security/audit-inbox.ts";
import { verifyChain } from "../../src/security/audit-verify.ts";

const root = "/w";
const path = auditPaths(root).current;
const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash("sha256").update(bytes).digest());
const encode = (text: string) => new TextEncoder().encode(text);
const ran = (subject: string): AuditEntry => ({ kind: "tool", subject, outcome: "ok" });

function open(platform: MemoryPlatform, more: { rotateBytes?: number; stays?: boolean } = {}) {
  const warnings: string[] = [];
  const timers: (() => void)[] = [];
  const audit = openAudit({
    files: platform.files,
    sha256,
    root,
    now: () => 1_700_000_000_000,
    redact: (text) => text,
    warn: (text) => void warnings.push(text),
    timer: (_, elapsed) => {
      timers.push(elapsed);
      return () => void timers.splice(timers.indexOf(elapsed), 1);
    },
    stays: false,
    ...more,
  });
  return { audit, warnings, timers };
}

/** A machine with a workspace. */
async function machine(): Promise<MemoryPlatform> {
  const platform = memoryPlatform();
  await platform.files.makeDirectory(root);
  return platform;
}

async function written(count: number, given?: MemoryPlatform): Promise<MemoryPlatform> {
  const platform = given ?? (await machine());
  const { audit } = open(platform);
  for (let i = 1; i <= count; i++) void audit.note(ran(`tool-${i}`));
  await audit.close();
  return platform;
}

const verified = async (files: Files, more: object = {}) =>
  await verifyChain({ files, sha256, paths: await chainFiles(files, root), ...more });

async function linesOf(files: Files, file = path): Promise<string[]> {
  return new TextDecoder()
    .decode(await files.read(file))
    .split("\n")
    .slice(0, -1);
}

const put = (files: Files, lines: readonly string[]) =>
  files.write(path, encode(lines.map((line) => `${line}\n`).join("")));

describe("the writer", () => {
  test("chains each entry to the one before, in the order they were made, over restarts", async () => {
    const platform = await written(3);
    await written(2, platform);
    const lines = await linesOf(platform.files);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { n: 1, subject: "tool-1", kind: "tool", outcome: "ok", at: 1_700_000_000_000 },
      { n: 2, subject: "tool-2" },
      { n: 3, subject: "tool-3" },
      { n: 4, subject: "tool-1" },
      { n: 5, subject: "tool-2" },
    ]);
    expect(await verified(platform.files)).toMatchObject({ head: { entries: 5 } });
  });

  test("an entry's hash is over its canonical JSON and the hash before it, as docs/audit.md says", async () => {
    const { files } = await written(2);
    let previous = new Uint8Array(32);
    for (const line of await linesOf(files)) {
      const { hash, ...entry } = JSON.parse(line) as Record<string, unknown>;
      const content = JSON.stringify(Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1))));
      previous = sha256(new Uint8Array([...encode(content), ...previous])) as Uint8Array<ArrayBuffer>;
      expect(hash).toBe(Buffer.from(previous).toString("hex"));
    }
  });

  test("nothing is on the disk before there is something to record", async () => {
    const platform = await machine();
    const { audit } = open(platform);
    await audit.close();
    expect(await platform.files.stat(path)).toBeUndefined();
  });

  test("entries that gather while a sync runs share the next one", async () => {
    const platform = await machine();
    let syncs = 0;
    const append: Files["append"] = async (file) => {
      const appender = await platform.files.append(file);
      const sync = async () => {
        syncs++;
        await appender.sync();
      };
      return { ...appender, sync };
    };
    const { audit } = open({ ...platform, files: { ...platform.files, append } });
    await audit.record(ran("first"));
    await Promise.all(Array.from({ length: 50 }, (_, i) => audit.record(ran(`${i}`))));
    expect(syncs).toBeLessThanOrEqual(3);
  });

  test("what is noted is in the file at once, and synced soon, without anybody waiting", async () => {
    const platform = await machine();
    const { audit, timers } = open(platform);
    await audit.note(ran("a"));
    expect(await linesOf(platform.files)).toHaveLength(1);
    expect(timers).toHaveLength(1);
    await audit.record(ran("b"));
    expect(timers).toHaveLength(0);
  });

  test("a torn tail is cut off at the next start, and the chain says so", async () => {
    const platform = await written(3);
    const whole = await platform.files.read(path);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length }), async (length) => {
        const { files } = platform;
        await files.write(path, whole.slice(0, length));
        const { audit } = open(platform);
        await audit.record(ran("after"));
        await audit.close();
        const kept = whole.slice(0, length).lastIndexOf(10) + 1;
        const entries = (await linesOf(files)).map((line) => JSON.parse(line) as Record<string, unknown>);
        expect(entries.at(-1)).toMatchObject({ subject: "after" });
        const cut = { kind: "chain", subject: "cut", figures: { bytes: length - kept } };
        expect(entries.some(({ subject }) => subject === "cut")).toBe(length > kept);
        if (length > kept) expect(entries.at(-2)).toMatchObject(cut);
        expect((await verified(files)).problem).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });

  test("a full file is put aside and the chain goes on in a new one; verify reads them all", async () => {
    const platform = await machine();
    const { audit } = open(platform, { rotateBytes: 1000 });
    for (let i = 0; i < 20; i++) await audit.record(ran(`tool-${i}`));
    await audit.close();
    const files = await chainFiles(platform.files, root);
    expect(files.length).toBeGreaterThan(2);
    expect(files[0]).toBe("/w/.weft/audit/00000001.jsonl");
    expect(JSON.parse((await linesOf(platform.files, files[1])).at(0) ?? "")).toMatchObject({ subject: "continued" });
    const { head, problem } = await verified(platform.files);
    expect(problem).toBeUndefined();
    expect(head.entries).toBe(20 + files.length - 1);
    await platform.files.remove(files[0] ?? "");
    expect((await verified(platform.files)).problem).toMatchObject({ what: "missing", line: 1, entry: 1 });
  });

  test("a kill between putting a file aside and beginning the next one breaks nothing", async () => {
    const platform = await written(3);
    await platform.files.makeDirectory("/w/.weft/audit");
    await platform.files.rename(path, "/w/.weft/audit/00000001.jsonl");
    await written(1, platform);
    expect(await verified(platform.files)).toEqual({ head: expect.objectContaining({ entries: 5 }) });
  });

  test("on a full disk what somebody waits for fails, what was noted comes later, and a warning is given once", async () => {
    const platform = await machine();
    const { audit, warnings } = open(platform);
    await audit.record(ran("before"));
    platform.faults.diskFull = true;
    await audit.note(ran("noted"));
    await expect(audit.record(ran("recorded"))).rejects.toMatchObject({ code: "full" });
    await audit.note(ran("noted too"));
    expect(audit.status().problem).toBeDefined();
    platform.faults.diskFull = false;
    await audit.record(ran("after"));
    expect(audit.status()).toEqual({ entries: 4, problem: undefined });
    const subjects = (await linesOf(platform.files)).map((line) => (JSON.parse(line) as AuditEntry).subject);
    expect(subjects).toEqual(["before", "noted", "noted too", "after"]);
    expect(warnings).toHaveLength(1);
    expect((await verified(platform.files)).problem).toBeUndefined();
  });

  test("what there is no room for is counted in the chain", async () => {
    const platform = await machine();
    const { audit } = open(platform);
    await audit.record(ran("before"));
    platform.faults.diskFull = true;
    for (let i = 0; i < 1005; i++) await audit.note(ran(`${i}`));
    platform.faults.diskFull = false;
    await audit.record(ran("after"));
    const entries = (await linesOf(platform.files)).map((line) => JSON.parse(line) as AuditEntry);
    expect(entries).toHaveLength(1003);
    expect(entries[1]).toMatchObject({ kind: "chain", subject: "lost", figures: { entries: 5 } });
    expect(entries[2]?.subject).toBe("5");
  });

  test("a file that ends with a line of somebody else's is gone on with, and verify still finds that line", async () => {
    const platform = await written(2);
    await put(platform.files, [...(await linesOf(platform.files)), "hello"]);
    const { audit, warnings } = open(platform);
    await audit.record(ran("after"));
    await audit.close();
    expect(warnings.join()).toContain("no entry");
    expect((await verified(platform.files)).problem).toMatchObject({ line: 3, what: "changed" });
  });

  test("takes in what commands left in the inbox, at the start and while it runs, once", async () => {
    const platform = await machine();
    const { inbox } = auditPaths(root);
    const leave = (at: number, subject: string) =>
      putIntoInbox(platform, inbox, {
        at,
        kind: "config",
        outcome: "ok",
        subject,
        actor: { channel: "cli", sender: "x" },
      });
    await leave(5, "gateway.port");
    await platform.files.write(`${inbox}/6-0000000000000000.json`, encode('{"kind":"nonsense"}'));
    const { audit } = open(platform, { stays: true });
    await audit.record(ran("first"));
    await leave(7, "log.level");
    await expect.poll(() => platform.files.list(inbox)).toEqual([]);
    await audit.close();
    const entries = (await linesOf(platform.files)).map((line) => JSON.parse(line) as AuditEntry);
    expect(entries).toMatchObject([
      { subject: "first" },
      { at: 5, kind: "config", subject: "gateway.port", actor: { channel: "cli", sender: "x" } },
      { kind: "chain", subject: "inbox", outcome: "failed" },
      { at: 7, subject: "log.level" },
    ]);
  });
});

describe("verify", () => {
  const problemOf = async (lines: readonly string[], more: object = {}) => {
    const { files } = await machine();
    await put(files, lines);
    return (await verified(files, more)).problem;
  };

  test("an empty chain, and none at all, is as it was written", async () => {
    const { files } = await machine();
    expect(await verified(files)).toEqual({ head: noEntries });
    await files.write(path, new Uint8Array());
    expect(await verified(files)).toEqual({ head: noEntries });
  });

  test("any changed byte is found, in the line where it is", async () => {
    const platform = await written(6);
    const { files } = platform;
    const whole = await files.read(path);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
        const bytes = whole.slice();
        bytes[at] = (whole[at] ?? 0) ^ by;
        await files.write(path, bytes);
        const line = whole.subarray(0, at).filter((byte) => byte === 10).length + 1;
        const { problem, head } = await verified(files);
        expect(problem).toMatchObject({ line, entry: line });
        expect(head.entries).toBe(line - 1);
      }),
      { numRuns: 400 },
    );
  });

  test("any byte put in or taken out is found", async () => {
    const { files } = await written(6);
    const whole = [...(await files.read(path))];
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.option(fc.integer({ min: 0, max: 255 })), async (at, byte) => {
        const bytes = byte === null ? whole.toSpliced(at, 1) : whole.toSpliced(at, 0, byte);
        await files.write(path, Uint8Array.from(bytes));
        expect((await verified(files)).problem).toBeDefined();
      }),
      { numRuns: 400 },
    );
  });

  test("lines that are swapped, taken out, doubled or put in are found and named", async () => {
    const { files } = await written(8);
    const lines = await linesOf(files);
    const nth = fc.nat(lines.length - 1);
    await fc.assert(
      fc.asyncProperty(nth, nth, async (a, b) => {
        const [first, second] = [Math.min(a, b), Math.max(a, b)];
        if (first !== second) {
          const swapped = lines.with(first, lines[second] ?? "").with(second, lines[first] ?? "");
          expect(await problemOf(swapped)).toMatchObject({ what: "reordered", line: first + 1 });
        }
        const last = lines.length - 1;
        if (first < last)
          expect(await problemOf(lines.toSpliced(first, 1))).toMatchObject({ what: "missing", line: first + 1 });
        const doubled = lines.toSpliced(first + 1, 0, lines[first] ?? "");
        expect(await problemOf(doubled)).toMatchObject({ what: "duplicated", line: first + 2 });
        const copied = lines.toSpliced(second + 1, 0, lines[first] ?? "");
        expect(await problemOf(copied)).toMatchObject({ line: second + 2 });
        const forged = JSON.stringify({ ...(JSON.parse(lines[first] ?? "") as object), subject: "forged" });
        expect(await problemOf(lines.with(first, forged))).toMatchObject({ what: "changed", line: first + 1 });
        expect(await problemOf(lines.toSpliced(first, 0, "{}"))).toMatchObject({ what: "changed", line: first + 1 });
      }),
      { numRuns: 60 },
    );
  });

  test("an end that was cut off is found by the signed head, and so is a chain that was made anew", async () => {
    const { files } = await written(5);
    const lines = await linesOf(files);
    const { head: signed } = await verified(files);
    expect(await problemOf(lines, { signed })).toBeUndefined();
    for (let length = 0; length < 5; length++) {
      expect(await problemOf(lines.slice(0, length), { signed })).toMatchObject({ what: "cut", entry: length + 1 });
    }
    const other = await machine();
    const { audit } = open(other);
    for (let i = 1; i <= 7; i++) void audit.note(ran(`forged-${i}`));
    await audit.close();
    expect((await verified(other.files)).problem).toBeUndefined();
    expect((await verified(other.files, { signed })).problem).toMatchObject({ what: "changed", line: 5 });
  });

  test("goes on from a head, so that what was verified need not be read again", async () => {
    const { files } = await written(6);
    const lines = await linesOf(files);
    await put(files, lines.slice(0, 4));
    const { head: from } = await verified(files);
    await put(files, lines.slice(4));
    expect(await verified(files, { from })).toEqual({ head: expect.objectContaining({ entries: 6 }) });
    expect((await verified(files)).problem).toMatchObject({ what: "missing" });
  });

  test("a line without an end is a cut, and one of endless length costs no memory", async () => {
    const { files } = await written(2);
    const whole = await files.read(path);
    await files.write(path, whole.slice(0, -1));
    expect((await verified(files)).problem).toMatchObject({ what: "cut", line: 2 });
    await files.write(path, new Uint8Array(5_000_000).fill(65));
    expect((await verified(files)).problem).toMatchObject({ what: "changed", line: 1 });
  });
});
