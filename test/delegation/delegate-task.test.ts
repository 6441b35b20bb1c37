import { expect, test } from "vitest";
import { textOf } from "../../src/core/message.ts";
import type { Prompt } from "../../src/core/model.ts";
import type { Policy } from "../../src/core/policy.ts";
import { memoryPlatform } from "../../src/platform/memory.ts";
import { rig, transcript } from "../agent/rig.ts";
import { calls, done, inbound, replyOf, type Script, says, scriptedModel, tool } from "../agent/scripted.ts";
import { no, yes } from "../security/rules.ts";

const last = ({ messages }: Prompt) => messages.at(-1);
const isSub = ({ system }: Prompt) => system.includes("You are a sub-agent");
const wait = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

/** A caller that delegates once with these arguments and repeats what came back; sub-agents do as `sub` says. */
function delegating(sub: Script, task: object = { task: "count the files" }): Script {
  return (prompt, signal) => {
    if (isSub(prompt)) return sub(prompt, signal);
    const message = last(prompt);
    const result = message?.parts.find((part) => part.type === "result");
    return result ? says(`got: ${result.text}`) : calls(["delegate_task", task as never]);
  };
}

async function ask(options: Parameters<typeof rig>[0], more: Parameters<typeof inbound>[1] = {}) {
  const r = await rig({ delegation: {}, ...options });
  const reply = await replyOf((await r.line.receive(inbound("please delegate", more))).events);
  return { r, reply, sessions: (await r.store.list()).map(({ session }) => session).sort() };
}

test("a sub-agent's answer goes back to its caller, with who gave it", async () => {
  const { reply } = await ask({ model: scriptedModel(delegating(() => says("there are 42"))) });
  expect(reply.text).toMatch(/^got: \[sub-agent t\d+, test\/scripted \(score 0.01: local\)\]\n\nthere are 42$/);
});

test("a sub-agent knows its task only, and leaves its own session beside its caller's", async () => {
  const model = scriptedModel(delegating(() => says("42")));
  const { r, sessions } = await ask({ model });
  const [asked] = model.prompts.filter(isSub);
  expect(asked?.messages.map(textOf)).toEqual(["count the files"]);
  const [, own = ""] = sessions;
  expect(sessions).toEqual(["http:s", expect.stringMatching(/^http:s:sub-t\d+$/)]);
  expect(await transcript(r, own)).toEqual(["user: count the files", "assistant: 42"]);
  expect((await transcript(r)).filter((line) => line.includes("count"))).toEqual([]);
});

test("a conversation that its sender keeps leaves no file of a sub-agent either", async () => {
  const model = scriptedModel(delegating(() => says("42")));
  const { reply, sessions } = await ask({ model }, { history: [] });
  expect(reply.text).toContain("42");
  expect(sessions).toEqual([]);
});

test("policy decides for a sub-agent as for the person it works for", async () => {
  const asked: string[] = [];
  const policy: Pick<Policy, "decide"> = {
    decide: (actor, action) => {
      if (action.kind !== "tool") return yes;
      asked.push(`${actor.channel} ${actor.sender} ${action.tool}`);
      return action.tool === "look" ? no("no", "ask") : yes;
    },
  };
  const sub: Script = (prompt) => (prompt.messages.length === 1 ? calls(["look"]) : says(textOfResult(prompt)));
  const model = scriptedModel(delegating(sub));
  const { r, reply } = await ask({ model, policy, tools: [tool("look", () => "seen")] }, { sender: "bob" });
  expect([...new Set(asked)]).toEqual(["http bob delegate_task", "http bob look"]);
  expect(reply.text).toContain("permission denied for tool 'look'");
  const measured = r.events.filter((event) => event.type === "tool").map((event) => event.tool);
  expect(measured).toEqual(["look", "delegate_task"]);
});

test("a sub-agent has its caller's tools at most, and nobody hands on below the depth limit", async () => {
  const sub: Script = (prompt) => {
    const task = textOf(prompt.messages[0] ?? says(""));
    if (task === "deeper" || prompt.messages.length > 1) return says(`done ${task}`);
    return calls(["delegate_task", { task: "deeper" }]);
  };
  const model = scriptedModel(delegating(sub));
  const tools = [tool("look", () => "seen"), tool("secret_read", () => "seen")];
  const { reply } = await ask({ model, tools, delegation: { excludedTools: ["secret_*"] } });
  expect(reply.text).toContain("done count the files");
  const given = model.prompts.map((prompt) => prompt.tools.map(({ name }) => name).join(" "));
  expect(given[0]).toBe("look secret_read delegate_task spawn spawned");
  expect(given[1]).toBe("look delegate_task");
  expect(given[2]).toBe("look");
});

test("a tool that a sub-agent does not have cannot be called by its name either", async () => {
  let ran = false;
  const secret = tool("secret", () => {
    ran = true;
    return "x";
  });
  const sub: Script = (prompt) => (prompt.messages.length === 1 ? calls(["secret"]) : says(textOfResult(prompt)));
  const model = scriptedModel(delegating(sub));
  const { reply } = await ask({ model, tools: [secret], delegation: { excludedTools: ["secret"] } });
  expect(reply.text).toContain("tool not found: secret");
  expect(ran).toBe(false);
});

for (const how of ["stopped by the user", "left by its sender"] as const) {
  test(`a caller that is ${how} takes its sub-agent with it`, async () => {
    let cancelled = false;
    const model = scriptedModel(
      delegating(async function* (_, signal) {
        await wait(signal).finally(() => {
          cancelled = true;
        });
        yield* done(says("never"));
      }),
    );
    const r = await rig({ model, delegation: {} });
    const receipt = await r.line.receive(inbound("go", { durable: false }));
    await expect.poll(() => model.prompts.filter(isSub).length).toBe(1);
    if (how === "left by its sender") receipt.abandon();
    else expect(r.line.stop("http:s")).toBe(true);
    expect((await replyOf(receipt.events)).error?.code).toBe("aborted");
    await expect.poll(() => cancelled).toBe(true);
    await expect.poll(() => r.journal.open()).toEqual([]);
  });
}

test("a sub-agent runs in its caller's place, so that one place is enough", async () => {
  const model = scriptedModel(delegating(() => says("42")));
  const { r, reply } = await ask({ model, concurrent: 1 });
  expect(reply.text).toContain("42");
  expect(r.line.busy()).toEqual({ running: 0, waiting: 0 });
});

test("rounds are limited by the configuration, and by what the caller has left", async () => {
  const sub: Script = (prompt) => (prompt.tools.length === 0 ? says("so far") : calls(["look", { at: Math.random() }]));
  const look = tool("look", () => `${Math.random()}`);
  for (const [maxIterations, maxTurns, expected] of [
    [20, 3, 3],
    [3, 10, 2],
  ] as const) {
    const model = scriptedModel(delegating(sub));
    const { reply } = await ask({ model, maxIterations, tools: [look], delegation: { maxTurns } });
    const rounds = model.prompts.filter((prompt) => isSub(prompt) && prompt.tools.length > 0);
    expect(rounds).toHaveLength(expected);
    expect(reply.text).toContain("it used up its limits and is not done");
    expect(reply.text).toContain("so far");
  }
});

test("a sub-agent writes no more than its tokens, and they count as its caller's", async () => {
  // Each scripted answer is 5 tokens; 3 rounds of 6 are 18.
  const sub: Script = (prompt) => (prompt.tools.length === 0 ? says("so far") : calls(["look", { at: Math.random() }]));
  const model = scriptedModel(delegating(sub));
  const look = tool("look", () => `${Math.random()}`);
  const { reply } = await ask({ model, tools: [look], delegation: { maxTurns: 3, maxTokens: 6 } });
  const asked = model.prompts.filter(isSub);
  expect(asked.map(({ maxOutputTokens }) => maxOutputTokens)).toEqual([6, 6, 6, 3]);
  expect(reply.usage.outputTokens).toBe(5 * (asked.length + 2));
});

test("a sub-agent that takes too long is stopped while its caller can still say so", async () => {
  const model = scriptedModel(
    delegating(async function* (_, signal) {
      await wait(signal);
      yield* done(says("never"));
    }),
  );
  const { reply } = await ask({ model, turnTimeoutMs: 1000 });
  expect(reply.text).toMatch(/^got: sub-agent .* ended early: the turn was stopped after 1 s/);
});

test("a task runs with the model that a rule names", async () => {
  const claude = scriptedModel(() => says("by claude"));
  const model = scriptedModel(delegating(() => says("by the caller")));
  const rules = [{ pattern: "count", target: "claude" as const }];
  const models = { "anthropic/claude": claude };
  const { reply } = await ask({ model, models, delegation: { rules } });
  expect(reply.text).toContain("delegation.rules.0: claude");
  expect(reply.text).toContain("by claude");
});

test("after a crash the caller hears that the outcome is unknown, and the sub-agent is closed", async () => {
  const { files } = memoryPlatform();
  const never: Script = () => new Promise<never>(() => {});
  const first = scriptedModel(delegating(never));
  const before = await rig({ files, model: first, delegation: {} });
  await before.line.receive(inbound("go"));
  await expect.poll(() => first.prompts.length).toBe(2);
  const next = scriptedModel(delegating(never));
  const after = await rig({ files, model: next, delegation: {} });
  after.line.resume();
  await expect.poll(() => after.journal.open()).toEqual([]);
  expect(next.prompts.filter(isSub)).toEqual([]);
  expect((await transcript(after)).at(-1)).toBe("assistant: got: interrupted, outcome unknown: weft was restarted");
});

test("a task that looks like a slash command is a task", async () => {
  const model = scriptedModel(delegating(() => says("did it"), { task: "/clear" }));
  expect((await ask({ model })).reply.text).toContain("did it");
});

function textOfResult({ messages }: Prompt): string {
  return messages.flatMap(({ parts }) => parts.flatMap((part) => (part.type === "result" ? part.text : []))).join("\n");
}
