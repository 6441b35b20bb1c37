import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WeftError } from "../../src/core/error.ts";
import { codeIn, newCode } from "../../src/security/pairing-code.ts";
import { levelIn, pairingCommand, pairingHint, personIn } from "../../src/security/pairing-words.ts";
import { chatOf, codeOf, minute, pairingRig, path, person } from "./pairing-rig.ts";

const ann = person("ann");

async function asked(sender = "ann") {
  const rig = pairingRig();
  const pairing = await rig.open();
  await pairing.ask(person(sender), chatOf(sender));
  const code = codeOf(rig.posted[0] ?? { text: "" });
  expect(code).toHaveLength(8);
  return { ...rig, pairing, code };
}

describe("a code", () => {
  test("has eight letters and digits that nobody mixes up, each as likely as any other", () => {
    const counts = new Map<string, number>();
    let at = 0;
    const bytes = (count: number) => Uint8Array.from({ length: count }, () => at++ % 256);
    for (let i = 0; i < 3100; i++) {
      const code = newCode(bytes);
      expect(code).toMatch(/^[2-9A-HJKMNP-Z]{8}$/);
      for (const letter of code) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    }
    expect(counts.size).toBe(31);
    expect(Math.max(...counts.values()) - Math.min(...counts.values())).toBeLessThan(40);
  });

  test("is understood however it is typed, and nothing else is", () => {
    expect(codeIn(" k7mx-2pqa ")).toBe("K7MX2PQA");
    void fc.assert(
      fc.property(fc.string(), (text) => {
        const code = codeIn(text);
        expect(code === undefined || /^[2-9A-HJKMNP-Z]{8}$/.test(code)).toBe(true);
      }),
    );
    for (const wrong of ["", "K7MX2PQ", "K7MX2PQAA", "K7MX2PQ0", "K7MX2PQI", "K7MX2PQ*"])
      expect(codeIn(wrong)).toBeUndefined();
  });
});

describe("a stranger", () => {
  test("gets one code, however often he writes, and a new one when it has expired", async () => {
    const { pairing, posted, clock, code } = await asked();
    for (let i = 0; i < 100; i++) await pairing.ask(ann, chatOf("ann"));
    expect(posted).toHaveLength(1);
    expect(posted[0]?.to).toEqual({ channel: "telegram", chat: "ann" });
    clock.now += 10 * minute + 1;
    await pairing.ask(ann, chatOf("ann"));
    expect(posted).toHaveLength(2);
    await expect(pairing.approve(code, 1)).rejects.toMatchObject({ code: "missing" });
    expect(await pairing.approve(codeOf(posted[1] ?? { text: "" }), 1)).toMatchObject({ ...ann, level: 1 });
  });

  test("is a known user after approval, of a higher level only when that is said, and a stranger after revoking", async () => {
    const { pairing, code, open } = await asked();
    expect(pairing.levelOf(ann)).toBeUndefined();
    await pairing.approve(code.toLowerCase(), 1);
    expect(pairing.levelOf(ann)).toBe(1);
    expect(pairing.levelOf(person("ann", "slack"))).toBeUndefined();
    expect((await open()).levelOf(ann)).toBe(1);
    expect(await pairing.revoke(ann)).toBe(true);
    expect(pairing.levelOf(ann)).toBeUndefined();
    expect((await open()).levelOf(ann)).toBeUndefined();
    expect(await pairing.revoke(ann)).toBe(false);
    const again = await asked("bob");
    expect(await again.pairing.approve(again.code, 2)).toMatchObject({ level: 2 });
    expect(again.pairing.levelOf(person("bob"))).toBe(2);
  });

  test("may use a code once", async () => {
    const { pairing, code } = await asked();
    await pairing.approve(code, 1);
    await expect(pairing.approve(code, 2)).rejects.toMatchObject({ code: "missing" });
    expect(pairing.levelOf(ann)).toBe(1);
  });

  test("hears that he was let in, once", async () => {
    const { pairing, code, posted } = await asked();
    await pairing.approve(code, 1);
    await pairing.resume();
    expect(posted).toHaveLength(2);
    expect(posted[1]?.text).toContain("You are let in");
  });
});

describe("what lies on the disk", () => {
  test("is for its owner alone and has no code in it", async () => {
    const { kept, code, platform, pairing } = await asked();
    expect((await platform.files.stat(path))?.mode).toBe(0o600);
    expect(await kept()).not.toContain(code);
    expect(JSON.stringify(pairing.list())).not.toContain(code);
    expect(pairing.list().pending).toEqual([{ ...ann, at: expect.any(Number), until: expect.any(Number) }]);
  });

  test("is never overwritten when it cannot be read", async () => {
    const { platform, open, kept } = pairingRig();
    for (const text of [
      "{ nonsense",
      "[]",
      '{"version": 2}',
      '{"version":1,"pending":[],"paired":[{"level":3}],"wrong":[]}',
    ]) {
      await platform.files.makeDirectory("/w/.weft");
      await platform.files.write(path, new TextEncoder().encode(text));
      await expect(open()).rejects.toMatchObject({ code: "config", message: expect.stringContaining(path) });
      expect(await kept()).toBe(text);
    }
  });

  test("on a full disk nobody is let in, and nothing is forgotten", async () => {
    const { pairing, code, platform } = await asked();
    platform.faults.diskFull = true;
    await expect(pairing.approve(code, 1)).rejects.toMatchObject({ code: "full" });
    expect(pairing.levelOf(ann)).toBeUndefined();
    platform.faults.diskFull = false;
    await pairing.approve(code, 1);
    expect(pairing.levelOf(ann)).toBe(1);
  });
});

describe("a crash", () => {
  test("between the code and its sending gives a new code when he writes again", async () => {
    const { open, fail, posted } = pairingRig();
    fail.post = new WeftError("internal", "killed");
    await expect((await open()).ask(ann, chatOf("ann"))).rejects.toThrow("killed");
    delete fail.post;
    const next = await open();
    await next.ask(ann, chatOf("ann"));
    expect(posted).toHaveLength(1);
    expect(next.list().pending).toHaveLength(1);
    await next.approve(codeOf(posted[0] ?? { text: "" }), 1);
  });

  test("between the approval and the reply loses neither: the next start tells him", async () => {
    const { open, fail, posted, code, pairing } = await asked();
    fail.post = new WeftError("internal", "killed");
    await expect(pairing.approve(code, 1)).rejects.toThrow("killed");
    delete fail.post;
    const next = await open();
    expect(next.levelOf(ann)).toBe(1);
    await next.resume();
    await next.resume();
    expect(posted.map(({ text }) => text.slice(0, 14))).toEqual(["I do not know ", "You are let in"]);
    await (await open()).resume();
    expect(posted).toHaveLength(2);
  });

  test("between the reply and its mark repeats the reply under the same id, which a channel knows", async () => {
    const { open, posted, code, pairing, platform } = await asked();
    const write = platform.files.write;
    let writes = 0;
    platform.files.write = async (...args) => {
      if (++writes === 2) throw new WeftError("internal", "killed");
      await write(...args);
    };
    await expect(pairing.approve(code, 1)).rejects.toThrow("killed");
    platform.files.write = write;
    await (await open()).resume();
    expect(posted).toHaveLength(3);
    expect(posted[2]?.id).toBe(posted[1]?.id);
  });

  test("where no channel is there to tell him, the next start with one does", async () => {
    const { open, fail, posted, code, pairing } = await asked();
    fail.post = new WeftError("missing", "not found: channel telegram is not connected here");
    expect(await pairing.approve(code, 1)).toMatchObject({ level: 1 });
    delete fail.post;
    await (await open()).resume();
    expect(posted).toHaveLength(2);
  });
});

describe("who guesses", () => {
  const guess = (i: number) =>
    `222222${"23456789ABCDEFGHJKMNPQRSTUVWXYZ"[i % 31]}${"23456789ABCDEFGHJKMNPQRSTUVWXYZ"[Math.floor(i / 31)]}`;

  test("is stopped after five wrong codes, also over restarts, even for the right one; later it counts again", async () => {
    const { open, clock, code } = await asked();
    for (let i = 0; i < 5; i++)
      await expect((await open()).approve(guess(i), 1)).rejects.toMatchObject({ code: "missing" });
    const stopped = { code: "limit", retryAfterMs: 10 * minute };
    for (let i = 5; i < 200; i++) await expect((await open()).approve(guess(i), 1)).rejects.toMatchObject(stopped);
    await expect((await open()).approve(code, 1)).rejects.toMatchObject(stopped);
    clock.now += 10 * minute + 1;
    await expect((await open()).approve(guess(300), 1)).rejects.toMatchObject({ code: "missing" });
  });

  test("cannot try many at once", async () => {
    const { pairing, code } = await asked();
    const tries = await Promise.allSettled(Array.from({ length: 500 }, (_, i) => pairing.approve(guess(i), 1)));
    const codes = tries.map((each) => (each.status === "rejected" ? (each.reason as WeftError).code : "let in"));
    expect(codes.filter((each) => each === "missing")).toHaveLength(5);
    expect(codes.filter((each) => each === "limit")).toHaveLength(495);
    expect(pairing.list().pending).toHaveLength(1);
    expect(code).toHaveLength(8);
  });

  test("what is no code at all is no guess", async () => {
    const { pairing, code } = await asked();
    for (let i = 0; i < 20; i++) await expect(pairing.approve("hello", 1)).rejects.toMatchObject({ code: "usage" });
    await pairing.approve(code, 1);
  });
});

describe("a flood of strangers", () => {
  test("fills neither the disk nor the chats: sixteen of a channel and sixty-four in all have a code", async () => {
    const { open, posted, kept, entries } = pairingRig();
    const pairing = await open();
    await Promise.all(
      Array.from({ length: 5000 }, (_, i) => {
        const channel = `c${i % 10}`;
        return pairing.ask(person(`s${i}`, channel), chatOf(`s${i}`, channel));
      }),
    );
    const { pending } = pairing.list();
    expect(pending).toHaveLength(64);
    for (let i = 0; i < 10; i++)
      expect(pending.filter(({ channel }) => channel === `c${i}`).length).toBeLessThanOrEqual(16);
    expect(posted).toHaveLength(64);
    expect((await kept()).length).toBeLessThan(64 * 600);
    expect(entries.filter(({ outcome }) => outcome === "refused")).toHaveLength(1);
    expect(entries).toHaveLength(65);
  });

  test("passes: whoever comes after the codes have expired gets one", async () => {
    const { open, clock, posted } = pairingRig();
    const pairing = await open();
    for (let i = 0; i < 40; i++) await pairing.ask(person(`s${i}`), chatOf(`s${i}`));
    expect(posted).toHaveLength(16);
    clock.now += 10 * minute + 1;
    await pairing.ask(ann, chatOf("ann"));
    expect(posted).toHaveLength(17);
    expect(pairing.list().pending).toHaveLength(1);
  });

  test("with names as long as books gets nothing", async () => {
    const { open, posted } = pairingRig();
    await (await open()).ask(person("x".repeat(257)), chatOf("y"));
    await (await open()).ask(ann, chatOf("y".repeat(257)));
    expect(posted).toEqual([]);
  });
});

test("the audit knows who asked, who was let in and who was put out, and no code", async () => {
  const { pairing, code, entries } = await asked();
  await expect(pairing.approve("22222222", 1)).rejects.toMatchObject({ code: "missing" });
  await pairing.approve(code, 2);
  await pairing.revoke(ann);
  expect(entries.map(({ kind, subject, outcome, detail }) => [kind, subject, outcome, detail])).toEqual([
    ["pairing", "telegram:ann", "begun", "asked for a code"],
    ["pairing", "a wrong code", "failed", "approval"],
    ["pairing", "telegram:ann", "ok", "approved, level 2"],
    ["pairing", "telegram:ann", "ok", "revoked"],
  ]);
  expect(JSON.stringify(entries)).not.toContain(code);
});

describe("words", () => {
  test("/pairing lists, lets in, and puts out", async () => {
    const { pairing, code } = await asked();
    expect(await pairingCommand(pairing, "")).toMatch(/^telegram:ann {2}waits {2}code until /);
    expect(await pairingCommand(pairing, `approve ${code} 2`)).toBe("telegram:ann is let in, level 2.");
    expect(await pairingCommand(pairing, "list")).toMatch(/^telegram:ann {2}level 2 {2}since /);
    expect(await pairingCommand(pairing, "revoke telegram:ann")).toBe("telegram:ann is a stranger again.");
    expect(await pairingCommand(pairing, "revoke telegram:ann")).toContain("was not paired");
    expect(await pairingCommand(pairing, "dance")).toContain("Usage: /pairing");
    await expect(pairingCommand(pairing, `approve ${code} 3`)).rejects.toMatchObject({ code: "usage" });
  });

  test("people and levels are what they say, or wrong usage", () => {
    expect(personIn("matrix:@ann:example.org")).toEqual({ channel: "matrix", sender: "@ann:example.org" });
    for (const wrong of ["", "ann", ":ann", "telegram:", "a b:c"])
      expect(() => personIn(wrong)).toThrow("CHANNEL:SENDER");
    expect([levelIn(undefined), levelIn("1"), levelIn("2")]).toEqual([1, 1, 2]);
    for (const wrong of ["0", "3", "admin", ""]) expect(() => levelIn(wrong)).toThrow("the level is 1");
  });

  test("a gateway tells how to pair where there is a channel and nobody was let in yet", () => {
    const paired = { channel: "telegram", sender: "ann", level: 1, at: 0 } as const;
    expect(pairingHint([], { pending: [], paired: [] })).toEqual([]);
    expect(pairingHint(["telegram"], { pending: [], paired: [paired] })).toEqual([]);
    expect(pairingHint(["telegram", "irc"], { pending: [], paired: [] }).join()).toContain("weft pairing approve CODE");
  });
});
