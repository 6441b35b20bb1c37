import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Answer, type Asked, lastUserText, provider, using } from "./provider.ts";
import { gateway, type Home, newHome, weft } from "./weft.ts";

interface Entry {
  readonly n: number;
  readonly at: number;
  readonly kind: string;
  readonly subject: string;
  readonly outcome: string;
  readonly turn?: string;
  readonly detail?: string;
  readonly reason?: string;
}

const seed = Number(process.env["WEFT_SEED"] ?? Date.now() % 1_000_000);

async function home(answer?: (asked: Asked, count: number) => Answer, config: object = {}): Promise<Home> {
  if (!answer) {
    const made = await newHome();
    onTestFinished(() => made.remove());
    return made;
  }
  const mock = await provider(answer);
  onTestFinished(() => mock.close());
  const made = await newHome(using(mock, config));
  onTestFinished(() => made.remove());
  return made;
}

const fileOf = ({ workspace }: Home) => join(workspace, "audit.jsonl");

async function entriesOf(at: Home): Promise<Entry[]> {
  const lines = (await readFile(fileOf(at), "utf8")).split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Entry);
}

const verify = (at: Home, ...args: string[]) => weft(at, ["audit", "verify", ...args]);

describe("weft audit", () => {
  test("a fresh workspace has no entries, and that is no mistake", async () => {
    const at = await home();
    expect(await verify(at)).toMatchObject({ code: 0, out: expect.stringContaining("ok: 0 entries in 0 file(s)") });
    expect(await weft(at, ["audit", "show"])).toMatchObject({ code: 0, out: "No entries found.\n" });
  });

  test("a question, its tools, a refusal and a change of the configuration are shown, and filtered", async () => {
    const at = await home();
    await weft(at, ["agent", "-s", "work", "-m", '/write_file {"path":"a.txt","content":"x"}']);
    await weft(at, ["agent", "-m", "/exec_shell shutdown now"]);
    await weft(at, ["config", "set", "gateway.port", "18999"]);
    const all = await entriesOf(at);
    expect(all.map(({ kind, subject, outcome }) => `${kind} ${subject} ${outcome}`)).toEqual([
      "model offline ok",
      "tool write_file begun",
      "tool write_file ok",
      "model offline ok",
      "model offline ok",
      "tool exec_shell begun",
      "refusal command refused",
      "tool exec_shell refused",
      "model offline ok",
      "config gateway.port ok",
    ]);
    expect(all.map(({ n }) => n)).toEqual(all.map((_, i) => i + 1));
    const shown = async (...args: string[]) => {
      const { code, out, err } = await weft(at, ["audit", "show", "--json", ...args]);
      expect({ code, err }).toEqual({ code: 0, err: "" });
      return out
        .split("\n")
        .slice(0, -1)
        .map((line) => (JSON.parse(line) as Entry).n);
    };
    expect(await shown()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(await shown("--kind", "refusal")).toEqual([7]);
    expect(await shown("--session", "work")).toEqual([1, 2, 3, 4]);
    expect(await shown("--limit", "2")).toEqual([9, 10]);
    expect(await shown("--since", "1h")).toHaveLength(10);
    expect(await shown("--since", "2999-01-01")).toEqual([]);
    const table = (await weft(at, ["audit", "show", "--kind", "config"])).out;
    expect(table).toMatch(/config +ok +gateway\.port +cli:local +18999/);
    expect(await weft(at, ["audit", "show", "--kind", "tools"])).toMatchObject({ code: 2 });
    expect(await weft(at, ["audit", "show", "--since", "soon"])).toMatchObject({ code: 2 });
    expect(await weft(at, ["audit", "show", "--limit", "0"])).toMatchObject({ code: 2 });
  });

  test("a change is found, with exit code 1, the line and what to do; also as JSON", async () => {
    const at = await home();
    for (const text of ["one", "two", "three"]) await weft(at, ["agent", "-m", text]);
    expect(await verify(at)).toMatchObject({ code: 0, out: expect.stringMatching(/^ok: 3 entries in 1 file/) });
    const text = await readFile(fileOf(at), "utf8");
    await writeFile(fileOf(at), text.replace('"n":2', '"n":3'));
    const broken = await verify(at);
    expect(broken).toMatchObject({ code: 1, out: "" });
    expect(broken.err).toMatch(/audit\.jsonl line 2: missing: .*Keep a copy/s);
    const lines = text.split("\n");
    await writeFile(fileOf(at), [lines[1], lines[0], ...lines.slice(2)].join("\n"));
    const report = await verify(at, "--json");
    expect(report.code).toBe(1);
    expect(JSON.parse(report.out)).toMatchObject({ ok: false, entries: 0, problem: { line: 1, what: "reordered" } });
  });

  test("a signed head finds an end that was left off; an export stands by itself", async () => {
    const at = await home();
    for (const text of ["one", "two"]) await weft(at, ["agent", "-m", text]);
    expect(await weft(at, ["audit", "sign"])).toMatchObject({
      code: 1,
      err: expect.stringContaining("weft audit key"),
    });
    const key = await weft(at, ["audit", "key"]);
    expect(key.out).toMatch(/^[0-9a-f]{64}\n$/);
    expect((await weft(at, ["audit", "key"])).out).toBe(key.out);
    const pub = join(at.path, "audit.pub");
    await writeFile(pub, key.out);
    expect(await weft(at, ["audit", "sign"])).toMatchObject({
      code: 0,
      out: expect.stringContaining("Signed 3 entries"),
    });
    await weft(at, ["agent", "-m", "three"]);
    expect((await verify(at, "--key", pub)).out).toMatch(
      /ok: 4 entries.*the first 3 were signed .* by the key that was expected/s,
    );

    const file = join(at.path, "export.jsonl");
    expect(await weft(at, ["audit", "export", "--out", file])).toMatchObject({ code: 0, out: "" });
    expect(await weft(at, ["audit", "export", "--out", file])).toMatchObject({ code: 1 });
    const piped = await weft(at, ["audit", "export"]);
    expect(piped.out.split("\n").slice(0, 4)).toEqual((await readFile(file, "utf8")).split("\n").slice(0, 4));
    const elsewhere = await home();
    expect((await verify(elsewhere, file, "--key", pub)).out).toMatch(/ok: 4 entries.*the first 4 were signed/s);
    const exported = await readFile(file, "utf8");
    const lines = exported.split("\n");
    await writeFile(file, [...lines.slice(0, 2), ...lines.slice(4)].join("\n"));
    expect(await verify(elsewhere, file)).toMatchObject({ code: 1, err: expect.stringContaining("cut") });
    await writeFile(file, exported.replace(/"entries":4/, '"entries":3'));
    expect(await verify(elsewhere, file)).toMatchObject({ code: 1, err: expect.stringContaining("signature") });

    const text = await readFile(fileOf(at), "utf8");
    await writeFile(fileOf(at), `${text.split("\n").slice(0, 2).join("\n")}\n`);
    expect(await verify(at)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/cut: the signed head says 3 entries/),
    });
    expect(await weft(at, ["audit", "sign"])).toMatchObject({ code: 1, err: expect.stringContaining("cut") });
    await writeFile(pub, `${"0".repeat(64)}\n`);
    expect(await verify(at, "--key", pub)).toMatchObject({ code: 1, err: expect.stringContaining("not by the key") });
  });

  test("the agent cannot reach it, by no tool and no name", async () => {
    const at = await home();
    await weft(at, ["agent", "-m", "hello"]);
    const before = await readFile(fileOf(at), "utf8");
    for (const call of [
      "/read_file audit.jsonl",
      "/read_file ./memory/../audit.jsonl",
      '/write_file {"path":"audit.jsonl","content":"x"}',
      '/edit_file {"path":"audit.jsonl","old_text":"a","new_text":"b"}',
      '/write_file {"path":"audit.head.json","content":"{}"}',
      "/exec_shell cat audit.jsonl",
      "/exec_shell cat audit*",
      "/exec_shell cat ./audit.head.json",
      "/exec_shell grep n audit.jsonl",
    ]) {
      const { out } = await weft(at, ["agent", "-m", call]);
      expect(out, call).toMatch(/escapes workspace|not allowed|failed/);
      expect(out, call).not.toContain('"hash"');
    }
    const listed = await weft(at, ["agent", "-m", "/list_directory ."]);
    expect(listed.out).not.toContain("audit");
    expect((await weft(at, ["agent", "-m", '/grep {"pattern":"hash"}'])).out).not.toContain("audit.jsonl");
    expect((await readFile(fileOf(at), "utf8")).startsWith(before)).toBe(true);
    expect(await verify(at)).toMatchObject({ code: 0 });
  });

  test("no secret gets into it, whichever way it comes", async () => {
    const canary = "cAnArY0123456789";
    const key = `sk-${canary}aaaa`;
    const token = `${canary}-token`;
    const at = await home(
      (asked) =>
        asked.messages.at(-1)?.role === "user"
          ? {
              calls: [
                {
                  name: "write_file",
                  input: { path: "a.txt", content: `key=${key} token ${token}`, password: canary },
                },
                { name: "exec_shell", input: { command: `PASSWORD=${canary} ./x --token ${canary}` } },
                { name: "web_fetch", input: { url: `http://me:${canary}@127.0.0.1:9/?key=${key}` } },
              ],
            }
          : { text: "done" },
      { gateway: { token } },
    );
    const env = { SOME_API_KEY: key };
    await weft(at, ["agent", "-m", "go", "-s", `s-${key}`], { env });
    await weft(at, ["config", "set", "providers.other.api_key", key]);
    await weft(at, ["config", "set", "providers.other.extra_headers.Authorization", `Bearer ${canary}`]);
    const server = await gateway(at, { env: { ...env, CLAWFT_GATEWAY_TOKEN: token } });
    await fetch(`${server.url}/status`, { headers: { authorization: `Bearer wrong-${canary}` } });
    expect(await server.stop()).toBe(0);
    const text = await readFile(fileOf(at), "utf8");
    expect(text).not.toContain("cAnArY");
    const kinds = new Set((await entriesOf(at)).map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(["config", "gateway", "login", "model", "refusal", "tool"]);
  });

  test("what a command changes beside a running gateway is in its chain at once", async () => {
    const at = await home(() => ({ text: "hi" }));
    const server = await gateway(at);
    onTestFinished(async () => void (await server.stop("SIGKILL")));
    await weft(at, ["config", "set", "log.level", "warn"]);
    await expect.poll(async () => (await entriesOf(at)).map(({ subject }) => subject)).toContain("log.level");
    server.child.kill("SIGHUP");
    await expect
      .poll(async () => (await entriesOf(at)).at(-1))
      .toMatchObject({
        kind: "config",
        subject: "reload",
        detail: expect.stringMatching(/"changed":"log\.level"/),
      });
    await server.post({ model: "weft", messages: [{ role: "user", content: "hi" }] });
    expect(await verify(at)).toMatchObject({ code: 0 });
    const { parts } = (await (await server.get("/status")).json()) as { parts: { part: string }[] };
    expect(parts.find(({ part }) => part === "audit")).toMatchObject({ state: "ok" });
    expect(await server.stop()).toBe(0);
    expect(await verify(at)).toMatchObject({ code: 0 });
    expect((await entriesOf(at)).map(({ kind, subject }) => `${kind} ${subject}`)).toEqual([
      expect.stringMatching(/^gateway started at/),
      "config log.level",
      "config reload",
      expect.stringMatching(/^login /),
      "model custom/mock",
      "gateway stopping",
    ]);
  });
});

describe("weft memory", () => {
  test("an export comes into another workspace, verified; a changed one does not come in at all", async () => {
    const at = await home();
    await weft(at, ["agent", "-m", "/memory_write Likes tea."]);
    const file = join(at.path, "memory.json");
    expect(await weft(at, ["memory", "export", "--out", file])).toMatchObject({ code: 0, out: "" });
    expect((await weft(at, ["memory", "export"])).out).toContain('"memory_content": "Likes tea.');
    const other = await home();
    expect(await weft(other, ["memory", "import", file])).toMatchObject({
      code: 0,
      out: "WITNESS chain verified\nAdded 1 paragraph(s) to memory/MEMORY.md\nAdded 0 paragraph(s) to memory/HISTORY.md\n",
    });
    const memory = join(other.workspace, "memory", "MEMORY.md");
    expect(await readFile(memory, "utf8")).toBe("Likes tea.\n\n");
    const text = await readFile(file, "utf8");
    expect(await weft(other, ["memory", "import", "-"], { input: text.replace("tea", "coffee") })).toMatchObject({
      code: 1,
      err: expect.stringContaining("WITNESS chain corrupted at index 0"),
    });
    expect(await readFile(memory, "utf8")).toBe("Likes tea.\n\n");
    expect((await entriesOf(other)).map(({ kind, subject }) => `${kind} ${subject}`)).toEqual(["memory import"]);
  });
});

test("after kills -9 the chain verifies, and every turn that was answered has its model's calls in it", {
  timeout: 300_000,
}, async () => {
  const kills = Math.min(25, Number(process.env["WEFT_KILLS"] ?? 25));
  console.log(`audit kill test: WEFT_SEED=${seed} WEFT_KILLS=${kills}`);
  const at = await home(
    (asked) => {
      const text = lastUserText(asked);
      const isFirst = asked.messages.at(-1)?.role === "user";
      return isFirst && /[02468]$/.test(text)
        ? { calls: [{ name: "write_file", input: { path: `${text}.txt`, content: text } }] }
        : { text: `answer to ${text}` };
    },
    { gateway: { rate_limit_rpm: 0 } },
  );
  const world = { server: await gateway(at), ended: false };
  onTestFinished(async () => void (await world.server.stop("SIGKILL")));
  const turns = new Map<string, number>();
  const talk = async (session: string) => {
    for (let i = 0; !world.ended; i++) {
      const text = `${session}-${i}`;
      const headers = { "x-session-id": session, "idempotency-key": text };
      for (;;) {
        const body = { model: "weft", messages: [{ role: "user", content: text }] };
        const response = await world.server.post(body, headers).catch(() => undefined);
        const turn = response?.headers.get("x-turn-id");
        const answer = (await response?.json().catch(() => undefined)) as { choices?: unknown } | undefined;
        if (response?.ok && turn && answer?.choices) {
          turns.set(turn, i % 2 === 0 ? 2 : 1);
          break;
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  };
  const talks = Promise.all(["a", "b", "c", "d", "e", "f"].map(talk));
  let state = seed;
  for (let i = 0; i < kills; i++) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    await new Promise((resolve) => setTimeout(resolve, 20 + (state % 120)));
    await world.server.stop("SIGKILL");
    world.server = await gateway(at);
    expect(await verify(at)).toMatchObject({ code: 0 });
  }
  world.ended = true;
  await talks;
  expect(await world.server.stop()).toBe(0);
  expect(await verify(at)).toMatchObject({ code: 0 });
  const models = (await entriesOf(at)).filter(({ kind, outcome }) => kind === "model" && outcome === "ok");
  expect(turns.size).toBeGreaterThan(kills);
  for (const [turn, least] of turns) {
    expect(models.filter((entry) => entry.turn === turn).length, turn).toBeGreaterThanOrEqual(least);
  }
  console.log(`audit kill test: ${turns.size} turns and ${models.length} calls of the model over ${kills} kills`);
});
