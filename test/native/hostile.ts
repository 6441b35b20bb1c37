import { host } from "../../src/platform/native/host.ts";
import { describe, expect, test } from "./vitest.ts";

/**
 * Whatever reaches these functions, they throw or answer, and the process goes on. Only functions that change nothing:
 * random arguments to one that removes or writes files, starts programs or prints would do just that.
 */
const harmless = [
  "access",
  "atob",
  "btoa",
  "clearTimer",
  "closeFile",
  "columns",
  "connect",
  "decoder",
  "ed25519Public",
  "ed25519Sign",
  "ed25519Verify",
  "equal",
  "exchange",
  "hash",
  "heap",
  "hmac",
  "isTerminal",
  "lstat",
  "open",
  "openSocket",
  "parseUrl",
  "randomBytes",
  "readFile",
  "readdir",
  "readlink",
  "realpath",
  "resolve",
  "seal",
  "setTimer",
  "setUrl",
  "startGuest",
  "stat",
  "statFile",
  "syncFile",
  "utf8",
  "watch",
] as const;

export function hostileCalls(): void {
  describe("hostile arguments", () => {
    test.each(harmless.map((name) => [name]))("%s survives them", async (name) => {
      const called = (host as unknown as Record<string, ((...args: unknown[]) => unknown) | undefined>)[name as string];
      expect(typeof called).toBe("function");
      for (let round = 0; round < 400; round++) {
        const count = Math.floor(Math.random() * 6);
        try {
          const given = called?.(...Array.from({ length: count }, hostile));
          // What has not settled by then is left alone.
          await Promise.race([given, new Promise<void>((resolve) => void setTimeout(resolve, 5))]);
        } catch (thrown) {
          expect(thrown instanceof Error).toBe(true);
        }
      }
    });
  });
}

const texts = [
  "",
  "\0",
  "a\0b",
  "/no/such/place",
  "é€😀",
  "\ud800",
  "x".repeat(70_000),
  "http://[::1",
  "%zz",
  "sha256",
];
const numbers = [0, -1, 1, 0.5, 4096, 2 ** 31, -(2 ** 31), 2 ** 32, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY];

function pick<T>(values: readonly T[]): T {
  return values[Math.floor(Math.random() * values.length)] as T;
}

function hostile(): unknown {
  const kinds = [
    () => pick(texts),
    () => pick(numbers),
    () => new Uint8Array(pick([0, 1, 12, 16, 32, 64, 1000])),
    () => pick([undefined, null, true, false, Symbol("x"), 10n]),
    () => pick([[], ["a"], ["a", "b"], [1, {}], [undefined]]),
    () => () => undefined,
    () => new Uint8Array(new ArrayBuffer(8, { maxByteLength: 16 } as never)),
    hostileOptions,
  ];
  return pick(kinds)();
}

function hostileOptions(): object {
  const route = { host: pick(texts), port: pick(numbers), tls: pick([true, false, 1]), tunnel: pick([true, false]) };
  return {
    ...route,
    route,
    method: pick(texts),
    target: pick(texts),
    headers: pick([[], ["a"], ["a", "b"], ["\n", "\r"]]),
    body: pick([null, "x", new Uint8Array(3)]),
    url: pick(texts),
    most: pick(numbers),
    memoryBytes: pick(numbers),
    tableElements: pick(numbers),
    imports: pick([[], ["a"], [1]]),
    limits: { fuel: pick(numbers), deadlineMs: pick([0, 1, -1]) },
  };
}
