import { describe, expect, test } from "vitest";
import type { Platform } from "../../src/core/platform.ts";
import { type FilesUnderTest, filesContract } from "./files.ts";

export interface PlatformUnderTest {
  readonly name: string;
  readonly platform: Platform;
  makeFolder(): Promise<FilesUnderTest>;
  /** Parts of the contract that this platform does not hold, and why. */
  readonly skip?: { readonly reason: string; readonly parts: readonly ("children" | "network" | "digests")[] };
}

/** What every platform promises; see `core/platform.ts`. */
export function platformContract({ name, platform, makeFolder, skip }: PlatformUnderTest): void {
  filesContract(name, makeFolder);
  const has = (part: "children" | "network" | "digests") => !skip?.parts.includes(part);

  describe(`platform: ${name}`, () => {
    test("time goes on, and never back", () => {
      const [first, second] = [platform.monotonic(), platform.monotonic()];
      expect(second).toBeGreaterThanOrEqual(first);
      expect(platform.now()).toBeGreaterThan(1_600_000_000_000);
    });

    test("random bytes are as many as asked for, and others each time", () => {
      expect(platform.randomBytes(16)).toHaveLength(16);
      expect(platform.randomBytes(16)).not.toEqual(platform.randomBytes(16));
    });

    test.runIf(has("digests"))("SHA-256 is that of FIPS 180-4", () => {
      const hex = [...platform.sha256(new TextEncoder().encode("abc"))].map((byte) =>
        byte.toString(16).padStart(2, "0"),
      );
      expect(hex.join("")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    });

    describe.runIf(has("children"))("children", () => {
      const run = async (script: string, more: Partial<Parameters<Platform["spawn"]>[1]> = {}) => {
        const output = { stdout: "", stderr: "" };
        const exit = await platform.spawn(["/bin/sh", "-c", script], {
          cwd: "/",
          env: { PATH: "/usr/bin:/bin" },
          signal: new AbortController().signal,
          onOutput: (stream, bytes) => {
            output[stream] += new TextDecoder().decode(bytes);
          },
          ...more,
        });
        return { exit, ...output };
      };

      test("give their exit code and both streams", async () => {
        expect(await run("echo a; echo b >&2; exit 3")).toEqual({ exit: { code: 3 }, stdout: "a\n", stderr: "b\n" });
      });

      test("read what they are given, and inherit nothing", async () => {
        const { stdout } = await run("cat; echo $A$HOME", { stdin: "in ", env: { PATH: "/usr/bin:/bin", A: "1" } });
        expect(stdout).toBe("in 1\n");
      });

      test("that ended by a signal say which", async () => {
        expect((await run("kill -9 $$")).exit).toEqual({ signal: "SIGKILL" });
      });

      test("end when they are aborted, with all they started", async () => {
        const controller = new AbortController();
        setTimeout(() => controller.abort(), 100);
        const began = performance.now();
        const { exit } = await run("sleep 60 & sleep 60", { signal: controller.signal });
        expect(exit).toEqual({ signal: "SIGTERM" });
        expect(performance.now() - began).toBeLessThan(3000);
      });

      test("that do not exist are `missing`", async () => {
        const spawning = platform.spawn(["/no/such/program"], {
          cwd: "/",
          env: {},
          signal: new AbortController().signal,
          onOutput: () => {},
        });
        await expect(spawning).rejects.toMatchObject({ code: "missing" });
      });
    });

    describe.runIf(has("network"))("network", () => {
      test("what it serves it can fetch, streamed in both directions", async () => {
        const server = await platform.serve({ host: "127.0.0.1", port: 0 }, async (request, remote) => {
          const body = await request.text();
          const chunks = [`${request.method} ${remote} `, body];
          const stream = new ReadableStream<Uint8Array>({
            pull(controller) {
              const chunk = chunks.shift();
              if (chunk === undefined) controller.close();
              else controller.enqueue(new TextEncoder().encode(chunk));
            },
          });
          return new Response(stream, { status: 201, headers: { "x-a": request.headers.get("x-b") ?? "" } });
        });
        const url = `http://127.0.0.1:${server.port}/`;
        const response = await platform.fetch(url, { method: "POST", body: "grün", headers: { "x-b": "1" } });
        expect([response.status, response.headers.get("x-a")]).toEqual([201, "1"]);
        expect(await response.text()).toBe("POST 127.0.0.1 grün");
        await server.close(100);
      });

      test("names resolve, or are `missing`", async () => {
        expect((await platform.resolve("localhost")).some((address) => /^(127\.|::1)/.test(address))).toBe(true);
        await expect(platform.resolve("nowhere.invalid")).rejects.toMatchObject({
          code: expect.stringMatching(/missing|unavailable/),
        });
      });
    });
  });
}
