import { expect, test } from "vitest";
import { dataOf, fails, framesOf, hello, manualTimers, serve, until } from "./harness.ts";

interface Chunk {
  readonly choices: readonly { readonly delta: { readonly content?: string }; readonly finish_reason: string | null }[];
}

async function chunks(response: Response): Promise<Chunk[]> {
  const list: unknown[] = [];
  for await (const frame of framesOf(response)) list.push(dataOf(frame));
  expect(list.at(-1)).toBe("[DONE]");
  return list.slice(0, -1) as Chunk[];
}

function textOf(list: readonly Chunk[]): string {
  return list.map(({ choices }) => choices[0]?.delta.content ?? "").join("");
}

test("each delta is a chunk, before the turn has ended", async () => {
  let finish = () => {};
  const served = await serve((turn) => {
    turn.says("first");
    finish = () => {
      turn.says(" second");
      turn.replies();
    };
  });
  const frames = framesOf(await served.chat({ ...hello, stream: true }));
  const next = async () => dataOf((await frames.next()).value ?? "") as Chunk;
  expect((await next()).choices[0]?.delta).toMatchObject({ role: "assistant" });
  expect((await next()).choices[0]?.delta.content).toBe("first");
  finish();
  expect((await next()).choices[0]?.delta.content).toBe(" second");
});

test("what a tool does is not among OpenAI's chunks, but among weft's own events", async () => {
  const served = await serve((turn) => {
    turn.push({ type: "tool", id: "1", name: "grep", state: "started", summary: "{}" });
    turn.says("found");
    turn.replies();
  });
  const plain = await chunks(await served.chat({ ...hello, stream: true }));
  expect(textOf(plain)).toBe("found");
  expect(JSON.stringify(plain)).not.toContain("grep");
  const events = await chunks(await served.chat({ ...hello, stream: true }, { headers: { "x-weft-events": "1" } }));
  expect(events).toMatchObject([{ type: "tool", name: "grep" }, { type: "text" }, { type: "reply" }]);
});

test("an answer that began again is told, for chunks cannot be taken back", async () => {
  const served = await serve((turn) => {
    turn.push({ type: "text", delta: "half an ans" });
    turn.push({ type: "restart", reason: "lost" });
    turn.push({ type: "text", delta: "the whole answer" });
    turn.replies({ text: "the whole answer" });
  });
  const text = textOf(await chunks(await served.chat({ ...hello, stream: true })));
  expect(text).toMatch(/^half an ans\s+\[the connection to the model was lost; starting again\]\s+the whole answer$/);
});

test("a turn that fails before its first word has an HTTP status, one that fails later an error frame", async () => {
  const early = await serve(fails({ code: "limit", message: "busy", retryAfterMs: 2000 }));
  const refused = await early.chat({ ...hello, stream: true });
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "2"]);
  const late = await serve((turn) => {
    turn.says("so far");
    turn.replies({ stop: "failed", error: { code: "unavailable", message: "gone, sk-secret" } });
  });
  const frames: unknown[] = [];
  for await (const frame of framesOf(await late.chat({ ...hello, stream: true }))) frames.push(dataOf(frame));
  expect(frames.at(-1)).toMatchObject({ error: { code: "unavailable", message: "gone, [redacted]" } });
});

test("a quiet stream is kept alive", async () => {
  const timers = manualTimers();
  let finish = () => {};
  const served = await serve(
    (turn) => {
      turn.says("a");
      finish = () => turn.replies();
    },
    { timer: timers.timer },
  );
  const frames = framesOf(await served.chat({ ...hello, stream: true }));
  await frames.next();
  await frames.next();
  const next = frames.next();
  await until(() => timers.elapse(15_000) > 0);
  expect((await next).value).toBe(": keep-alive");
  finish();
});

test("a reader that leaves ends the turn", async () => {
  const served = await serve((turn) => turn.says("a"));
  const response = await served.chat({ ...hello, stream: true });
  const reader = response.body?.getReader();
  await reader?.read();
  await reader?.cancel();
  await until(() => served.line.abandoned.length > 0);
  expect(served.line.abandoned).toHaveLength(1);
});
