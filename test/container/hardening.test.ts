import { describe, expect, test } from "vitest";
import { dockerSays, gateway, hostFolder, run, started, until, volume, weft } from "./docker.ts";

const tight = ["--read-only", "--cap-drop=ALL", "--security-opt", "no-new-privileges"];
const workspace = "/root/.clawft/workspace";

describe.each(["0:0", "1000:1000", "4242:4242"])("as %s with everything taken away", (user) => {
  test("the gateway serves, keeps its volume over a restart, and leaves with 0", async () => {
    const data = await volume();
    const options = [...tight, "--user", user, "--pids-limit", "64", "--memory", "256m", "-v", `${data}:${workspace}`];
    const first = await gateway(...options);
    expect((await first.weft("agent", "-m", "ping")).out).toMatch(/^pong/);
    expect(await first.weft("status")).toMatchObject({ code: 0 });
    expect((await first.stop()).code).toBe(0);
    const second = await gateway(...options);
    expect((await second.weft("sessions", "list")).out).toContain("cli:cli-session");
  });

  test("the agent answers, also without a volume", async () => {
    expect(await weft([...tight, "--user", user], "agent", "-m", "ping")).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^pong/),
    });
  });
});

describe("with --network=none", () => {
  test("the agent answers", async () => {
    expect(await weft(["--network=none"], "agent", "-m", "ping")).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^pong/),
    });
  });

  test("the gateway runs and is healthy", async () => {
    const server = await started(["--network=none", "--health-interval", "1s"]);
    await until("healthy", async () => (await server.inspect("{{.State.Health.Status}}")) === "healthy");
    expect((await server.weft("agent", "-m", "ping")).out).toMatch(/^pong/);
    expect((await server.stop()).code).toBe(0);
  });

  test("a provider out of reach is named, with what failed", async () => {
    const ended = await weft(
      ["--network=none", "-e", "OPENAI_API_KEY=sk-test", "-e", "CLAWFT__models__retry__attempts=0"],
      "agent",
      "-m",
      "hi",
    );
    expect(ended.code).toBe(5);
    expect(ended.err).toContain("cannot reach api.openai.com: DNS lookup failed");
  });
});

describe("a workspace of somebody else", () => {
  test("a folder of the host: which, whose, and the command that mends it", async () => {
    const folder = await hostFolder();
    const mounted = ["--user", "1000:1000", "-v", `${folder}:${workspace}`];
    const why = `cannot make the directory ${workspace}/.weft: permission denied for uid 1000; ${workspace} belongs to uid 0 and has mode 0755. Run: sudo chown 1000 ${workspace}\n`;
    expect(await weft(mounted)).toEqual({ code: 3, out: "", err: `weft: ${why}` });
    expect(await weft(mounted, "status")).toMatchObject({ code: 1, err: `weft: not ready: workspace: ${why}` });
    await run("chown", ["1000", folder]);
    expect(await weft(mounted, "status")).toMatchObject({ code: 0, err: "" });
  });

  test("a volume that root used before", async () => {
    const data = await volume();
    const mounted = ["-v", `${data}:${workspace}`];
    await weft(mounted, "agent", "-m", "ping");
    const path = `${workspace}/.weft`;
    expect(await weft(["--user", "1000:1000", ...mounted])).toEqual({
      code: 3,
      out: "",
      err: `weft: cannot lock ${path}/lock: permission denied for uid 1000; ${path} belongs to uid 0 and has mode 0700. Run: sudo chown 1000 ${path}\n`,
    });
  });

  test("a read-only one", async () => {
    expect(await weft([...tight, "--tmpfs", `${workspace}:ro`], "status")).toMatchObject({
      code: 1,
      err: `weft: not ready: workspace: cannot make the directory ${workspace}/.weft: the file system is read-only; mount it writable\n`,
    });
  });
});

test("what it writes is for its owner only", async () => {
  const data = await volume();
  await weft(["--user", "1000:1000", "-v", `${data}:${workspace}`], "agent", "-m", "ping");
  const folder = await dockerSays("volume", "inspect", "--format", "{{.Mountpoint}}", data);
  const { out } = await run("find", [folder, "-mindepth", "1", "-printf", "%m %U %y\n"]);
  const kinds = new Set(out.trim().split("\n"));
  expect([...kinds].sort()).toEqual(["600 1000 f", "700 1000 d"]);
});
