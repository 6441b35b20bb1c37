import { type SpawnOptions, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** The image under test; `setup/engine.ts` builds it. */
export const image = process.env["WEFT_IMAGE"] ?? "clawft:local";

/** Outside of the work tree, so that a fresh clone finds what the last one has fetched. */
export const cacheFolder = join(process.env["XDG_CACHE_HOME"] ?? "/var/cache", "weft-ci");

/** What `docker-build/` calls the binary of this machine. */
export const binaryName = process.arch === "arm64" ? "weft-linux-aarch64" : "weft-linux-x86_64";

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs to its end. A build whose layer BuildKit lost while it unpacked it (moby/buildkit#6521) is made once more. */
export async function run(file: string, args: readonly string[], options: SpawnOptions = {}): Promise<Ended> {
  const ended = await runOnce(file, args, options);
  const isLost = ended.code !== 0 && /parent snapshot \S+ does not exist/.test(ended.err);
  return isLost ? await runOnce(file, args, options) : ended;
}

function runOnce(file: string, args: readonly string[], options: SpawnOptions): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    let err = "";
    child.stdout?.on("data", (bytes: Buffer) => (out += bytes.toString()));
    child.stderr?.on("data", (bytes: Buffer) => (err += bytes.toString()));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out, err }));
  });
}

export const docker = (...args: readonly string[]): Promise<Ended> => run("docker", args);

/** Its standard output without the last line's end. Throws when it fails. */
export async function dockerSays(...args: readonly string[]): Promise<string> {
  const { code, out, err } = await docker(...args);
  if (code !== 0) throw new Error(`docker ${args.join(" ")} ended with ${code}: ${err}${out}`);
  return out.trimEnd();
}

/** `docker run --rm` of the image under test: options of docker, then the words for weft. */
export function weft(options: readonly string[], ...words: readonly string[]): Promise<Ended> {
  return docker("run", "--rm", ...options, image, ...words);
}

export interface Container {
  readonly name: string;
  /** What it wrote, to both streams. */
  log(): Promise<string>;
  /** `docker exec` of weft in it. */
  weft(...words: readonly string[]): Promise<Ended>;
  /** Where a port of it is reached from here. */
  url(): Promise<string>;
  /** Field of `docker inspect`, in its template language. */
  inspect(template: string): Promise<string>;
  /** Until `/readyz` answers 200. */
  ready(): Promise<void>;
  /** `docker stop`: the exit code, and how long it took. */
  stop(): Promise<{ readonly code: number; readonly ms: number }>;
}

export const token = "test-token-0123456789abcdef";

/** A container in the background, removed after the test. */
export async function started(options: readonly string[], ...words: readonly string[]): Promise<Container> {
  const name = unique();
  onTestFinished(async () => {
    await docker("rm", "--force", "--volumes", name);
  });
  const all = ["--name", name, "-e", `CLAWFT_GATEWAY_TOKEN=${token}`, ...options, image, ...words];
  await dockerSays("run", "--detach", ...all);
  return container(name);
}

/** A gateway on a port of 127.0.0.1, ready to serve. */
export async function gateway(...options: readonly string[]): Promise<Container> {
  const made = await started(["-p", "127.0.0.1::18790", ...options]);
  await made.ready();
  return made;
}

export function container(name: string): Container {
  const inspect = (template: string) => dockerSays("inspect", "--format", template, name);
  const url = async () => `http://${(await dockerSays("port", name, "18790/tcp")).split("\n")[0]}`;
  const log = async () => {
    const { out, err } = await docker("logs", name);
    return out + err;
  };
  return {
    name,
    log,
    url,
    inspect,
    weft: (...words) => docker("exec", name, "/usr/local/bin/weft", ...words),
    async ready() {
      let last = "";
      const asked = async () => {
        if ((await inspect("{{.State.Running}}")) !== "true") throw new Error(`it ended: ${await log()}`);
        try {
          const answer = await fetch(`${await url()}/readyz`, { signal: AbortSignal.timeout(2000) });
          last = `${answer.status} ${await answer.text()}`;
          return answer.ok;
        } catch (error) {
          last = String(error instanceof Error ? (error.cause ?? error) : error);
          return false;
        }
      };
      await until(`${name} is ready`, asked).catch(async (error: Error) => {
        throw new Error(`${error.message}; last: ${last}; its log:\n${await log()}`);
      });
    },
    async stop() {
      const began = performance.now();
      await dockerSays("stop", name);
      return { code: Number(await inspect("{{.State.ExitCode}}")), ms: performance.now() - began };
    },
  };
}

/** Looks again until it holds. Throws what it was about when that takes too long. */
export async function until(what: string, holds: () => Promise<boolean>, seconds = 30): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A named volume, removed after the test. */
export async function volume(): Promise<string> {
  const name = await dockerSays("volume", "create", unique());
  onTestFinished(async () => {
    await docker("volume", "rm", "--force", name);
  });
  return name;
}

/** A file of the host for `-v`, readable by everybody unless `mode` says otherwise; removed after the test. */
export async function hostFile(name: string, content: string | object, mode = 0o644): Promise<string> {
  const path = join(await hostFolder(), name);
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  await chmod(path, mode);
  return path;
}

export async function hostFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "weft-host-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o755);
  return folder;
}

export const unique = (): string => `weft-${randomBytes(4).toString("hex")}`;

/** Where containers reach this machine: the address of Docker's standard bridge. */
export const bridgeAddress = (): Promise<string> =>
  dockerSays("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}");
