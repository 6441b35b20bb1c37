import { describe, expect, test } from "vitest";
import type { Platform, SandboxSupport } from "../../src/core/platform.ts";
import { cryptoContract } from "./crypto.ts";
import { type FilesUnderTest, filesContract } from "./files.ts";
import { networkContract } from "./network.ts";
import { sandboxContract } from "./sandbox.ts";

export interface PlatformUnderTest {
  readonly name: string;
  readonly platform: Platform;
  /** What this system offers: what it lacks is not tried. */
  readonly sandbox: SandboxSupport;
  makeFolder(): Promise<FilesUnderTest>;
  /** Parts of the contract that this platform does not hold, and why. */
  readonly skip?: { readonly reason: string; readonly parts: readonly ("children" | "network" | "crypto")[] };
}

/** What every platform promises; see `core/platform.ts`. */
export function platformContract({ name, platform, sandbox, makeFolder, skip }: PlatformUnderTest): void {
  filesContract(name, makeFolder);
  const has = (part: "children" | "network" | "crypto") => !skip?.parts.includes(part);

  if (has("crypto")) cryptoContract(name, platform.crypto);
  if (has("network")) networkContract(name, platform);
  if (has("children")) sandboxContract(name, platform, sandbox);

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
        const began = platform.monotonic();
        const { exit } = await run("sleep 60 & sleep 60", { signal: controller.signal });
        expect(exit).toEqual({ signal: "SIGTERM" });
        expect(platform.monotonic() - began).toBeLessThan(3000);
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
  });
}
