import * as fc from "fast-check";
import { expect, test } from "vitest";
import { fitInto } from "../../src/agent/compaction.ts";
import { blocksOf, historyOf } from "../../src/agent/history.ts";
import { callsOf, type Message } from "../../src/core/message.ts";
import type { Entry } from "../../src/core/session.ts";
import { tokensOfMessages } from "../../src/lib/tokens.ts";

const words = fc.string({ maxLength: 400 });
/** Conversations as they may lie in a file: calls without results, results without calls, any order of results. */
const conversation: fc.Arbitrary<Message[]> = fc
  .array(
    fc.oneof(
      words.map((text): Message[] => [{ role: "user", parts: [{ type: "text", text }], at: 1 }]),
      words.map((text): Message[] => [{ role: "assistant", parts: [{ type: "text", text }], at: 1 }]),
      fc.tuple(fc.integer({ min: 1, max: 4 }), fc.nat(15), words).map(([count, answered, text]): Message[] => {
        const ids = Array.from({ length: count }, (_, i) => `c${i}`);
        const parts = ids.map((id) => ({ type: "call" as const, id, tool: "t", input: {} }));
        const results = ids.filter((_, i) => answered & (1 << i)).reverse();
        return [
          { role: "assistant", parts, at: 1 },
          ...results.map((id): Message => ({ role: "tool", parts: [{ type: "result", id, text }], at: 1 })),
        ];
      }),
      fc.constant<Message[]>([{ role: "tool", parts: [{ type: "result", id: "lost", text: "orphan" }], at: 1 }]),
    ),
    { maxLength: 12 },
  )
  .map((groups) => groups.flat());

function expectPairs(messages: readonly Message[]): void {
  for (let i = 0; i < messages.length; i++) {
    const ids = callsOf(messages[i] as Message).map(({ id }) => id);
    const results = messages.slice(i + 1, i + 1 + ids.length).flatMap(({ parts }) => parts);
    expect(results.map((part) => (part.type === "result" ? part.id : "no"))).toEqual(ids);
    i += ids.length;
    expect(messages[i + 1]?.role).not.toBe("tool");
  }
}

test("however a conversation was cut, each call has its result right behind it and no result is alone", () => {
  return fc.assert(fc.property(conversation, (messages) => expectPairs(blocksOf(messages).flat())));
});

test("what fits is the newest, in pairs and within the limit", () => {
  return fc.assert(
    fc.property(conversation, fc.integer({ min: 0, max: 600 }), (messages, limit) => {
      const fitting = fitInto(messages, limit);
      expectPairs(fitting);
      const all = blocksOf(messages).flat();
      expect(fitting.length > 0).toBe(all.length > 0);
      const uncut = fitting.length > 1 ? all.slice(-fitting.length) : fitting;
      if (tokensOfMessages(all) <= limit) expect(fitting).toEqual(all);
      else if (blocksOf(fitting).length > 1) {
        expect(fitting).toEqual(uncut);
        expect(tokensOfMessages(fitting)).toBeLessThanOrEqual(limit);
      }
    }),
  );
});

test("a summary stands for what is before it, but for the messages it keeps", () => {
  const said = (text: string): Entry => ({
    type: "message",
    id: text,
    turn: "t",
    message: { role: "user", parts: [{ type: "text", text }], at: 1 },
  });
  const summary = (keep: number): Entry => ({ type: "summary", id: "s", text: "short", keep, at: 1 });
  const texts = (entries: Entry[]) =>
    historyOf(entries).messages.map(({ parts: [part] }) => (part?.type === "text" ? part.text : ""));
  expect(texts([said("a"), said("b"), summary(1), said("c")])).toEqual(["b", "c"]);
  expect(texts([said("a"), summary(0), said("b"), summary(1)])).toEqual(["b"]);
  expect(historyOf([said("a"), summary(0)]).summary).toBe("short");
});
