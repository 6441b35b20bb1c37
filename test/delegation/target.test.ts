import { expect, test } from "vitest";
import { WeftError } from "../../src/core/error.ts";
import { type TargetOptions, targetChooser } from "../../src/delegation/target.ts";

const hard = "Analyse, refactor, migrate and document: why? how? when? ".repeat(10);
const middling = "review and compare, plan";

function choose(
  task: string,
  options: Partial<TargetOptions> = {},
  more: { model?: string; mayHandOn?: boolean } = {},
) {
  const chooser = targetChooser({
    claudeEnabled: true,
    claudeModel: "claude-x",
    flowEnabled: false,
    rules: [],
    checkModel: () => {},
    ...options,
  });
  return chooser({ task, model: more.model, callersModel: "test/own", mayHandOn: more.mayHandOn ?? true });
}

function noKey(id: string): void {
  throw new WeftError("auth", `${id} needs a key: set KEY`);
}

test("a model that was asked for comes before rules, and is refused when it cannot be used", async () => {
  const rules = [{ pattern: ".", target: "local" as const }];
  expect(await choose("x", { rules }, { model: "a/b" })).toMatchObject({ model: "a/b", flow: false });
  await expect(choose("x", { checkModel: noKey }, { model: "a/b" })).rejects.toThrow("a/b needs a key");
});

test("the first rule that matches decides, and auto leaves it to the score", async () => {
  const rules = [
    { pattern: "(?i)translate", target: "local" as const },
    { pattern: "lat", target: "claude" as const },
    { pattern: "plan", target: "auto" as const },
    { pattern: ".", target: "local" as const },
  ];
  expect(await choose("Translate this", { rules })).toEqual({
    model: "test/own",
    flow: false,
    why: "delegation.rules.0: local",
  });
  expect(await choose("later", { rules })).toMatchObject({ model: "anthropic/claude-x" });
  expect(await choose(middling, { rules })).toMatchObject({ model: "anthropic/claude-x", why: "score 0.39: claude" });
  expect(await choose("anything", { rules })).toMatchObject({ model: "test/own", why: "delegation.rules.3: local" });
});

test("a pattern that would hang JavaScript's own engine is done at once", async () => {
  const began = performance.now();
  await choose(`${"a".repeat(40)}!`, { rules: [{ pattern: "^(a+)+$", target: "claude" }] });
  expect(performance.now() - began).toBeLessThan(1000);
});

test("without a rule the score decides: small tasks stay, larger ones go to claude, and flow only where it is on", async () => {
  expect(await choose("hi")).toMatchObject({ model: "test/own", why: "score 0.00: local" });
  expect(await choose(hard)).toMatchObject({ model: "anthropic/claude-x", flow: false });
  expect((await choose(hard)).why).toContain("claude_flow_enabled is false");
  expect(await choose(hard, { flowEnabled: true })).toMatchObject({ model: "anthropic/claude-x", flow: true });
  const tooDeep = await choose(hard, { flowEnabled: true }, { mayHandOn: false });
  expect(tooDeep).toMatchObject({ flow: false });
  expect(tooDeep.why).toContain("too deep");
});

test("a claude that is off or has no key leaves the task to the caller's model, and says why", async () => {
  const off = await choose(middling, { claudeEnabled: false });
  expect(off.model).toBe("test/own");
  expect(off.why).toBe("score 0.39: claude; delegation.claude_enabled is false, so the caller's model did it");
  const keyless = await choose(middling, { checkModel: noKey });
  expect(keyless.model).toBe("test/own");
  expect(keyless.why).toContain("anthropic/claude-x needs a key: set KEY, so the caller's model did it");
});

test("a model with a vendor is taken as it is written", async () => {
  expect(await choose(middling, { claudeModel: "openrouter/anthropic/claude-x" })).toMatchObject({
    model: "openrouter/anthropic/claude-x",
  });
});
