import { describe, expect, test } from "vitest";
import { answerIn } from "../../src/agent/approvals.ts";
import type { Platform } from "../../src/core/platform.ts";
import type { Action, Decision } from "../../src/core/policy.ts";
import { memoryPlatform } from "../../src/platform/memory.ts";
import { no, yes } from "../security/rules.ts";
import { type Rig, type RigOptions, rig, transcript } from "./rig.ts";
import { all, calls, inbound, replyOf, says, scriptedModel, tool } from "./scripted.ts";

const policy = {
  decide: (_: unknown, action: Action): Decision => {
    if (action.kind !== "tool" || action.tool !== "delete") return yes;
    return no('tools.ask has "delete"', "Add it to tools.approved.", { ask: true });
  },
};

/** Calls what the user names, and then repeats the newest results. */
const model = () =>
  scriptedModel((prompt) => {
    const last = prompt.messages.at(-1);
    if (last?.role === "user") {
      const text = last.parts.map((part) => (part.type === "text" ? part.text : "")).join("");
      return text.startsWith("do ")
        ? calls(
            ...text
              .slice(3)
              .split(" ")
              .map((name): [string] => [name]),
          )
        : says(`heard ${text}`);
    }
    const newest = prompt.messages.slice(prompt.messages.findLastIndex(({ role }) => role === "assistant") + 1);
    return says(
      newest.flatMap(({ parts }) => parts.map((part) => (part.type === "result" ? part.text : ""))).join(" | "),
    );
  });

interface World {
  readonly ran: string[];
  readonly files: Platform["files"];
  clock: number;
  /** The next process over the same files. */
  open(options?: Partial<RigOptions>): Promise<Rig>;
}

function world(): World {
  const ran: string[] = [];
  const { files } = memoryPlatform();
  const does = (name: string, effect: "read" | "write") =>
    tool(
      name,
      () => {
        ran.push(name);
        return `${name} done`;
      },
      effect,
    );
  const w: World = {
    ran,
    files,
    clock: 1_000_000,
    open: (options = {}) =>
      rig({
        files,
        policy,
        model: model(),
        now: () => w.clock,
        tools: [does("delete", "write"), does("look", "read")],
        ...options,
      }),
  };
  return w;
}

async function say(r: Rig, text: string, more: object = {}) {
  return (await replyOf((await r.line.receive(inbound(text, more))).events)).text;
}

describe("a call that needs the user's word", () => {
  test("waits with all others of its message; what will happen, why, and until when is said", async () => {
    const w = world();
    const r = await w.open();
    const text = await say(r, "do look delete");
    expect(text).toContain('1. delete {}\n   (tools.ask has "delete")');
    expect(text).toContain("Without an answer by 00:17 UTC it is not done.");
    expect(w.ran).toEqual([]);
    expect(await transcript(r)).toEqual(["user: do look delete", "assistant: call look + call delete", "ask: delete"]);
  });

  test.each(["yes", "/approve", "OK", "ja!"])("%s runs it, once", async (answer) => {
    const w = world();
    const r = await w.open();
    await say(r, "do look delete");
    expect(await say(r, answer)).toBe("look done | delete done");
    expect(w.ran).toEqual(["look", "delete"]);
    expect(await transcript(r)).toEqual([
      "user: do look delete",
      "assistant: call look + call delete",
      "ask: delete",
      "answer: once",
      "tool: look done",
      "tool: delete done",
      "assistant: look done | delete done",
    ]);
    expect(await say(r, "do delete")).toContain("May I do this?");
  });

  test.each(["no", "/deny", "Nein."])("%s does not, and the model is told", async (answer) => {
    const w = world();
    const r = await w.open();
    await say(r, "do delete");
    expect(await say(r, answer)).toBe("not run: the user said no");
    expect(w.ran).toEqual([]);
  });

  test("any other message is a no, and is heard", async () => {
    const w = world();
    const r = await w.open();
    await say(r, "do delete");
    expect(await say(r, "wait, yes but first tell me more")).toBe("heard wait, yes but first tell me more");
    expect((await transcript(r)).slice(2)).toEqual([
      "ask: delete",
      "answer: else",
      "tool: not run: the user did not approve it and wrote something else",
      "user: wait, yes but first tell me more",
      "assistant: heard wait, yes but first tell me more",
    ]);
    expect(await say(r, "/approve")).toBe("Nothing waits for your word.");
    expect(w.ran).toEqual([]);
  });

  test("no answer in time is a no", async () => {
    const w = world();
    const r = await w.open();
    await say(r, "do delete");
    w.clock += 60_001;
    expect(await say(r, "yes")).toBe("heard yes");
    expect((await transcript(r)).slice(3, 5)).toEqual([
      "answer: late",
      "tool: not run: the user's approval came too late: ask again if it is still wanted",
    ]);
    expect(w.ran).toEqual([]);
  });

  test("nobody else can say yes", async () => {
    const w = world();
    const r = await w.open();
    await say(r, "do delete");
    expect(await say(r, "yes", { sender: "mallory" })).toBe("heard yes");
    expect(w.ran).toEqual([]);
  });

  test("for the session: no more questions there, but in others", async () => {
    const w = world();
    const r = await w.open();
    await say(r, "do delete");
    await say(r, "yes session");
    expect(await say(r, "do delete")).toBe("delete done");
    expect(await say(r, "do delete", { session: "http:other" })).toContain("May I do this?");
    expect(r.always).toEqual([]);
  });

  test("for ever: it is written down", async () => {
    const w = world();
    const r = await w.open();
    await say(r, "do delete");
    expect(await say(r, "/approve always")).toBe("delete done");
    expect(r.always).toEqual(["delete"]);
  });

  test("where it cannot be written down it holds for the conversation, and that is said", async () => {
    const w = world();
    const r = await w.open({ approveAlways: () => Promise.reject(new Error("disk is read-only")) });
    await say(r, "do delete");
    const events = await all((await r.line.receive(inbound("yes always"))).events);
    expect(events).toContainEqual({ type: "notice", text: expect.stringContaining("disk is read-only") });
    expect((await transcript(r))[3]).toBe("answer: session");
    expect(await say(r, "do delete")).toBe("delete done");
  });
});

describe("restarts", () => {
  test("the question survives", async () => {
    const w = world();
    await say(await w.open(), "do delete");
    expect(await say(await w.open(), "yes")).toBe("delete done");
  });

  test("a write that had begun when the process died is not repeated, though it was approved", async () => {
    const w = world();
    const hangs = tool("delete", () => new Promise<string>(() => {}), "write");
    const first = await w.open({ tools: [hangs] });
    await say(first, "do delete");
    await first.line.receive(inbound("yes", { id: "answer" }));
    await expect.poll(() => first.journal.open().at(-1)?.entries.length).toBe(1);
    const second = await w.open();
    await second.line.resume();
    await expect
      .poll(async () => (await transcript(second)).slice(-2))
      .toEqual([
        "tool: interrupted, outcome unknown: weft was restarted",
        "assistant: interrupted, outcome unknown: weft was restarted",
      ]);
    expect(w.ran).toEqual([]);
  });
});

describe("nobody to ask", () => {
  test("who keeps the conversation himself gets a refusal that says what to set", async () => {
    const w = world();
    const r = await w.open();
    expect(await say(r, "do delete", { history: [] })).toBe(
      "permission denied for tool 'delete': tools.ask has \"delete\". Add it to tools.approved.",
    );
    expect(w.ran).toEqual([]);
  });

  test("so does a sub-agent, which tells its caller", async () => {
    const w = world();
    const sub = scriptedModel((prompt) => {
      const last = prompt.messages.at(-1);
      if (last?.role === "tool")
        return says(last.parts.map((part) => (part.type === "result" ? part.text : "")).join());
      const isSub = prompt.tools.every(({ name }) => name !== "delegate_task") || prompt.system.includes("Your task");
      return isSub ? calls(["delete"]) : calls(["delegate_task", { task: "delete it" }]);
    });
    const r = await w.open({ model: sub, delegation: {} });
    expect(await say(r, "go")).toContain("permission denied for tool 'delete': tools.ask has");
    expect(w.ran).toEqual([]);
  });
});

test.each([
  ["yes", "once"],
  [" YES session ", "session"],
  ["/approve once", "once"],
  ["ok always.", "always"],
  ["sí", "once"],
  ["n", "no"],
  ["/deny", "no"],
  ["yes please delete everything", undefined],
  ["no way", undefined],
  ["approve the plan", undefined],
  ["", undefined],
])("%j answers %s", (text, answer) => expect(answerIn(text)).toBe(answer));
