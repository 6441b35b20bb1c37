import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { notPublic, targetOf } from "../../src/security/addresses.ts";
import type { PolicyRules } from "../../src/security/policy.ts";
import { redactor } from "../../src/security/redact.ts";
import { commandFacts } from "../../src/security/shell/facts.ts";
import { policyWith } from "./rules.ts";

const ann = { channel: "cli", sender: "ann" };

describe("addresses", () => {
  test.each([
    ["127.0.0.1", "loopback"],
    ["10.1.2.3", "private"],
    ["172.31.0.1", "private"],
    ["192.168.1.1", "private"],
    ["100.64.0.1", "carrierGradeNat"],
    ["169.254.169.254", "linkLocal"],
    ["0.0.0.0", "unspecified"],
    ["224.0.0.1", "multicast"],
    ["255.255.255.255", "broadcast"],
    ["198.18.0.1", "reserved"],
    ["::1", "loopback"],
    ["::", "unspecified"],
    ["fe80::1", "linkLocal"],
    ["fd00::1", "uniqueLocal"],
    ["fec0::1", "deprecatedSiteLocal"],
    ["::ffff:127.0.0.1", "loopback"],
    ["::ffff:a00:1", "private"],
    ["64:ff9b::10.0.0.1", "private"],
    ["2002:7f00:1::", "6to4"],
    ["not an address", "not an address"],
  ])("%s is not public: %s", (address, range) => {
    expect(notPublic(address)).toBe(range);
  });

  test.each(["8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"])(
    "%s is public",
    (address) => {
      expect(notPublic(address)).toBe(undefined);
    },
  );

  test.each([["metadata.google.internal"], ["METADATA.google.internal."], ["169.254.169.254"], ["fd00:ec2::254"]])(
    "%s hands out keys",
    (host) => {
      expect(targetOf(host, undefined).isMetadata).toBe(true);
    },
  );
});

test("a refused command names its rule, and the setting that allows it", () => {
  const ask = (command: string, commands: Partial<PolicyRules["commands"]> = {}) =>
    policyWith({ commands }).decide(ann, {
      kind: "command",
      command,
      facts: commandFacts(command),
    });
  expect(ask("ls | wc -l")).toMatchObject({ allowed: true });
  expect(ask("curl x", { allowlist: ["curl"] })).toMatchObject({ allowed: true });
  expect(ask("make && ./a.out > log", { mode: "denylist" })).toMatchObject({ allowed: true });
  expect(ask("ls; curl x")).toMatchObject({
    reason: "command not allowed: curl is not in the allowlist",
    allow: expect.stringContaining("tools.command_policy.allowlist"),
  });
  expect(ask("cat ../x")).toMatchObject({
    reason: "command not allowed: cat ../x (outside of the workspace)",
    allow: expect.stringContaining("tools.command_policy.mode"),
  });
  expect(ask("cat <(ls)", { mode: "denylist" })).toMatchObject({
    reason: expect.stringContaining("command not allowed: cat <(ls) (it cannot be read: "),
    allow: expect.stringContaining("tools.command_policy"),
  });
  expect(ask("git push -f", { mode: "denylist", denylist: ["git push"] })).toMatchObject({
    reason: "command blocked: git push -f (matched pattern: git push)",
    allow: expect.stringContaining("tools.command_policy.denylist"),
  });
});

describe("tools", () => {
  test("deny goes before allow, and both name themselves", () => {
    const policy = policyWith({ tools: { allow: ["read_*", "web_fetch"], deny: ["web_*"] } });
    const ask = (tool: string) => policy.decide(ann, { kind: "tool", tool, input: {} });
    expect(ask("read_file")).toMatchObject({ allowed: true });
    expect(ask("web_fetch")).toMatchObject({ allowed: false, reason: 'tools.deny has "web_*"' });
    expect(ask("exec_shell")).toMatchObject({ allowed: false, allow: expect.stringContaining("tools.allow") });
  });

  test("what is in ask needs the user's word, unless it is approved; deny and not being allowed go before it", () => {
    const ask = (tools: Partial<PolicyRules["tools"]>) =>
      policyWith({ tools: { allow: ["*"], ask: ["exec_*"], ...tools } }).decide(ann, {
        kind: "tool",
        tool: "exec_shell",
        input: {},
      });
    expect(ask({})).toEqual({
      allowed: false,
      ask: true,
      reason: 'tools.ask has "exec_*"',
      rule: { setting: "tools.ask" },
      allow: 'To allow it without asking, add "exec_shell" to tools.approved.',
    });
    expect(ask({ approved: ["exec_shell"] })).toMatchObject({ allowed: true });
    expect(ask({ approved: ["exec_shell"], deny: ["*"] })).not.toHaveProperty("ask");
    expect(ask({ approved: ["exec_shell"], allow: ["read_*"] })).not.toHaveProperty("ask");
  });

  test("a further deny never allows more", () =>
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.string()), fc.string(), fc.string(), (allow, deny, more, tool) => {
        const before = policyWith({ tools: { allow, deny } });
        const after = policyWith({ tools: { allow, deny: [...deny, more] } });
        const action = { kind: "tool" as const, tool, input: {} };
        if (after.decide(ann, action).allowed) expect(before.decide(ann, action).allowed).toBe(true);
      }),
    ));
});

describe("connections", () => {
  const ask = (urls: Partial<PolicyRules["urls"]>, host: string, address?: string) =>
    policyWith({ urls }).decide(ann, {
      kind: "connect",
      purpose: "tool",
      host,
      port: 443,
      target: targetOf(host, address),
    });

  test("public ones are fine, others are refused with the setting that would allow them", () => {
    expect(ask({}, "example.com", "93.184.215.14")).toMatchObject({ allowed: true });
    expect(ask({}, "router.lan", "192.168.1.1")).toMatchObject({
      reason: expect.stringContaining("blocked private IP 192.168.1.1 for host router.lan"),
      allow: expect.stringContaining("tools.url_policy.allowed_domains"),
    });
  });

  test("a name that the owner blocked stays blocked, one he allowed may be private", () => {
    expect(ask({ blockedDomains: ["*.evil.com"], allowedDomains: ["*"] }, "a.evil.com")).toMatchObject({
      allowed: false,
    });
    expect(ask({ allowedDomains: ["router.lan"] }, "router.lan", "192.168.1.1")).toMatchObject({ allowed: true });
  });

  test("metadata services are refused even where private addresses are allowed", () => {
    expect(ask({ allowPrivate: true }, "169.254.169.254", "169.254.169.254")).toMatchObject({
      reason: "blocked cloud metadata endpoint: 169.254.169.254",
    });
  });
});

test("known secrets and everything that looks like a key are taken out of texts", () => {
  const redact = redactor(["s3cret-value", "a.b*c(d)"]);
  const text = `s3cret-value a.b*c(d) sk-ant-${"0a".repeat(12)} Bearer abcdefghijklmnop1234 short`;
  expect(redact(text)).toBe("[secret] [secret] [secret] Bearer [secret] short");
});
