import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AuditEntry } from "../../src/core/audit.ts";
import type { Json } from "../../src/core/json.ts";
import { canonicalJson } from "../../src/lib/canonical-json.ts";
import { keptEntry } from "../../src/security/audit-text.ts";
import { redactor } from "../../src/security/redact.ts";

const canary = 'cAnary"with\\quotes\nand-lines-42';
const redact = redactor([canary, "k".repeat(300)]);
const kept = (entry: Partial<AuditEntry>) =>
  keptEntry({ kind: "tool", subject: "t", outcome: "ok", at: 1, ...entry }, redact);

describe("what is kept of an entry", () => {
  test("no field of it can hold a known secret, wherever it stands and however JSON would have written it", () =>
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        const text = before + canary + after;
        const entry = kept({
          subject: text,
          session: text,
          turn: text,
          call: text,
          reason: text,
          detail: { [text]: [text, { deep: { deeper: text } }] },
          actor: { channel: text, sender: text, group: text, agent: text, job: text },
        });
        const line = canonicalJson(entry);
        expect(line).not.toContain("cAnary");
        expect(line).not.toContain("with\\\\quotes");
      }),
    ));

  test("a secret that the cut goes through does not show its first part", () => {
    const secret = "k".repeat(300);
    for (const length of [0, 100, 199, 250, 450, 499, 500, 501, 3000, 4094, 4500, 4596, 4700, 9000]) {
      const filled = kept({
        detail: "x".repeat(length) + secret + "y".repeat(9000),
        subject: "x".repeat(length) + secret,
      });
      expect(canonicalJson(filled)).not.toContain("kkk");
      const many = kept({ reason: `${secret} `.repeat(30) });
      expect(canonicalJson(many)).not.toContain("kkk");
    }
  });

  test.each<[string, Json]>([
    [
      "a member with a telling name",
      { api_key: "hunter2hunter2", password: "hunter2hunter2", Authorization: "hunter2hunter2" },
    ],
    ["a variable in a command", "PASSWORD=hunter2hunter2 ./deploy"],
    ["an option of a command", "mysql --password hunter2hunter2 -e x"],
    ["a member of JSON in a text", '{"client_secret": "hunter2hunter2"}'],
    ["the password of an address", "git clone https://me:hunter2hunter2@example.com/x.git"],
    ["a bearer", "curl -H 'Authorization: Bearer hunter2hunter2hunter2'"],
    ["a vendor's key", "sk-hunter2hunter2hunter2"],
  ])("%s is taken out, though nobody knows it", (_, detail) => {
    expect(canonicalJson(kept({ detail }))).not.toContain("hunter2");
    expect(canonicalJson(kept({ detail }))).toContain("[secret]");
  });

  test("every text has an end, and is text in UTF-8", () => {
    const long = "\u{1F600}".repeat(20_000);
    const entry = kept({
      detail: { long, list: Array.from({ length: 1000 }, () => long) },
      reason: `a${long}`,
      subject: long,
    });
    const line = canonicalJson(entry);
    expect(line.length).toBeLessThan(2500);
    expect(new TextDecoder().decode(new TextEncoder().encode(line))).toBe(line);
    expect(canonicalJson(kept({ reason: "\ud800 alone" }))).toContain("\ufffd alone");
  });

  test("deep and wide arguments cost no more than a line", () => {
    let deep: Json = "end";
    for (let i = 0; i < 5000; i++) deep = [deep];
    expect(String(kept({ detail: deep })["detail"])).toBe('[[[["…"]]]]');
  });

  test("figures are whole numbers", () => {
    expect(kept({ figures: { ms: 1.6, inputTokens: 3 } })["figures"]).toEqual({ ms: 2, inputTokens: 3 });
  });
});

describe("canonical JSON", () => {
  test("does not depend on the order of members, and is read back as what it was", () =>
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value as Json);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        const turned = JSON.parse(JSON.stringify(value), (_, each: unknown) =>
          typeof each === "object" && each !== null && !Array.isArray(each)
            ? Object.fromEntries(Object.entries(each).reverse())
            : each,
        ) as Json;
        expect(canonicalJson(turned)).toBe(text);
      }),
    ));

  test("sorts and spells as RFC 8785 does", () => {
    const value = { "\u20ac": 1, "\r": 2, "1": 3, "\u0080": 4, a: { z: null, b: [true, '\u000f\n"\\/'] } };
    expect(canonicalJson(value)).toBe(
      '{"\\r":2,"1":3,"a":{"b":[true,"\\u000f\\n\\"\\\\/"],"z":null},"\u0080":4,"\u20ac":1}',
    );
  });
});
