import { expect, test } from "vitest";
import { admission } from "../../src/agent/admission.ts";
import type { Permissions } from "../../src/core/policy.ts";
import { memoryPlatform } from "../../src/platform/memory.ts";
import { rig } from "./rig.ts";
import { inbound, replyOf, says, scriptedModel } from "./scripted.ts";

interface World {
  readonly perMinute?: number;
  readonly globalPerMinute?: number;
}

async function limited({ perMinute = Number.POSITIVE_INFINITY, globalPerMinute = 0 }: World) {
  const clock = { now: 0 };
  const permissions = { messagesPerMinute: perMinute } as Permissions;
  const admit = admission({
    permissionsOf: () => permissions,
    limits: () => ({ windowMs: 60_000, globalPerMinute }),
    monotonic: () => clock.now,
  });
  const { files } = memoryPlatform();
  const r = await rig({ admit, files, model: scriptedModel(() => says("hi")), delegation: {} });
  const send = async (text: string, more: Parameters<typeof inbound>[1] = {}) =>
    await replyOf((await r.line.receive(inbound(text, more))).events);
  return { clock, send, r };
}

test("a user may send so many messages a minute; then he hears how long to wait, and others go on", async () => {
  const { clock, send, r } = await limited({ perMinute: 2 });
  await send("one");
  clock.now = 10_000;
  await send("two");
  clock.now = 20_000;
  const error = await send("three").catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "limit", retryAfterMs: 40_000 });
  expect(String(error)).toContain("more than 2 messages a minute (rate_limit in routing.permissions): wait 40 s");
  expect(r.journal.open()).toEqual([]);
  await send("other", { sender: "bob" });
  clock.now = 60_000;
  await send("three");
});

test("everybody together may send so many, whatever each may", async () => {
  const { send } = await limited({ globalPerMinute: 2 });
  await send("one", { sender: "ann" });
  await send("two", { sender: "bob" });
  await expect(send("three", { sender: "cid" })).rejects.toThrow("routing.rate_limiting.global_rate_limit_rpm");
});

test("a message that everybody's limit refuses is not counted against its sender", async () => {
  const { clock, send } = await limited({ perMinute: 1, globalPerMinute: 1 });
  await send("one", { sender: "bob" });
  clock.now = 30_000;
  await expect(send("two")).rejects.toThrow("global_rate_limit_rpm");
  clock.now = 60_000;
  await send("two");
});

test("the same message again, /stop and what agents write among themselves are never limited", async () => {
  const { send, r } = await limited({ perMinute: 1 });
  const message = inbound("one");
  await replyOf((await r.line.receive(message)).events);
  expect((await r.line.receive(message)).duplicate).toBe(true);
  expect((await send("/stop")).text).toBe("Nothing is running.");
  expect((await send("answer", { delegated: { depth: 1 } })).text).toBe("hi");
  await expect(send("two")).rejects.toMatchObject({ code: "limit" });
});
