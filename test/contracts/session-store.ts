import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Part } from "../../src/core/message.ts";
import type { Entry, SessionStore } from "../../src/core/session.ts";

/** What every session store must hold. `create` gives an empty one each time. */
export function sessionStoreContract(name: string, create: () => Promise<SessionStore>): void {
  describe(`session store: ${name}`, () => {
    test("an unknown session is empty", async () => {
      expect(await (await create()).read("cli:nobody")).toEqual([]);
    });

    test("what is appended is read back, in order and unchanged", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(entryArbitrary, { maxLength: 4 }), { maxLength: 4 }), async (batches) => {
          const store = await create();
          for (const batch of batches) await store.append("cli:a", batch);
          expect(await store.read("cli:a")).toEqual(batches.flat());
        }),
        { numRuns: 40 },
      );
    });

    test("a limit gives the newest entries", async () => {
      const store = await create();
      const entries = Array.from({ length: 700 }, (_, i) => says(`e${i}`));
      await store.append("cli:a", entries);
      expect(await store.read("cli:a", 3)).toEqual(entries.slice(-3));
      expect(await store.read("cli:a", 600)).toEqual(entries.slice(-600));
      await store.append("cli:a", [says("last")]);
      expect(await store.read("cli:a", 2)).toEqual([says("e699"), says("last")]);
      expect(await store.read("cli:a")).toHaveLength(701);
    });

    test("two writers at once lose nothing and keep entries whole", async () => {
      const store = await create();
      await Promise.all(Array.from({ length: 20 }, (_, i) => store.append("cli:a", [says(`x${i}`), says(`y${i}`)])));
      const ids = (await store.read("cli:a")).map(({ id }) => id);
      expect(ids).toHaveLength(40);
      for (let i = 0; i < 20; i++) expect(ids[ids.indexOf(`x${i}`) + 1]).toBe(`y${i}`);
    });

    test("sessions do not mix, are listed, and can be removed", async () => {
      const store = await create();
      await store.append("cli:a", [says("1")]);
      await store.append("http:ü/".replace("/", "_"), [says("2")]);
      expect((await store.list()).map(({ session }) => session).sort()).toEqual(["cli:a", "http:ü_"]);
      expect(await store.remove("cli:a")).toBe(true);
      expect(await store.remove("cli:a")).toBe(false);
      expect(await store.read("cli:a")).toEqual([]);
      await store.append("cli:a", [says("again")]);
      expect(await store.read("cli:a")).toEqual([says("again")]);
    });

    test.each(["", "a/b", "a\\b", "..", "a\u0000b", "a\nb", "x".repeat(257)])(
      "the session id %j is refused",
      async (id) => {
        const store = await create();
        await expect(store.append(id, [says("1")])).rejects.toMatchObject({ code: "invalid" });
      },
    );
  });
}

export function says(id: string, text = id, role: "user" | "assistant" = "user"): Entry {
  return { type: "message", id, turn: "t", message: { role, parts: [{ type: "text", text }], at: 1000 } };
}

const text = fc.string({ unit: "binary", minLength: 1, maxLength: 30 });
const id = fc.string({ minLength: 1, maxLength: 8 });
const json = fc.dictionary(
  fc.string({ unit: "binary", maxLength: 5 }).filter((key) => key !== "__proto__"),
  fc.jsonValue({ noUnicodeString: false } as object) as fc.Arbitrary<never>,
  { maxKeys: 3, noNullPrototype: true },
);
const partArbitrary: fc.Arbitrary<Part> = fc.oneof(
  fc.record({ type: fc.constant("text" as const), text }),
  fc.record({ type: fc.constant("text" as const), text, untrusted: fc.constant(true as const) }),
  fc.record({ type: fc.constant("thinking" as const), text, signature: text }),
  fc.record({ type: fc.constant("image" as const), mime: fc.constant("image/png"), base64: fc.base64String() }),
  fc.record({ type: fc.constant("call" as const), id, tool: id, input: json }),
);
const resultArbitrary: fc.Arbitrary<Part> = fc.oneof(
  fc.record({ type: fc.constant("result" as const), id, text }),
  fc.record({ type: fc.constant("result" as const), id, text, failed: fc.constant(true as const) }),
  fc.record({ type: fc.constant("result" as const), id, text, untrusted: fc.constant(true as const) }),
);
const at = fc.integer({ min: 0, max: 4_000_000_000_000 });
const entryArbitrary: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({
    type: fc.constant("message" as const),
    id,
    turn: id,
    message: fc.record({
      role: fc.constantFrom("user" as const, "assistant" as const),
      parts: fc.array(partArbitrary, { maxLength: 4 }),
      at,
    }),
  }),
  fc.record({
    type: fc.constant("message" as const),
    id,
    turn: id,
    message: fc.record({ role: fc.constant("tool" as const), parts: fc.tuple(resultArbitrary), at }),
  }),
  fc.record({ type: fc.constant("summary" as const), id, text, keep: fc.nat(9), at }),
  fc.record({
    type: fc.constant("ask" as const),
    id,
    turn: id,
    asked: fc.record({ channel: id, sender: text }),
    tools: fc.array(id, { maxLength: 3 }),
    until: at,
    at,
  }),
  fc.record({
    type: fc.constant("answer" as const),
    id,
    turn: id,
    ask: id,
    verdict: fc.constantFrom("once" as const, "session" as const, "no" as const, "else" as const),
    tools: fc.array(id, { maxLength: 3 }),
    at,
  }),
);
