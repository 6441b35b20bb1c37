import { describe, expect, test } from "vitest";
import { chatOf, codeOf, pairingRig, person } from "../security/pairing-rig.ts";
import { serve, token } from "./harness.ts";

async function served() {
  const rig = pairingRig();
  const pairing = await rig.open();
  await pairing.ask(person("@ann:example.org/a", "matrix"), chatOf("room", "matrix"));
  const gateway = await serve(() => {}, { pairing: async () => pairing });
  return { ...gateway, pairing, code: codeOf(rig.posted[0] ?? { text: "" }) };
}

describe("pairing over HTTP", () => {
  test("lists, lets in and puts out", async () => {
    const { get, code, pairing } = await served();
    const pending = {
      channel: "matrix",
      sender: "@ann:example.org/a",
      at: expect.any(Number),
      until: expect.any(Number),
    };
    expect(await (await get("/pairing")).json()).toEqual({ pending: [pending], paired: [] });
    const approved = await get(`/pairing/${code}?level=2`, { method: "POST" });
    expect(approved.status).toBe(200);
    const paired = { channel: "matrix", sender: "@ann:example.org/a", level: 2, at: expect.any(Number) };
    expect(await approved.json()).toEqual(paired);
    expect(await (await get("/pairing")).json()).toEqual({ pending: [], paired: [paired] });
    const who = `/pairing/matrix/${encodeURIComponent("@ann:example.org/a")}`;
    expect(await (await get(who, { method: "DELETE" })).json()).toEqual({ revoked: true });
    expect(pairing.levelOf(person("@ann:example.org/a", "matrix"))).toBeUndefined();
    expect(await (await get(who, { method: "DELETE" })).json()).toEqual({ revoked: false });
  });

  test("a level other than 1 comes only when it is asked for, and only 2", async () => {
    const { get, code, pairing } = await served();
    expect((await get(`/pairing/${code}?level=3`, { method: "POST" })).status).toBe(400);
    await get(`/pairing/${code}`, { method: "POST" });
    expect(pairing.list().paired.map(({ level }) => level)).toEqual([1]);
  });

  test("wrong codes are 404, then 429 with the time to wait; what is no code is 400", async () => {
    const { get } = await served();
    expect((await get("/pairing/nonsense!", { method: "POST" })).status).toBe(400);
    const statuses: number[] = [];
    for (let i = 0; i < 8; i++) statuses.push((await get(`/pairing/222222${i + 22}`, { method: "POST" })).status);
    expect(statuses).toEqual([404, 404, 404, 404, 404, 429, 429, 429]);
    const stopped = await get("/pairing/22222222", { method: "POST" });
    expect(Number(stopped.headers.get("retry-after"))).toBeGreaterThan(500);
  });

  test("nothing of it is there without the token, and not for a page of another origin", async () => {
    const { url, code, pairing } = await served();
    for (const [path, method] of [
      ["/pairing", "GET"],
      [`/pairing/${code}`, "POST"],
      ["/pairing/a/b", "DELETE"],
    ] as const) {
      const without = await fetch(url + path, { method });
      expect(without.status).toBe(401);
      await without.body?.cancel();
      const headers = { authorization: `Bearer ${token}`, origin: "https://evil.example" };
      const foreign = await fetch(url + path, { method, headers });
      expect(foreign.status).toBe(403);
      await foreign.body?.cancel();
    }
    expect(pairing.list().paired).toEqual([]);
  });
});
