import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Home, newHome, weft } from "./weft.ts";

async function home(config: object = {}): Promise<Home> {
  const made = await newHome(config);
  onTestFinished(made.remove);
  return made;
}

/** What the offline model says of a command. */
async function run(at: Home, command: string, env: Record<string, string> = {}): Promise<string> {
  const { out } = await weft(at, ["agent", "-m", `/exec_shell ${JSON.stringify({ command })}`], { env });
  return out;
}

/** As `weft status --detailed` has it. */
async function sandboxOf(at: Home): Promise<{ state: string; detail: string }> {
  const { out } = await weft(at, ["status", "--json"]);
  const { parts } = JSON.parse(out) as { parts: { part: string; state: string; detail: string }[] };
  return parts.find(({ part }) => part === "sandbox") ?? { state: "", detail: "" };
}

const anything = { tools: { command_policy: { mode: "denylist" } } };

describe("exec_shell", () => {
  test("runs whole lines of harmless programs", async () => {
    const at = await home();
    const script =
      'for i in 1 2 3; do echo "line $i"; done > lines.txt && tail -n 2 lines.txt | sort -r; echo $((6 * 7))';
    expect(await run(at, script)).toContain("--- stdout\nline 3\nline 2\n42\n");
    expect(await readFile(join(at.workspace, "lines.txt"), "utf8")).toBe("line 1\nline 2\nline 3\n");
  });

  test.each([
    ["echo $(id)", "id is not in the allowlist", "tools.command_policy.allowlist"],
    ['f() { cat "$1"; }; f /etc/passwd', "cannot be known before it runs", "tools.command_policy.mode"],
    ["cat ../config.json", "outside of the workspace", "tools.command_policy.mode"],
    ["cat <(ls)", "shells differ in <( )", "tools.command_policy"],
    ['s""udo ls', "matched pattern: sudo ", "tools.command_policy.denylist"],
  ])("refuses %s, and names the rule and the setting", async (command, rule, setting) => {
    const said = await run(await home(), command);
    expect(said).toContain(rule);
    expect(said).toContain(setting);
  });

  test("the status says what holds commands back, or what is missing", async () => {
    const at = await home();
    const { state, detail } = await sandboxOf(at);
    expect(state === "ok" ? detail : `${state} ${detail}`).toMatch(/^(Landlock ABI \d|bwrap \d|off .*: \w)/);
    expect((await weft(at, ["status", "--detailed"])).out).toContain(detail);
    const off = await home({ tools: { exec: { sandbox: "off" } } });
    expect(await sandboxOf(off)).toMatchObject({ state: "off", detail: "tools.exec.sandbox is off" });
  });

  test("in the sandbox a command sees neither keys nor conversations nor what is beside the workspace", async ({
    skip,
  }) => {
    const at = await home(anything);
    const { state, detail } = await sandboxOf(at);
    if (state !== "ok") return skip(detail);
    await mkdir(join(at.path, "beside"));
    await writeFile(join(at.path, "beside", "a.txt"), "canary-file");
    const command = [
      "cat ../config.json ../../beside/a.txt .weft/* journal/* sessions/* audit.jsonl",
      "tr '\\0' '\\n' < /proc/$PPID/environ",
      "echo x > ../../beside/b.txt; rm -rf journal sessions .weft; echo mine > mine.txt; cat mine.txt; echo $TMPDIR",
    ].join("; ");
    const said = await run(at, command, { BRAVE_API_KEY: "canary-key" });
    expect(said).toContain("mine\n");
    expect(said).not.toMatch(/canary|denylist/);
    expect(existsSync(join(at.path, "beside", "b.txt"))).toBe(false);
    expect(existsSync(/^\/\S+\/weft-[0-9a-f]+$/m.exec(said)?.[0] ?? "/")).toBe(false);
    expect(await weft(at, ["audit", "verify"])).toMatchObject({ code: 0 });
    expect((await weft(at, ["sessions", "list"])).out).toContain("cli:cli-session");
  });

  test("what is read-only is refused to redirections, and held against programs", async ({ skip }) => {
    const paths = { read_only: ["rules.md", "docs/kept"] };
    const at = await home({ tools: { ...anything.tools, paths } });
    await mkdir(join(at.workspace, "docs", "kept"), { recursive: true });
    const kept = [join(at.workspace, "rules.md"), join(at.workspace, "docs", "kept", "a.md")];
    for (const path of kept) await writeFile(path, "as it was\n");
    const refused = await run(at, "echo x > docs/kept/b.md");
    expect(refused).toContain('path may only be read (tools.paths.read_only has "docs/kept")');
    expect(refused).toContain("Rule: tools.paths.read_only");
    expect((await weft(at, ["why", "command", "echo x >> rules.md"])).code).toBe(6);
    const { state, detail } = await sandboxOf(at);
    if (state !== "ok") return skip(detail);
    const said = await run(
      at,
      "sed -i s/as/so/ rules.md; cd docs && mv kept gone; mv ../docs ../away; cp /dev/null kept/a.md; echo y > mine; cat mine ../rules.md kept/a.md; false",
    );
    expect(said).toContain("--- stdout\ny\nas it was\nas it was\n");
    expect(said).toContain("tools.paths.read_only");
    for (const path of kept) expect(await readFile(path, "utf8")).toBe("as it was\n");
    expect(existsSync(join(at.workspace, "docs", "kept", "b.md"))).toBe(false);
  });

  test("limits of the configuration hold", async ({ skip }) => {
    const at = await home({ tools: { ...anything.tools, exec: { limits: { file_mb: 1, open_files: 44 } } } });
    const { detail } = await sandboxOf(at);
    if (!detail.includes("limits")) return skip(detail);
    expect(await run(at, "ulimit -n; head -c 2000000 /dev/zero > big; wc -c < big")).toContain("44\n1048576\n");
  });

  test("where a sandbox is required, commands run in one or not at all", async () => {
    const at = await home({ tools: { exec: { sandbox: "require" } } });
    const { state } = await sandboxOf(at);
    expect(await run(at, "echo held")).toMatch(state === "ok" ? /\nheld\n/ : /tools\.exec\.sandbox is require/);
  });
});
