import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { DoorRequest } from "../../src/core/door.ts";
import { egressDoor } from "../../src/security/egress.ts";
import { policyWith } from "../security/rules.ts";
import { rig } from "./rig.ts";

const refused = (error: string) => ({ ok: false, error: expect.stringContaining(error) });

describe("http_request", () => {
  const permissions = { network: ["api.example.com", "*.wild.example"] };

  test("gives status, headers and body of an allowed host", async () => {
    const seen: unknown[] = [];
    const at = await rig({
      permissions,
      door: async (actor, url, { method, headers, body }: DoorRequest) => {
        seen.push({ actor, url, method, headers, body });
        return { response: new Response("hällo", { status: 201, headers: { "x-a": "b" } }), url };
      },
    });
    const request = { method: "post", url: "https://api.example.com/a?b", headers: { "x-k": "v" }, body: "{}" };
    expect(await at.ask("http_request", request)).toEqual({
      ok: true,
      status: 201,
      headers: expect.objectContaining({ "x-a": "b" }),
      body: "hällo",
    });
    expect(seen).toEqual([
      {
        actor: { channel: "cli", sender: "ann" },
        url: "https://api.example.com/a?b",
        method: "POST",
        headers: { "x-k": "v" },
        body: "{}",
      },
    ]);
  });

  test("gives what is no text as base64", async () => {
    const at = await rig({
      permissions,
      door: async (_, url) => ({ response: new Response(Uint8Array.of(255, 0)), url }),
    });
    expect(await at.ask("http_request", { url: "https://api.example.com/" })).toMatchObject({
      ok: true,
      base64: "/wA=",
    });
  });

  test.each([
    ["file:///etc/passwd", "the scheme file: is not allowed"],
    ["data:text/plain,x", "the scheme data: is not allowed"],
    ["javascript:alert(1)", "the scheme javascript: is not allowed"],
    ["ftp://api.example.com/", "the scheme ftp: is not allowed"],
    ["gopher://api.example.com/", "the scheme gopher: is not allowed"],
    ["https://other.example.com/", "the host other.example.com is not in permissions.network of plugin weather"],
    ["https://api.example.com.evil.example/", "is not in permissions.network"],
    ["https://wild.example/", "the host wild.example is not in permissions.network"],
    ["https://notwild.example/", "is not in permissions.network"],
    ["https://user:secret@api.example.com/", "user names and passwords"],
    ["/relative", "expected a whole address"],
  ])("refuses %s", async (url, error) => {
    const at = await rig({ permissions });
    expect(await at.ask("http_request", { url })).toEqual(refused(error));
  });

  test("takes hosts below *.domain, in any case and with a final dot", async () => {
    const at = await rig({ permissions, door: async (_, url) => ({ response: new Response("ok"), url }) });
    for (const host of ["a.wild.example", "A.B.Wild.Example", "api.example.com."]) {
      expect(await at.ask("http_request", { url: `https://${host}/` })).toMatchObject({ ok: true });
    }
  });

  test.each([
    [{ method: "TRACE" }, "method: expected one of"],
    [{ headers: { host: "x" } }, "host may not be set"],
    [{ headers: { a: "b\r\nc: d" } }, "a may not be set"],
    [{ headers: { a: 1 } }, "headers: a must be a text"],
    [{ body: { a: 1 } }, "body: expected a text: write the JSON into a text"],
    [{ method: "POST", body: "é".repeat(512 * 1024 + 1) }, "at most 1048576 (1 MiB)"],
  ])("refuses %.60j", async (more, error) => {
    const at = await rig({ permissions });
    expect(await at.ask("http_request", { url: "https://api.example.com/", ...more })).toEqual(refused(error));
  });

  test("takes and gives bodies of 1 MiB, and no more", async () => {
    let size = 1024 * 1024;
    const door = async (_: unknown, url: string) => ({ response: new Response(new Uint8Array(size)), url });
    const at = await rig({ permissions, door });
    const request = { url: "https://api.example.com/", method: "POST", body: "x".repeat(size) };
    expect(await at.ask("http_request", request)).toMatchObject({ ok: true });
    size++;
    expect(await at.ask("http_request", { url: request.url })).toEqual(refused("the answer is larger than 1048576"));
  });

  test("is done 10 times a minute, or less often where the manifest says so", async () => {
    let now = 0;
    const door = async (_: unknown, url: string) => ({ response: new Response("ok"), url });
    const at = await rig({ permissions, door, monotonic: () => now });
    const ask = () => at.ask("http_request", { url: "https://api.example.com/" });
    for (let i = 0; i < 10; i++) expect(await ask()).toMatchObject({ ok: true });
    expect(await ask()).toEqual(refused("more than 10 requests in a minute"));
    now = 59_999;
    expect(await ask()).toMatchObject({ ok: false });
    now = 60_000;
    expect(await ask()).toMatchObject({ ok: true });

    const less = await rig({ permissions, door, manifest: { resources: { max_http_requests_per_minute: 1 } } });
    expect(await less.ask("http_request", { url: "https://api.example.com/" })).toMatchObject({ ok: true });
    expect(await less.ask("http_request", { url: "https://api.example.com/" })).toMatchObject({ ok: false });
  });

  describe("through the egress door", () => {
    const addresses: Record<string, string> = {
      "api.example.com": "93.184.216.34",
      "x.wild.example": "10.0.0.1",
      "cgn.wild.example": "100.64.1.1",
      "last.wild.example": "100.127.255.255",
      "v6.wild.example": "::ffff:127.0.0.1",
    };
    const doorTo = (location: string) => {
      return egressDoor({
        policy: policyWith(),
        platform: {
          proxyFor: () => undefined,
          resolve: async (host) => [addresses[host] ?? "93.184.216.34"],
          fetch: async (url, options) => {
            expect(options).not.toHaveProperty("mayGo");
            return url.endsWith("/go")
              ? new Response("", { status: 302, headers: { location } })
              : new Response("there");
          },
        },
      }).fetch;
    };

    test.each(["x", "cgn", "last", "v6"])("private addresses are refused: %s.wild.example", async (name) => {
      const at = await rig({ permissions, door: doorTo("") });
      const url = `http://${name}.wild.example/`;
      expect(await at.ask("http_request", { url })).toEqual(refused("blocked private IP"));
    });

    test.each([
      ["https://evil.example/", "the host evil.example is not in permissions.network"],
      ["https://wild.example/", "the host wild.example is not"],
      ["http://cgn.wild.example/", "blocked private IP 100.64.1.1"],
      ["file:///etc/passwd", "only http and https"],
    ])("a redirect to %s is refused", async (location, error) => {
      const at = await rig({ permissions, door: doorTo(location) });
      expect(await at.ask("http_request", { url: "https://api.example.com/go" })).toEqual(refused(error));
    });

    test("a redirect to an allowed host is followed", async () => {
      const at = await rig({ permissions, door: doorTo("https://api.example.com/end") });
      expect(await at.ask("http_request", { url: "https://api.example.com/go" })).toMatchObject({
        ok: true,
        body: "there",
      });
    });
  });
});

describe("read_file and write_file", () => {
  const permissions = { filesystem: ["data", "deep/inner"] };

  test("work in the allowed folders, with text and with base64", async () => {
    const at = await rig({ permissions });
    expect(await at.ask("write_file", { path: "data/a/b.txt", text: "hé" })).toEqual({ ok: true, bytes: 3 });
    expect(await readFile(join(at.workspace, "data/a/b.txt"), "utf8")).toBe("hé");
    expect(await at.ask("read_file", { path: "data/a/b.txt" })).toEqual({ ok: true, text: "hé" });
    expect(await at.ask("read_file", { path: join(at.workspace, "data/a/b.txt") })).toEqual({ ok: true, text: "hé" });
    expect(await at.ask("write_file", { path: "deep/inner/x", base64: "/wA=" })).toEqual({ ok: true, bytes: 2 });
    expect(await at.ask("read_file", { path: "deep/inner/x" })).toEqual({ ok: true, base64: "/wA=" });
  });

  test.each([
    ["data/../secret.txt", "is outside of what permissions.filesystem allows"],
    ["/etc/passwd", "is outside of"],
    ["database/x", "is outside of"],
    ["deep/x", "is outside of"],
    [".weft/gateway-token", "is outside of"],
    ["data", "is a folder"],
    ["data/link.txt", "escapes"],
    ["data/folder/secret.txt", "escapes"],
    ["data/none", "does not exist"],
  ])("%s cannot be read", async (path, error) => {
    const at = await rig({ permissions });
    await mkdir(join(at.workspace, "data"));
    await writeFile(join(at.workspace, "secret.txt"), "secret");
    await symlink("../secret.txt", join(at.workspace, "data/link.txt"));
    await symlink("..", join(at.workspace, "data/folder"));
    expect(await at.ask("read_file", { path })).toEqual(refused(error));
  });

  test("a link out of the folder is not written through", async () => {
    const at = await rig({ permissions });
    await mkdir(join(at.workspace, "data"));
    await writeFile(join(at.workspace, "secret.txt"), "secret");
    await symlink("..", join(at.workspace, "data/folder"));
    expect(await at.ask("write_file", { path: "data/folder/secret.txt", text: "x" })).toEqual(refused("escapes"));
    expect(await at.ask("write_file", { path: "other.txt", text: "x" })).toEqual(refused("is outside of"));
    expect(await readFile(join(at.workspace, "secret.txt"), "utf8")).toBe("secret");
  });

  test("an allowed folder that is itself a link out of the workspace is refused", async () => {
    const at = await rig({ permissions });
    await symlink("/etc", join(at.workspace, "data"));
    expect(await at.ask("read_file", { path: "data/passwd" })).toEqual(refused("leads out of the workspace"));
    expect(await at.ask("write_file", { path: "data/weft-test", text: "x" })).toEqual(refused("leads out"));
  });

  test("nothing of weft's own can be reached, whatever the manifest says", async () => {
    const at = await rig({ permissions: { filesystem: [".", "/", ".weft", "sessions", "alias"] } });
    await mkdir(join(at.workspace, "sessions"));
    await writeFile(join(at.workspace, "sessions/a"), "secret");
    await writeFile(join(at.workspace, "open.txt"), "open");
    await symlink(".weft", join(at.workspace, "alias"));
    expect(await at.ask("read_file", { path: "open.txt" })).toEqual({ ok: true, text: "open" });
    expect(await at.ask("read_file", { path: "sessions/a" })).toEqual(refused("is weft's own"));
    expect(await at.ask("read_file", { path: ".weft/approved_permissions.json" })).toEqual(refused("is weft's own"));
    expect(await at.ask("read_file", { path: "alias/approved_permissions.json" })).toEqual(refused("is weft's own"));
    expect(await at.ask("read_file", { path: "journal/x" })).toMatchObject({ ok: false });
    expect(await at.ask("read_file", { path: "/etc/hostname" })).toEqual(refused("holds the workspace itself"));
  });

  test("8 MiB are read and 4 MiB written, and no more", async () => {
    const at = await rig({
      permissions,
      code: {
        describe: async () => ({ tools: [{ name: "do" }] }),
        execute_tool: async (input, ask) => {
          const { name, request } = (input as { params: { name: string; request: { path: string; repeat?: number } } })
            .params;
          const { repeat, ...rest } = request;
          const answer = await ask(name, { ...rest, ...(repeat !== undefined && { text: "x".repeat(repeat) }) });
          const { text, ...others } = answer;
          const size = typeof text === "string" ? { size: text.length } : {};
          return { ok: true, text: JSON.stringify({ ...others, ...size }) };
        },
      },
    });
    const MiB = 1024 * 1024;
    expect(await at.ask("write_file", { path: "data/a", repeat: 4 * MiB })).toEqual({ ok: true, bytes: 4 * MiB });
    expect(await at.ask("write_file", { path: "data/b", repeat: 4 * MiB + 1 })).toEqual(
      refused("at most 4194304 (4 MiB)"),
    );
    await writeFile(join(at.workspace, "data/c"), new Uint8Array(8 * MiB).fill(65));
    expect(await at.ask("read_file", { path: "data/c" })).toEqual({ ok: true, size: 8 * MiB });
    await writeFile(join(at.workspace, "data/d"), new Uint8Array(8 * MiB + 1).fill(65));
    expect(await at.ask("read_file", { path: "data/d" })).toEqual(refused("at most 8388608 bytes (8 MiB)"));
  });

  test.each([
    [{ path: "data/x" }, "as text or as base64"],
    [{ path: "data/x", text: "a", base64: "YQ==" }, "as text or as base64"],
    [{ path: "data/x", base64: "%" }, "base64: it cannot be read"],
    [{ text: "a" }, "path: expected a text"],
  ])("write_file %j is refused", async (request, error) => {
    const at = await rig({ permissions });
    expect(await at.ask("write_file", request)).toEqual(refused(error));
  });
});

describe("get_env", () => {
  const never = [
    "PATH",
    "HOME",
    "USER",
    "SHELL",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "ANTHROPIC_API_KEY",
    "OPENAI_API_KEY",
  ];
  const listed = ["CITY", "UNSET", "MY_MODEL_KEY", "CLAWFT_GATEWAY_TOKEN", ...never];
  const env = Object.fromEntries(
    [...listed, "OTHER"].filter((name) => name !== "UNSET").map((name) => [name, "value"]),
  );
  const options = { permissions: { env_vars: listed }, env, keyVariables: ["MY_MODEL_KEY"] };

  test("gives a listed variable", async () => {
    expect(await (await rig(options)).ask("get_env", { name: "CITY" })).toEqual({ ok: true, value: "value" });
  });

  test.each(["OTHER", "MY_MODEL_KEY", "CLAWFT_GATEWAY_TOKEN", ...never])(
    "%s looks unset, and the audit knows why",
    async (name) => {
      const at = await rig(options);
      const unset = await at.ask("get_env", { name: "UNSET" });
      expect(await at.ask("get_env", { name })).toEqual(unset);
      expect(unset).toEqual({ ok: true, value: null });
      const reason = expect.stringMatching(/see it|permissions|takes a key/);
      expect(at.audited).toMatchObject([
        { subject: "weather get_env", detail: "UNSET", outcome: "ok" },
        { subject: "weather get_env", detail: name, outcome: "refused", reason },
      ]);
    },
  );
});

describe("log", () => {
  test("publishes levels 0 to 4, cut to 4096 characters and on one line", async () => {
    const at = await rig();
    const levels = ["error", "warn", "info", "debug", "debug"];
    for (const level of levels.keys()) {
      expect(await at.ask("log", { level, message: `a\n${"x".repeat(5000)}` })).toEqual({ ok: true });
    }
    const logs = at.events.flatMap((event) => (event.type === "log" && event.message.includes("xxx") ? event : []));
    expect(logs.map(({ level }) => level)).toEqual(levels);
    for (const { message } of logs) expect(message).toBe(`plugin weather: a ${"x".repeat(4094)}`);
  });

  test.each([5, -1, 1.5, "0", null])("level %j is refused", async (level) => {
    expect(await (await rig()).ask("log", { level, message: "x" })).toEqual(
      refused("level: expected 0 (error) to 4 (trace)"),
    );
  });

  test("takes 100 messages a minute", async () => {
    const at = await rig({ monotonic: () => 0 });
    for (let i = 0; i < 100; i++) await at.ask("log", { level: 2, message: `n${i}` });
    expect(await at.ask("log", { level: 2, message: "one more" })).toEqual(
      refused("more than 100 log messages in a minute"),
    );
    expect(JSON.stringify(at.events)).not.toContain("one more");
  });
});

describe("the audit", () => {
  test("has who, what and why of every call, and no secret", async () => {
    const at = await rig({
      permissions: { network: ["api.example.com"], env_vars: ["CITY"], filesystem: ["data"] },
      env: { CITY: "s3cret-env" },
      door: async () => {
        throw new Error("cannot reach https://x:s3cret-pass@api.example.com/s3cret-path?key=s3cret-query now");
      },
    });
    const url = "https://api.example.com/s3cret-path?key=s3cret-query";
    await at.ask("http_request", {
      url,
      headers: { authorization: "s3cret-head" },
      body: "s3cret-body",
      method: "POST",
    });
    await at.ask("http_request", { url: "https://s3cret-user@other.example/s3cret" });
    await at.ask("get_env", { name: "CITY" });
    await at.ask("write_file", { path: "data/a", text: "s3cret-text" });
    await at.ask("log", { level: 0, message: "hi" });
    expect(at.audited).toMatchObject([
      {
        kind: "plugin",
        subject: "weather http_request",
        actor: { channel: "cli", sender: "ann" },
        detail: "POST https://api.example.com",
        outcome: "failed",
        reason: "cannot reach https://api.example.com now",
      },
      { subject: "weather http_request", detail: "GET https://other.example", outcome: "refused" },
      { subject: "weather get_env", detail: "CITY", outcome: "ok" },
      { subject: "weather write_file", detail: "data/a", outcome: "ok" },
      { subject: "weather log", detail: "level 0", outcome: "ok" },
    ]);
    expect(JSON.stringify([at.audited, at.events])).not.toContain("s3cret");
    expect(at.events).toContainEqual({
      type: "log",
      level: "debug",
      message: "plugin weather: write_file data/a",
      fields: { plugin: "weather", actor: "cli:ann", call: "write_file", allowed: true },
    });
  });

  test("a guest that calls in a loop hides no other calls, and fills nothing", async () => {
    const at = await rig({
      permissions: { filesystem: ["data"] },
      monotonic: () => 0,
      code: {
        describe: async () => ({ tools: [{ name: "do" }] }),
        execute_tool: async (_, ask) => {
          for (let i = 0; i < 1000; i++) await ask("get_env", { name: `N${i}` });
          await ask("write_file", { path: "data/a", text: "" });
          return { ok: true, text: "" };
        },
      },
    });
    await at.run();
    const subjects = at.audited.map(({ subject }) => subject);
    expect(subjects.filter((subject) => subject === "weather get_env")).toHaveLength(601);
    expect(at.audited[600]?.reason).toMatch(/more than 600 such calls/);
    expect(subjects.at(-1)).toBe("weather write_file");
    expect(at.events.length).toBeLessThan(700);
  });
});
