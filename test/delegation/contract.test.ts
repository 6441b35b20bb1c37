import { expect, test } from "vitest";
import { WeftError } from "../../src/core/error.ts";
import { createDelegation, type DelegationOptions } from "../../src/delegation/delegation.ts";
import { toolContract } from "../contracts/tool.ts";
import { contextOf } from "../tools/workspace.ts";

const options: DelegationOptions = {
  line: () => {
    throw new Error("no line here");
  },
  open: () => [],
  stays: true,
  claudeEnabled: true,
  claudeModel: "claude",
  flowEnabled: false,
  maxTurns: 10,
  maxTokens: 4096,
  rules: [],
  excludedTools: [],
  checkModel: () => {},
  newId: () => "id",
  now: () => 0,
};

for (const tool of createDelegation(options).tools) toolContract(tool, contextOf());

test("a claude_model that no key could make work is told at the start, a missing key is not", () => {
  const failing = (code: "config" | "auth") => () =>
    createDelegation({
      ...options,
      claudeModel: "clawd/x",
      checkModel: (id) => {
        throw new WeftError(code, `unknown ${id}`);
      },
    });
  expect(failing("config")).toThrow("delegation.claude_model: unknown clawd/x");
  expect(failing("auth")).not.toThrow();
});
