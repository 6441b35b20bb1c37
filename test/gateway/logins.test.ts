import { expect, test } from "vitest";
import type { AuditEntry } from "../../src/core/audit.ts";
import { loginAudit } from "../../src/gateway/logins.ts";
import { says, serve } from "./harness.ts";

function listening() {
  const entries: AuditEntry[] = [];
  const clock = { ms: 0 };
  const audit = { note: async (entry: AuditEntry) => void entries.push(entry) };
  return { entries, clock, audit, logins: loginAudit({ audit, monotonic: () => clock.ms }) };
}

test("a client is in the audit once for its token, and for each minute in which it brings wrong ones", () => {
  const { entries, clock, logins } = listening();
  for (let i = 0; i < 3; i++) logins.seen("valid", "10.0.0.1");
  for (let i = 0; i < 100; i++) logins.seen("wrong", "10.0.0.2");
  logins.seen("missing", "10.0.0.3");
  clock.ms = 60_000;
  logins.seen("wrong", "10.0.0.2");
  expect(entries).toEqual([
    { kind: "login", subject: "10.0.0.1", outcome: "ok" },
    expect.objectContaining({ subject: "10.0.0.2", outcome: "refused", figures: { before: 0, ofOthers: 0 } }),
    expect.objectContaining({ subject: "10.0.0.2", outcome: "refused", figures: { before: 99, ofOthers: 0 } }),
  ]);
});

test("whoever has a million addresses fills nothing, and is counted", () => {
  const { entries, clock, logins } = listening();
  for (let i = 0; i < 1000; i++) logins.seen("wrong", `10.0.${i >> 8}.${i & 255}`);
  expect(entries).toHaveLength(60);
  clock.ms = 61_000;
  logins.seen("wrong", "10.9.9.9");
  expect(entries.at(-1)).toMatchObject({ subject: "10.9.9.9", figures: { ofOthers: 940 } });
});

test("the gateway tells it of each request's token", async () => {
  const { entries, audit } = listening();
  const served = await serve(says("x"), { audit });
  await served.get("/status");
  await served.get("/status");
  await fetch(`${served.url}/status`, { headers: { authorization: "Bearer guess-guess-guess" } });
  await fetch(`${served.url}/healthz`);
  expect(entries).toMatchObject([
    { kind: "login", outcome: "ok", subject: expect.stringContaining("127.0.0.1") },
    { kind: "login", outcome: "refused" },
  ]);
  expect(JSON.stringify(entries)).not.toContain("guess");
});
