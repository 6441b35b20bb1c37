import { describe, expect, test } from "vitest";
import type { WasmEngine, WasmGuest, WasmOptions } from "../../src/core/wasm.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (given: Uint8Array) => new TextDecoder().decode(given);
const limits = { fuel: 1e9, deadlineMs: 5000 };

export interface WasmUnderTest {
  readonly name: string;
  readonly engine: () => Promise<WasmEngine>;
  /** `wasmModules`, compiled. */
  readonly modules: Readonly<Record<string, Uint8Array>>;
  readonly monotonic: () => number;
  readonly skip?: { readonly reason: string; readonly parts: readonly "fuel"[] };
}

/** What an engine of guests promises; see `core/wasm.ts`. */
export function wasmContract({ name, engine, modules, monotonic, skip }: WasmUnderTest): void {
  const moduleOf = (which: string) => modules[which] ?? new Uint8Array();
  const start = async (which: string, more: Partial<WasmOptions> = {}) =>
    (await engine()).start(moduleOf(which), {
      memoryBytes: 1 << 20,
      tableElements: 10_000,
      imports: ["shout"],
      limits,
      host: async (_, request) => bytes(text(request).toUpperCase()),
      ...more,
    });
  const using = async (guest: Promise<WasmGuest>, task: (guest: WasmGuest) => Promise<void>) => {
    const running = await guest;
    try {
      await task(running);
    } finally {
      await running.close();
    }
  };

  describe(`wasm: ${name}`, () => {
    test("bytes go in and come out, call after call", () =>
      using(start("echo"), async (guest) => {
        for (const word of ["hello", "", "grün €", "x".repeat(200_000)]) {
          expect(text(await guest.call("run", bytes(word), limits))).toBe(word);
        }
        expect(await guest.call("nothing", bytes("x"), limits)).toHaveLength(0);
      }));

    test("an export that is not there, or of another shape, is `missing`, and the guest lives", () =>
      using(start("echo"), async (guest) => {
        for (const wrong of ["absent", "other", "memory"]) {
          await expect(guest.call(wrong, bytes("x"), limits)).rejects.toMatchObject({ code: "missing" });
        }
        expect(text(await guest.call("run", bytes("still here"), limits))).toBe("still here");
      }));

    test("the host is asked, and answers in its own time", () =>
      using(
        start("asks", {
          async host(called, request) {
            await new Promise<void>((resolve) => void setTimeout(resolve, 30));
            return bytes(`${called}: ${text(request)}${"!".repeat(100_000)}`);
          },
        }),
        async (guest) => {
          expect(text(await guest.call("run", bytes("hi"), limits))).toBe(`shout: hi${"!".repeat(100_000)}`);
        },
      ));

    test("a host that throws traps the guest with its words", () =>
      using(
        start("asks", {
          async host() {
            throw new Error("not for you");
          },
        }),
        async (guest) => {
          const call = guest.call("run", bytes("x"), limits);
          await expect(call).rejects.toMatchObject({
            code: "invalid",
            message: expect.stringContaining("not for you"),
          });
          await expect(guest.call("run", bytes("x"), limits)).rejects.toMatchObject({ code: "invalid" });
        },
      ));

    test("what it does at the start is done once", () =>
      using(start("begins"), async (guest) => {
        for (let i = 0; i < 2; i++) expect([...(await guest.call("run", bytes("x"), limits))]).toEqual([7]);
      }));

    test("guests do not see each other", () =>
      using(start("echo"), (one) =>
        using(start("asks"), async (two) => {
          const answers = await Promise.all([one.call("run", bytes("a"), limits), two.call("run", bytes("b"), limits)]);
          expect(answers.map(text)).toEqual(["a", "B"]);
        }),
      ));

    describe("contains", () => {
      test("an endless loop, by its deadline; nobody else waits", () =>
        using(start("loops"), async (guest) => {
          const began = monotonic();
          let ticks = 0;
          const ticking = (async () => {
            for (; ticks < 5; ticks++) await new Promise<void>((resolve) => void setTimeout(resolve, 20));
          })();
          const call = guest.call("run", bytes("x"), { fuel: 1e15, deadlineMs: 300 });
          await expect(call).rejects.toMatchObject({ code: "timeout", message: expect.stringContaining("300 ms") });
          expect(monotonic() - began).toBeLessThan(2000);
          await ticking;
          await expect(guest.call("run", bytes("x"), limits)).rejects.toMatchObject({ code: "invalid" });
        }));

      test.runIf(!skip?.parts.includes("fuel"))("an endless loop, by its fuel", () =>
        using(start("loops"), async (guest) => {
          const call = guest.call("run", bytes("x"), { fuel: 1e7, deadlineMs: 10_000 });
          await expect(call).rejects.toMatchObject({ code: "limit", message: expect.stringContaining("10000000") });
        }),
      );

      test("an endless loop, by an abort", () =>
        using(start("loops"), async (guest) => {
          const controller = new AbortController();
          setTimeout(() => controller.abort(), 50);
          const call = guest.call("run", bytes("x"), { fuel: 1e15, deadlineMs: 10_000, signal: controller.signal });
          await expect(call).rejects.toMatchObject({ code: "aborted" });
        }));

      test("an endless start", async () => {
        const began = monotonic();
        const starting = start("loops at the start", { limits: { fuel: 1e9, deadlineMs: 500 } });
        await expect(starting).rejects.toMatchObject({ code: expect.stringMatching(/timeout|limit/) });
        expect(monotonic() - began).toBeLessThan(5000);
      });

      test("a host that does not answer, by the deadline", () =>
        using(start("asks", { host: () => new Promise(() => {}) }), async (guest) => {
          const call = guest.call("run", bytes("x"), { ...limits, deadlineMs: 200 });
          await expect(call).rejects.toMatchObject({ code: "timeout" });
        }));

      test("a hunger for memory and tables, at the cap", async () => {
        const number = (given: Uint8Array) => new DataView(given.slice().buffer).getUint32(0, true);
        await using(start("eats memory"), async (guest) => {
          expect(number(await guest.call("run", bytes("four"), limits))).toBeLessThanOrEqual(16);
        });
        await using(start("eats tables"), async (guest) => {
          expect(number(await guest.call("run", bytes("four"), limits))).toBeLessThanOrEqual(10_000);
        });
        await expect(start("begins with too much memory")).rejects.toMatchObject({ code: "invalid" });
      });

      test.each([
        "recurses",
        "traps",
        "divides by zero",
        "answers from outside",
        "answers too much",
        "asks from outside",
      ])("one that %s", (which) =>
        using(start(which), async (guest) => {
          await expect(guest.call("run", bytes("x"), limits)).rejects.toMatchObject({ code: "invalid" });
          await expect(guest.call("run", bytes("x"), limits)).rejects.toMatchObject({ code: "invalid" });
        }),
      );

      test("one that allocates outside its memory", () =>
        using(start("allocates outside"), async (guest) => {
          await expect(guest.call("run", bytes("xyz"), limits)).rejects.toMatchObject({ code: "invalid" });
        }));

      test("one that gives up, with its words", () =>
        using(start("gives up"), async (guest) => {
          const call = guest.call("run", bytes("x"), limits);
          await expect(call).rejects.toMatchObject({ message: expect.stringContaining("no! (f:3:4)") });
        }));
    });

    test.each([
      ["wants more", "weft.secrets"],
      ["wants WASI", "wasi_snapshot_preview1.fd_write"],
      ["wants another shape", "weft.shout"],
      ["wants memory", "env.memory"],
      ["has no memory", "memory"],
      ["has no alloc", "weft_alloc"],
    ])("a module that %s is refused, naming it", async (which, named) => {
      await expect(start(which)).rejects.toMatchObject({ code: "invalid", message: expect.stringContaining(named) });
    });

    test("what is no module, is cut off or bent is refused or contained, never worse", async () => {
      const started = await engine();
      const whole = moduleOf("asks");
      const options: WasmOptions = {
        memoryBytes: 1 << 20,
        tableElements: 100,
        imports: ["shout"],
        limits: { fuel: 1e7, deadlineMs: 1000 },
        host: async (_, request) => request,
      };
      const tryOut = async (module: Uint8Array) => {
        try {
          const guest = await started.start(module, options);
          await guest.call("run", bytes("x"), options.limits).catch(() => {});
          await guest.close();
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: expect.stringMatching(/invalid|limit|timeout/) });
        }
      };
      for (const module of [new Uint8Array(), bytes("\0asm"), bytes("no wasm at all, but a longer text")]) {
        await expect(started.start(module, options)).rejects.toMatchObject({ code: "invalid" });
      }
      for (let length = 8; length < whole.length; length += 7) await tryOut(whole.slice(0, length));
      for (let at = 8; at < whole.length; at += 5) {
        await tryOut(whole.map((byte, index) => (index === at ? byte ^ 0x55 : byte)));
      }
    });
  });
}
