import { readdir } from "node:fs/promises";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clone } from "./clone.ts";
import { container, docker, dockerSays, run, token, unique, until, volume } from "./docker.ts";

let folder: Awaited<ReturnType<typeof clone>>;

beforeAll(async () => {
  folder = await clone();
});
afterAll(() => folder?.remove());

const hour = { timeout: 3_600_000 };

async function built(...words: readonly string[]): Promise<string> {
  const tag = `${unique()}:built`;
  const { code, err } = await docker("build", "--progress", "plain", "--tag", tag, ...words, folder.path);
  expect({ code, err: code === 0 ? "" : err.slice(-3000) }).toEqual({ code: 0, err: "" });
  return tag;
}

async function filesOf(image: string, ...platform: readonly string[]): Promise<string> {
  const name = await dockerSays("create", ...platform, image);
  const { out } = await run("sh", ["-c", `docker export ${name} | tar tv`]);
  await docker("rm", "--volumes", name);
  return out;
}

const sizeOf = (files: string) => Number(/(\d+) \S+ \S+ usr\/local\/bin\/weft$/m.exec(files)?.[1]);

describe("compiled in the image", () => {
  test("the default: static, under 10 MB, with delegation", hour, async () => {
    const image = await built();
    expect(sizeOf(await filesOf(image))).toBeLessThan(10 * 1024 * 1024);
    expect(await dockerSays("run", "--rm", image, "tools", "list")).toContain("delegate_task");
  });

  test("wasm-plugins: what the default has, and plugins", hour, async () => {
    const image = await built("--build-arg", "FEATURES=wasm-plugins");
    expect(sizeOf(await filesOf(image))).toBeLessThan(10 * 1024 * 1024);
    expect(await dockerSays("run", "--rm", image, "agent", "-m", "ping")).toMatch(/^pong/);
    expect(await dockerSays("run", "--rm", image, "tools", "list")).toContain("delegate_task");
    await run("npm", ["run", "-s", "build:plugins"]);
    const plugins = resolve("dist/plugins");
    const home = await volume();
    const at = ["-v", `${home}:/root/.clawft/workspace`, "-v", `${plugins}:/plugins:ro`];
    const names = (await readdir(plugins)).filter((each) => !each.includes("."));
    for (const each of names) await dockerSays("run", "--rm", ...at, image, "plugin", "install", `/plugins/${each}`);
    const listed = await dockerSays("run", "--rm", ...at, image, "plugin", "list");
    for (const each of names) expect(listed).toContain(each);
    expect(names).toHaveLength(2);
  });

  test("minimal: smaller, and without delegation", hour, async () => {
    const [image, full] = [await built("--build-arg", "NO_DEFAULT_FEATURES=1"), await built()];
    expect(sizeOf(await filesOf(image))).toBeLessThan(sizeOf(await filesOf(full)));
    expect(await dockerSays("run", "--rm", image, "agent", "-m", "ping")).toMatch(/^pong/);
    expect(await dockerSays("run", "--rm", image, "tools", "list")).not.toContain("delegate_task");
  });

  test("an unknown feature stops the build", hour, async () => {
    const { code, err } = await docker("build", "--build-arg", "FEATURES=telepathy", folder.path);
    expect(code).not.toBe(0);
    expect(err).toContain('no feature "telepathy"; there are: delegation, wasm-plugins');
  });

  test("a change of the sources compiles neither packages nor crates again", hour, async () => {
    await built();
    await run("sh", ["-c", "echo '// changed' >> src/native.ts"], { cwd: folder.path });
    const { code, err } = await docker("build", "--progress", "plain", folder.path);
    expect(code).toBe(0);
    for (const step of ["npm ci", "crates.mjs"]) {
      const number = new RegExp(`^#(\\d+) .*RUN .*${step}`, "m").exec(err)?.[1];
      expect(err, step).toMatch(new RegExp(`^#${number} CACHED$`, "m"));
    }
  });
});

describe("slim", () => {
  test("has Debian, its certificates and the user weft, and works as tightly confined", hour, async () => {
    const image = await built("--target", "slim");
    const shell = (script: string) => dockerSays("run", "--rm", "--entrypoint", "sh", image, "-c", script);
    expect(await shell("id -un; . /etc/os-release; echo $VERSION_CODENAME")).toBe("weft\nbookworm");
    expect(Number(await shell("grep -c 'BEGIN CERTIFICATE' /etc/ssl/certs/ca-certificates.crt"))).toBeGreaterThan(100);
    expect(await dockerSays("image", "inspect", "--format", "{{.Config.User}}", image)).toBe("1000:1000");
    const tight = ["--read-only", "--cap-drop=ALL", "--security-opt", "no-new-privileges"];
    expect(await dockerSays("run", "--rm", ...tight, image, "agent", "-m", "ping")).toMatch(/^pong/);
    const smoke = await run("scripts/ci/smoke.sh", [image, ...tight]);
    expect(smoke).toMatchObject({ code: 0 });
  });
});

describe("for the other architecture", () => {
  const [other, machine] = process.arch === "arm64" ? ["amd64", "x86_64"] : ["arm64", "aarch64"];
  const platform = ["--platform", `linux/${other}`];

  test("it is compiled here and runs in an empty image there", hour, async () => {
    const image = `${unique()}:both`;
    const platforms = "linux/amd64,linux/arm64";
    const { code, err } = await docker("buildx", "build", "--platform", platforms, "--tag", image, folder.path);
    expect({ code, err: code === 0 ? "" : err.slice(-3000) }).toEqual({ code: 0, err: "" });
    const files = await filesOf(image, ...platform);
    expect(files).not.toMatch(/lib\/|bin\/sh/);
    const says = async (...words: readonly string[]) => dockerSays("run", "--rm", ...platform, image, ...words);
    expect(await says("--version")).toBe(await dockerSays("run", "--rm", image, "--version"));
    expect(await says("agent", "-m", "ping")).toMatch(/^pong/);

    const copy = unique();
    await dockerSays("create", "--name", copy, ...platform, image);
    const kind = await run("sh", ["-c", `docker cp ${copy}:/usr/local/bin/weft - | tar -xO | file -`]);
    await docker("rm", "--volumes", copy);
    expect(kind.out).toMatch(new RegExp(machine.replace("_", "-")));
    expect(kind.out).toContain("statically linked");

    const name = unique();
    const options = ["--name", name, ...platform, "-e", `CLAWFT_GATEWAY_TOKEN=${token}`, "-p", "127.0.0.1::18790"];
    await dockerSays("run", "--detach", "--read-only", "--user", "1000:1000", ...options, image);
    try {
      const server = container(name);
      await server.ready();
      await until("status", async () => (await server.weft("status")).code === 0);
      expect((await server.stop()).code).toBe(0);
    } finally {
      await docker("rm", "--force", "--volumes", name);
    }
  });
});
