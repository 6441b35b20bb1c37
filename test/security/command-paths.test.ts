import { expect, test } from "vitest";
import type { Policy } from "../../src/core/policy.ts";
import { commandFacts } from "../../src/security/shell/facts.ts";
import { policyWith } from "./rules.ts";

const asking = (policy: Policy) => (command: string) =>
  policy.decide({ channel: "cli", sender: "x" }, { kind: "command", command, facts: commandFacts(command) });

test("a command that names a denied path, or may name it, is refused with the rule", () => {
  const policy = policyWith({ paths: { deny: ["secrets", "notes/private"] }, commands: { mode: "denylist" } });
  const ask = asking(policy);
  for (const line of [
    "cat secrets/key",
    "cat ./secrets//key",
    "cat sec*/key",
    "cat $X/key",
    "cp a notes/private/b",
    "cat no*/pri?ate/x",
    "tar --file=secrets/x",
    "echo x > secrets/key",
    "sh -c 'cat secrets/key'",
    "cat SECRETS/key",
  ]) {
    expect({ line, ...ask(line) }).toMatchObject({ line, allowed: false, rule: { setting: "tools.paths.deny" } });
  }
  for (const line of ["cat notes/open", "cat secret", "ls notes", "cat a/secrets"]) {
    expect({ line, ...ask(line) }).toMatchObject({ line, allowed: true });
  }
});

test("a command that plainly changes what is only read is refused with the rule, and one that reads it is not", () => {
  const own = { pathReadOnly: ["mine"] };
  const policy = policyWith({
    paths: { readOnly: ["rules.md", "./docs//"] },
    commands: { mode: "denylist" },
    permissions: { user: { users: { x: own } }, workspace: {}, isListed: () => false, paired: () => undefined },
  });
  const ask = asking(policy);
  for (const line of [
    "echo x > rules.md",
    "echo x >> ./rules.md",
    "echo x >| docs/a.md",
    "cat <> RULES.md",
    "> docs/new",
    "{ echo a; echo b; } > docs/a",
    "for i in 1 2; do echo $i; done > rules.md",
    "f=rules.md; echo x > $f",
    "sh -c 'echo x > rules.md'",
    "echo x 2> rules.md",
    "ls | tee -a rules.md",
    "rm -rf docs",
    "/bin/rm docs/a",
    "mv docs/a b",
    "mv b rules.md",
    "env touch docs/a",
    "find . -name a -exec chmod 600 docs/b +",
    "cp a rules.md",
    "ln -sf a docs/b",
  ]) {
    expect({ line, ...ask(line) }).toMatchObject({
      line,
      allowed: false,
      rule: { setting: "tools.paths.read_only" },
      reason: expect.stringContaining("path may only be read (tools.paths.read_only has "),
    });
  }
  expect(ask("echo x > mine/a")).toMatchObject({ rule: { setting: "routing.permissions.users.x.path_read_only" } });
  for (const line of [
    "cat rules.md docs/a",
    "cat < rules.md > copy",
    "cp docs/a copy",
    "grep -r x docs | tee found",
    "echo '> rules.md'",
    "echo x > rules.md.new",
    "rm other/docs",
    "echo tee rules.md",
  ]) {
    expect({ line, ...ask(line) }).toMatchObject({ line, allowed: true });
  }
});
