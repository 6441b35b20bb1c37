import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { freePort } from "../e2e/weft.ts";
import { container, type Ended, hostFolder, run, unique, until } from "./docker.ts";

interface Project {
  readonly folder: string;
  compose(...words: readonly string[]): Promise<Ended>;
}

/** The repository's compose.yaml in a folder of its own, on a free port, with a health check that need not be waited for. */
async function project(extra = ""): Promise<Project> {
  const folder = await hostFolder();
  await copyFile("compose.yaml", join(folder, "compose.yaml"));
  await writeFile(join(folder, "config.json"), "{}", { mode: 0o644 });
  const port = `ports: !override ["127.0.0.1:${await freePort()}:18790"]`;
  const quick = `${port}\n    healthcheck: { interval: 1s }${extra}`;
  await writeFile(join(folder, "quick.yaml"), `services:\n  weft:\n    ${quick}\n  weft-hardened:\n    ${quick}\n`);
  const files = ["-f", "compose.yaml", "-f", "quick.yaml", "-p", unique()];
  const compose = (...words: readonly string[]) => run("docker", ["compose", ...files, ...words], { cwd: folder });
  onTestFinished(async () => {
    await compose("--profile", "hardened", "down", "--volumes", "--timeout", "0");
  });
  return { folder, compose };
}

async function idOf({ compose }: Project, service: string): Promise<string> {
  return (await compose("--profile", "hardened", "ps", "--all", "--quiet", service)).out.trim();
}

test("compose.yaml is the page's service", async () => {
  const { compose } = await project();
  const { out } = await run("docker", ["compose", "-f", "compose.yaml", "config", "--format", "json"]);
  const { services } = JSON.parse(out) as { services: Record<string, object> };
  expect(Object.keys(services)).toEqual(["weft"]);
  expect(services["weft"]).toMatchObject({
    command: ["gateway"],
    restart: "unless-stopped",
    healthcheck: { test: ["CMD", "/usr/local/bin/weft", "status"], interval: "30s", timeout: "5s", retries: 3 },
    volumes: [
      { type: "bind", target: "/root/.clawft/config.json", read_only: true },
      { type: "volume", source: "weft-workspace", target: "/root/.clawft/workspace" },
    ],
  });
  expect((await compose("config", "--quiet")).code).toBe(0);
});

describe.each(["weft", "weft-hardened"])("the service %s", (service) => {
  test("turns healthy, unhealthy while the gateway hangs, and healthy again", async () => {
    const made = await project();
    const up = await made.compose("up", "--detach", "--wait", service);
    expect(up).toMatchObject({ code: 0 });
    const server = container(await idOf(made, service));
    const health = (state: string) =>
      until(state, async () => (await server.inspect("{{.State.Health.Status}}")) === state, 60);
    await health("healthy");
    await made.compose("kill", "--signal", "STOP", service);
    await health("unhealthy");
    expect(await server.inspect("{{range .State.Health.Log}}{{.Output}}{{end}}")).toContain("does not answer");
    await made.compose("kill", "--signal", "CONT", service);
    await health("healthy");
  });

  test("keeps its conversations when it is replaced", async () => {
    const made = await project();
    await made.compose("up", "--detach", "--wait", service);
    const before = await idOf(made, service);
    await made.compose("exec", "-T", service, "/usr/local/bin/weft", "agent", "-m", "ping");
    await made.compose("up", "--detach", "--wait", "--force-recreate", service);
    const after = await idOf(made, service);
    expect(after).not.toBe(before);
    const { out } = await made.compose("exec", "-T", service, "/usr/local/bin/weft", "sessions", "list");
    expect(out).toContain("cli:cli-session");
  });
});

test("a gateway that crashes is started again, and never counts as up", async () => {
  const made = await project();
  await writeFile(join(made.folder, "config.json"), '{"gateway": {"port": "many"}}');
  const up = await made.compose("up", "--detach", "--wait", "weft");
  expect(up.code).not.toBe(0);
  const server = container(await idOf(made, "weft"));
  await until("it was started again", async () => Number(await server.inspect("{{.RestartCount}}")) > 0);
  expect(await server.log()).toContain("config.json:1:22: gateway.port: expected a number");
  await writeFile(join(made.folder, "config.json"), "{}");
  await until("healthy", async () => (await server.inspect("{{.State.Health.Status}}")) === "healthy", 60);
});

test("the hardened service has nothing it can do without", async () => {
  const made = await project();
  expect(await made.compose("up", "--detach", "--wait", "weft-hardened")).toMatchObject({ code: 0 });
  const server = container(await idOf(made, "weft-hardened"));
  const of = async (template: string) => JSON.parse(await server.inspect(`{{json ${template}}}`));
  expect(await of(".HostConfig")).toMatchObject({
    ReadonlyRootfs: true,
    CapDrop: ["ALL"],
    SecurityOpt: ["no-new-privileges:true"],
    Memory: 256 * 1024 * 1024,
    PidsLimit: 128,
    NanoCpus: 1e9,
    Tmpfs: { "/tmp": expect.stringContaining("noexec") },
    Privileged: false,
  });
  expect(await of(".Config.User")).toBe("1000:1000");
  expect(await of(".Config.StopTimeout")).toBe(15);
  const pid = await server.inspect("{{.State.Pid}}");
  const state = await readFile(`/proc/${pid}/status`, "utf8");
  expect(state).toMatch(/^CapEff:\s+0+$/m);
  expect(state).toMatch(/^NoNewPrivs:\s+1$/m);
  expect(state).toMatch(/^Uid:\s+1000/m);
});

test("a Docker secret holds the key", async () => {
  const secret = "\n    environment: { OPENAI_API_KEY_FILE: /run/secrets/openai }\n    secrets: [openai]";
  const made = await project(secret);
  await writeFile(join(made.folder, "openai.txt"), "sk-of-the-test-0123456789\n");
  const quick = await readFile(join(made.folder, "quick.yaml"), "utf8");
  await writeFile(join(made.folder, "quick.yaml"), `${quick}secrets: { openai: { file: ./openai.txt } }\n`);
  expect(await made.compose("up", "--detach", "--wait", "weft")).toMatchObject({ code: 0 });
  const { out } = await made.compose("exec", "-T", "weft", "/usr/local/bin/weft", "status");
  expect(out).toContain("Model: openai/");
});
