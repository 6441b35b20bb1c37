import { createHash } from "node:crypto";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { type Gateway, gateway, type Home, newHome, weft } from "./weft.ts";

const code = "K7MX2PQA";

describe("weft pairing", () => {
  let home: Home;
  let file: string;
  beforeEach(async () => {
    home = await newHome({});
    file = join(home.workspace, ".weft/pairing.json");
    return () => home.remove();
  });

  /** As it is after a stranger has got a code on a channel. */
  async function strangerWaits(sender = "ann", typed = code, until = Date.now() + 600_000): Promise<void> {
    const hash = createHash("sha256").update(`weft pairing ${typed}`).digest("hex");
    const to = { channel: "telegram", chat: sender };
    const entry = { channel: "telegram", sender, at: Date.now(), until, hash, to, told: true };
    await mkdir(join(home.workspace, ".weft"), { recursive: true, mode: 0o700 });
    await writeFile(file, JSON.stringify({ version: 1, pending: [entry], paired: [], wrong: [] }), { mode: 0o600 });
  }

  const run = (...args: string[]) => weft(home, ["pairing", ...args]);
  const level = async (sender = "ann") => {
    const { out } = await weft(home, ["why", "tool", "read_file", "--as", `telegram:${sender}`, "--json"]);
    return JSON.parse(out).who.level;
  };

  test("lists nobody where nobody was let in, and makes no file", async () => {
    expect(await run("list")).toMatchObject({ code: 0, out: "Nobody is paired, and nobody waits.\n", err: "" });
    expect(JSON.parse((await run("list", "--json")).out)).toEqual({ pending: [], paired: [] });
    await expect(stat(file)).rejects.toThrow("ENOENT");
  });

  test("lets in who has the code, as a known user; the policy knows it at once, and revoking too", async () => {
    await strangerWaits();
    expect((await run("list")).out).toMatch(/^WHO +WHAT +TIME\ntelegram:ann +waits +code until /);
    expect(await level()).toBe(0);
    expect(await run("approve", "k7mx-2pqa")).toMatchObject({ code: 0, out: "telegram:ann is let in, level 1\n" });
    expect(await level()).toBe(1);
    expect((await run("list")).out).toMatch(/telegram:ann +level 1 +since /);
    expect(await run("revoke", "telegram:ann")).toMatchObject({ code: 0, out: "telegram:ann is a stranger again\n" });
    expect(await level()).toBe(0);
    expect(await run("revoke", "telegram:ann")).toMatchObject({ code: 1, out: "" });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const audit = await weft(home, ["audit", "show", "--kind", "pairing", "--json"]);
    const details = audit.out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).detail);
    expect(details).toEqual(["approved, level 1", "revoked"]);
    expect((await weft(home, ["audit", "verify"])).code).toBe(0);
    expect(audit.out + (await readFile(file, "utf8"))).not.toContain(code);
  });

  test("makes an admin only when that is said", async () => {
    await strangerWaits();
    expect(await run("approve", code, "--level", "3")).toMatchObject({ code: 2 });
    const { out } = await run("approve", code, "--level", "2", "--json");
    expect(JSON.parse(out)).toMatchObject({ channel: "telegram", sender: "ann", level: 2 });
    expect(await level()).toBe(2);
  });

  test("refuses what is wrong, and stops who guesses, over any number of commands", async () => {
    await strangerWaits();
    for (const wrong of [["approve", "hello"], ["revoke", "ann"], ["approve"]])
      expect((await run(...wrong)).code).toBe(2);
    for (let i = 2; i < 7; i++) expect(await run("approve", `2222222${i}`)).toMatchObject({ code: 1, out: "" });
    const stopped = await run("approve", code);
    expect(stopped).toMatchObject({ code: 5, out: "" });
    expect(stopped.err).toContain("5 wrong codes in ten minutes: wait 10 min");
    expect(await level()).toBe(0);
  });

  test("an expired code lets nobody in", async () => {
    await strangerWaits("ann", code, Date.now() - 1);
    expect((await run("list")).out).toBe("Nobody is paired, and nobody waits.\n");
    expect(await run("approve", code)).toMatchObject({ code: 1 });
    expect(await level()).toBe(0);
  });

  test("a list that cannot be read is told of and left as it is; nobody is let in by it", async () => {
    await mkdir(join(home.workspace, ".weft"), { recursive: true });
    await writeFile(file, "{ nonsense");
    for (const args of [
      ["pairing", "list"],
      ["pairing", "approve", code],
      ["agent", "-m", "hello"],
    ]) {
      const ended = await weft(home, args);
      expect(ended.code).toBe(3);
      expect(ended.err).toContain(file);
    }
    expect(await readFile(file, "utf8")).toBe("{ nonsense");
  });

  test("a running gateway does it, by the command and over HTTP, and a kill loses nothing", async () => {
    await strangerWaits();
    const server = await gateway(home);
    const env = { CLAWFT_GATEWAY_TOKEN: server.token };
    expect(server.log()).not.toContain("pairing");
    const listed = async (from: Gateway) => JSON.parse(await (await from.get("/pairing")).text());
    expect((await listed(server)).pending).toHaveLength(1);
    const approved = await weft(home, ["pairing", "approve", code], { env });
    expect(approved).toMatchObject({ code: 0, out: "telegram:ann is let in, level 1\n" });
    const paired = { channel: "telegram", sender: "ann", level: 1, at: expect.any(Number) };
    expect(await listed(server)).toEqual({ pending: [], paired: [paired] });
    await server.stop("SIGKILL");
    expect(await level()).toBe(1);

    const next = await gateway(home);
    expect((await listed(next)).paired).toEqual([paired]);
    const headers = { authorization: `Bearer ${next.token}` };
    expect((await fetch(`${next.url}/pairing`)).status).toBe(401);
    expect((await fetch(`${next.url}/pairing/22222222`, { method: "POST", headers })).status).toBe(404);
    const gone = await fetch(`${next.url}/pairing/telegram/ann`, { method: "DELETE", headers });
    expect(await gone.json()).toEqual({ revoked: true });
    const none = await weft(home, ["pairing", "revoke", "telegram:ann"], { env });
    expect(none).toMatchObject({ code: 1, out: "" });
    await next.stop();
    expect(await level()).toBe(0);
  });

  test("/pairing does the same in a conversation of an admin", async () => {
    await strangerWaits();
    const say = async (text: string) => (await weft(home, ["agent", "-m", text])).out;
    expect(await say("/pairing")).toMatch(/^telegram:ann {2}waits/);
    expect(await say(`/pairing approve ${code}`)).toBe("telegram:ann is let in, level 1.\n");
    expect(await say("/pairing revoke telegram:ann")).toBe("telegram:ann is a stranger again.\n");
    expect(await level()).toBe(0);
  });

  test("who is no admin may not", async () => {
    await home.configure({ routing: { permissions: { channels: { cli: { level: 1 } } } } });
    await strangerWaits();
    const { out } = await weft(home, ["agent", "-m", `/pairing approve ${code}`]);
    expect(out).toContain("pairing may only be changed by admins, and this is level 1");
    expect(await level()).toBe(0);
  });
});
