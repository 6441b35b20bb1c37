import { expect, test } from "vitest";
import type { Audit, AuditEntry } from "../../src/core/audit.ts";
import { WeftError } from "../../src/core/error.ts";
import type { Json } from "../../src/core/json.ts";
import type { Line } from "../../src/core/line.ts";
import { no, yes } from "../security/rules.ts";
import { rig } from "./rig.ts";
import { all, calls, inbound, replyOf, says, scriptedModel, tool } from "./scripted.ts";

/** An audit that remembers what it was told, and with `log` when. */
function listening(log: string[] = [], more: Partial<Audit> = {}): Audit & { readonly entries: AuditEntry[] } {
  const entries: AuditEntry[] = [];
  const keep = async (entry: AuditEntry) => {
    entries.push(entry);
    log.push(`${entry.kind} ${entry.subject} ${entry.outcome}`);
  };
  return { entries, record: keep, note: keep, ...more };
}

const answerTo = async (line: Line, text = "hi") => await replyOf((await line.receive(inbound(text))).events);

const thenSays = (...wanted: (readonly [tool: string, input?: Json])[]) =>
  scriptedModel((prompt) => (prompt.messages.at(-1)?.role === "user" ? calls(...wanted) : says("done")));

test("each call of the model and of a tool is in the audit, for whom and at what cost", async () => {
  const audit = listening();
  const tools = [tool("clock", () => "12:00"), tool("save", () => "saved", "write")];
  const { line } = await rig({ audit, tools, model: thenSays(["clock", { zone: "UTC" }], ["save", { text: "x" }]) });
  const receipt = await line.receive(inbound("hi"));
  await all(receipt.events);
  const about = { turn: receipt.turn, session: "http:s", actor: { channel: "http", sender: "ann" } };
  const figures = { inputTokens: 10, outputTokens: 5, ms: expect.any(Number) };
  expect(audit.entries).toEqual([
    { kind: "model", subject: "test/scripted", outcome: "ok", ...about, figures },
    {
      kind: "tool",
      subject: "clock",
      outcome: "ok",
      call: "c0",
      ...about,
      detail: { zone: "UTC" },
      figures: { ms: expect.any(Number) },
    },
    { kind: "tool", subject: "save", outcome: "begun", call: "c1", ...about, detail: { text: "x" } },
    { kind: "tool", subject: "save", outcome: "ok", call: "c1", ...about, figures: { ms: expect.any(Number) } },
    { kind: "model", subject: "test/scripted", outcome: "ok", ...about, figures },
  ]);
});

test("a tool that changes something runs when the disk knows of it, and not at all when it cannot know", async () => {
  const log: string[] = [];
  let knows = () => {};
  const written = new Promise<void>((resolve) => {
    knows = resolve;
  });
  const ran = tool(
    "save",
    () => {
      log.push("ran");
      return "saved";
    },
    "write",
  );
  const slow = listening(log, {
    record: async () => {
      log.push("asked");
      await written;
    },
  });
  const { line } = await rig({ audit: slow, tools: [ran], model: thenSays(["save"]) });
  const answer = answerTo(line);
  await expect.poll(() => log).toContain("asked");
  await new Promise((resolve) => setImmediate(resolve));
  expect(log).not.toContain("ran");
  knows();
  await answer;
  expect(log).toContain("ran");

  log.length = 0;
  const full = listening(log, { record: () => Promise.reject(new WeftError("full", "no space on the disk")) });
  const other = await rig({ audit: full, tools: [ran], model: thenSays(["save"]) });
  expect(await answerTo(other.line)).toMatchObject({ text: "done" });
  expect(log).not.toContain("ran");
  expect(full.entries).toContainEqual(
    expect.objectContaining({ subject: "save", outcome: "failed", reason: "no space on the disk" }),
  );
});

test("no step and no reply is durable before the model's call is in the audit", async () => {
  const log: string[] = [];
  const audit = listening(log, {
    note: async ({ kind, subject }) => {
      await new Promise((resolve) => setImmediate(resolve));
      log.push(`${kind} ${subject}`);
    },
  });
  const made = await rig({ audit, tools: [tool("clock", () => "12:00")], model: thenSays(["clock"]) });
  const watched = (name: "step" | "reply") => {
    const real = made.journal[name].bind(made.journal) as (...args: unknown[]) => Promise<void>;
    Object.assign(made.journal, {
      [name]: (...args: unknown[]) => {
        log.push(name);
        return real(...args);
      },
    });
  };
  watched("step");
  watched("reply");
  await answerTo(made.line);
  expect(log).toEqual(["model test/scripted", "step", "tool clock", "step", "model test/scripted", "reply"]);
});

test("what was refused, failed, unknown or stopped has its reason", async () => {
  const audit = listening();
  const tools = [
    tool("forbidden", () => "x"),
    tool("outside", () => {
      throw new WeftError("refused", "path escapes workspace: /etc");
    }),
    tool("broken", () => {
      throw new Error("it broke");
    }),
  ];
  const policy = {
    decide: (_: unknown, action: { kind: string; tool?: string }) =>
      action.tool === "forbidden" ? no("tools.deny has it", "Take it out.") : yes,
  };
  const model = thenSays(["forbidden"], ["outside"], ["broken"], ["nothing"]);
  const { line } = await rig({ audit, tools, model, policy });
  await answerTo(line);
  // They only read, so they ran side by side.
  const byName = new Map(audit.entries.map((entry) => [entry.subject, entry]));
  expect(byName.get("forbidden")).toMatchObject({ outcome: "refused", reason: expect.stringContaining("tools.deny") });
  expect(byName.get("outside")).toMatchObject({ outcome: "refused", reason: "path escapes workspace: /etc" });
  expect(byName.get("broken")).toMatchObject({ outcome: "failed", reason: "it broke" });
  expect(byName.get("nothing")).toMatchObject({ outcome: "failed", reason: expect.stringContaining("not found") });
});

test("a model that fails, and one that is stopped in the middle, are in the audit", async () => {
  const audit = listening();
  const failing = scriptedModel(() => {
    throw new WeftError("unavailable", "the provider is down");
  });
  const first = await rig({ audit, model: failing });
  await answerTo(first.line);
  expect(audit.entries).toMatchObject([{ kind: "model", outcome: "failed", reason: "the provider is down" }]);
  const endless = scriptedModel(async function* (_, signal) {
    yield { type: "text", delta: "and" } as const;
    await new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  });
  const second = await rig({ audit, model: endless });
  const receipt = await second.line.receive(inbound("hi"));
  for await (const event of receipt.events) if (event.type === "text") second.line.stop("http:s");
  expect(audit.entries.at(-1)).toMatchObject({ kind: "model", outcome: "interrupted", reason: "stopped by the user" });
});

test("the calls that sum up a long conversation are in the audit, too", async () => {
  const audit = listening();
  const model = scriptedModel(() => says("word ".repeat(400)), 4000);
  const { line } = await rig({ audit, model, memoryWindow: 4 });
  for (let i = 0; i < 6; i++) await answerTo(line, `question ${i} ${"and ".repeat(300)}`);
  expect(audit.entries.filter(({ kind }) => kind === "model")).toHaveLength(model.prompts.length);
  expect(model.prompts.length).toBeGreaterThan(6);
});
