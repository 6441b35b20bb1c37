import { readFileSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import { docker, dockerSays, gateway, hostFile, image, run, started, token, unique, until, weft } from "./docker.ts";

const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
const config = "/root/.clawft/config.json";

describe("the image", () => {
  test("holds the binary, its empty folders and nothing else", async () => {
    const name = unique();
    onTestFinished(async () => {
      await docker("rm", "--force", "--volumes", name);
    });
    await dockerSays("create", "--name", name, image);
    const { out } = await run("sh", ["-c", `docker export ${name} | tar tv`]);
    const entries = out
      .trim()
      .split("\n")
      .map((line) => line.split(/\s+/));
    // Docker itself puts these into every container.
    const dockers = /^(\.dockerenv|dev\/.*|etc\/(hosts|hostname|resolv\.conf|mtab)?|proc\/|sys\/)$/;
    const own = entries
      .map((entry) => [entry[0], entry[1], entry[5]])
      .filter(([, , path]) => !dockers.test(path ?? ""));
    expect(own).toEqual([
      ["drwxr-xr-x", "0/0", "root/"],
      ["drwxrwxrwx", "0/0", "root/.clawft/"],
      ["drwxrwxrwx", "0/0", "root/.clawft/workspace/"],
      ["drwxr-xr-x", "0/0", "usr/"],
      ["drwxr-xr-x", "0/0", "usr/local/"],
      ["drwxr-xr-x", "0/0", "usr/local/bin/"],
      ["-rwxr-xr-x", "0/0", "usr/local/bin/weft"],
    ]);
    const bytes = Number(entries.find((entry) => entry[5] === "usr/local/bin/weft")?.[2]);
    expect(bytes).toBeLessThan(10 * 1024 * 1024);
  });

  test("says what it is, what runs and how its health is asked", async () => {
    const inspected = JSON.parse(await dockerSays("image", "inspect", "--format", "{{json .Config}}", image));
    expect(inspected).toMatchObject({
      Entrypoint: ["/usr/local/bin/weft"],
      Cmd: ["gateway"],
      StopSignal: "SIGTERM",
      ExposedPorts: { "18790/tcp": {} },
      Volumes: { "/root/.clawft/workspace": {} },
      Env: expect.arrayContaining(["HOME=/root", "CLAWFT__gateway__host=0.0.0.0"]),
      Healthcheck: { Test: ["CMD", "/usr/local/bin/weft", "status"], Interval: 30e9, Timeout: 5e9, Retries: 3 },
      Labels: {
        "org.opencontainers.image.title": "weft",
        "org.opencontainers.image.licenses": "MIT",
        "org.opencontainers.image.version": version,
      },
    });
    expect(inspected.User ?? "").toBe("");
  });

  test("--version prints the version", async () => {
    expect(await weft([], "--version")).toEqual({ code: 0, out: `weft ${version}\n`, err: "" });
  });

  test("without words it runs the gateway, reachable from outside only with its token", async () => {
    const server = await gateway();
    const ask = async (headers: Record<string, string>) =>
      (await fetch(`${await server.url()}/v1/models`, { headers })).status;
    expect(await server.inspect("{{json .Args}}")).toBe('["gateway"]');
    expect([await ask({}), await ask({ authorization: `Bearer ${token}` })]).toEqual([401, 200]);
  });

  test("Docker sees that it is healthy", async () => {
    const server = await started(["--health-interval", "1s"]);
    await until("healthy", async () => (await server.inspect("{{.State.Health.Status}}")) === "healthy");
  });
});

describe("the configuration", () => {
  test("is read from /root/.clawft/config.json, mounted read-only", async () => {
    const file = await hostFile("config.json", { agents: { defaults: { model: "ollama/llama-of-the-test" } } });
    const { code, out } = await weft(["-v", `${file}:${config}:ro`], "status");
    expect(code).toBe(0);
    expect(out).toContain(`Config: ${config}`);
    expect(out).toContain("Model: ollama/llama-of-the-test");
  });

  test("is read from where CLAWFT_CONFIG says", async () => {
    const file = await hostFile("weft.json", { agents: { defaults: { model: "ollama/another" } } });
    const words = ["-v", `${file}:/etc/weft.json:ro`, "-e", "CLAWFT_CONFIG=/etc/weft.json"];
    const { out } = await weft(words, "status");
    expect(out).toContain("Config: /etc/weft.json");
    expect(out).toContain("Model: ollama/another");
  });

  test("is not needed", async () => {
    expect(await weft([], "status")).toMatchObject({ code: 0, out: expect.stringContaining("Model: offline") });
  });

  test("variables win over the file, also over the image's own gateway.host", async () => {
    const file = await hostFile("config.json", { gateway: { host: "10.9.8.7", port: 1234 } });
    const mounted = ["-v", `${file}:${config}:ro`];
    expect((await weft(mounted, "config", "get", "gateway.host")).out).toBe("0.0.0.0\n");
    expect((await weft(mounted, "config", "get", "gateway.port")).out).toBe("1234\n");
    const chosen = [...mounted, "-e", "CLAWFT__gateway__host=127.0.0.1"];
    expect((await weft(chosen, "config", "get", "gateway.host")).out).toBe("127.0.0.1\n");
  });
});

describe("keys", () => {
  test.each([
    ["OPENAI_API_KEY", "openai/"],
    ["ANTHROPIC_API_KEY", "anthropic/"],
    ["OPENROUTER_API_KEY", "openrouter/"],
    ["GEMINI_API_KEY", "gemini/"],
    ["GROQ_API_KEY", "groq/"],
    ["DEEPSEEK_API_KEY", "deepseek/"],
    ["MISTRAL_API_KEY", "mistral/"],
    ["XAI_API_KEY", "xai/"],
  ])("%s chooses the provider, and its file does", async (name, model) => {
    const secret = await hostFile("key", "sk-of-the-test-0123456789\n");
    const [byVariable, byFile] = await Promise.all([
      weft(["-e", `${name}=sk-of-the-test-0123456789`], "status"),
      weft(["-v", `${secret}:/run/secrets/key:ro`, "-e", `${name}_FILE=/run/secrets/key`], "status"),
    ]);
    expect(byVariable).toMatchObject({ code: 0, out: expect.stringContaining(`Model: ${model}`) });
    expect(byFile.out).toBe(byVariable.out);
  });

  test("the gateway's token can come from a file", async () => {
    const secret = await hostFile("token", "another-token-9876543210\n");
    const server = await gateway(
      "-v",
      `${secret}:/run/secrets/token:ro`,
      "-e",
      "CLAWFT_GATEWAY_TOKEN=",
      "-e",
      "CLAWFT_GATEWAY_TOKEN_FILE=/run/secrets/token",
    );
    const answer = await fetch(`${await server.url()}/v1/models`, {
      headers: { authorization: "Bearer another-token-9876543210" },
    });
    expect(answer.status).toBe(200);
  });

  test("a secret that is not mounted is named", async () => {
    expect(await weft(["-e", "OPENAI_API_KEY_FILE=/run/secrets/openai"], "gateway")).toEqual({
      code: 3,
      out: "",
      err: "weft: OPENAI_API_KEY_FILE: cannot read /run/secrets/openai: it does not exist\n",
    });
  });
});

describe("what is wrong is said", () => {
  test.each(["gateway", "status"])("broken JSON, by `%s`: file, line, column and text", async (command) => {
    const file = await hostFile("config.json", '{\n  "gateway": {\n    "port": 18790\n    "host": "::"\n  }\n}\n');
    expect(await weft(["-v", `${file}:${config}:ro`], command)).toEqual({
      code: 3,
      out: "",
      err: `weft: ${config}:4:5: expected a comma before the next entry\n      "host": "::"\n      ^\n`,
    });
  });

  test("a configuration that this uid may not read", async () => {
    const file = await hostFile("config.json", {}, 0o600);
    expect(await weft(["--user", "1000:1000", "-v", `${file}:${config}:ro`])).toEqual({
      code: 3,
      out: "",
      err: `weft: cannot read ${config}: permission denied for uid 1000; it belongs to uid 0 and has mode 0600. Run: sudo chown 1000 ${config}\n`,
    });
  });

  test("a configuration without read permission for its own owner", async () => {
    const file = await hostFile("config.json", {}, 0o200);
    await run("chown", ["1000:1000", file]);
    expect(await weft(["--user", "1000:1000", "-v", `${file}:${config}:ro`])).toEqual({
      code: 3,
      out: "",
      err: `weft: cannot read ${config}: permission denied for uid 1000; it belongs to uid 1000 and has mode 0200. Run: chmod u+r ${config}\n`,
    });
  });

  test("a folder that Docker made because the file was missing", async () => {
    const missing = (await hostFile("other", "")).replace("other", "config.json");
    expect(await weft(["-v", `${missing}:${config}:ro`])).toMatchObject({
      code: 3,
      err: `weft: ${config} is a directory, not a configuration file. Docker makes one when the mounted file did not exist: remove it and create the file\n`,
    });
  });
});
