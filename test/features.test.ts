import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Asked, provider, using } from "./e2e/provider.ts";
import { type Ended, newHome, weft } from "./e2e/weft.ts";

const out = "dist/without-features";
/** Said by the feature and nobody else. */
const marks = ["concurrency limit reached", "You are a sub-agent", "depth limit reached"];

function textOf(folder: string): string {
  return readdirSync(folder)
    .map((name) => readFileSync(`${folder}/${name}`, "utf8"))
    .join("\n");
}

beforeAll(() => {
  execFileSync(process.execPath, ["scripts/bundle.mjs", "--no-default-features", `--out=${out}`]);
});
afterAll(() => rmSync(out, { recursive: true, force: true }));

test("a build with a feature has it, a build without has nothing of it", () => {
  const [withIt, without] = [textOf("dist/node"), textOf(out)];
  for (const mark of marks) {
    expect(withIt).toContain(mark);
    expect(without).not.toContain(mark);
  }
});

test("what needs no sub-agents does not load them", () => {
  const loaded = new Set<string>();
  const follow = (name: string): string => {
    if (loaded.has(name)) return "";
    loaded.add(name);
    const text = readFileSync(`dist/node/${name}`, "utf8");
    return text + [...text.matchAll(/(?:from|import)"\.\/([^"]+)"/g)].map((match) => follow(match[1] ?? "")).join("");
  };
  const atStart = follow("weft.js");
  expect(loaded.size).toBeGreaterThan(2);
  for (const mark of marks) expect(atStart).not.toContain(mark);
});

test("a build without delegation says so to the model and to the user", async () => {
  const asked: Asked[] = [];
  const mock = await provider((question) => {
    asked.push(question);
    const last = question.messages.at(-1);
    if (last?.role === "tool") return { text: `heard: ${last.content}` };
    return { calls: [{ name: "delegate_task", input: { task: "x" } }] };
  });
  const home = await newHome(using(mock, { delegation: { max_turns: 3 } }));
  const run = (...args: string[]): Promise<Ended> =>
    weft(home, args, { program: [process.execPath, `${out}/weft.js`] });
  try {
    const made = "This build of weft was made without the feature `delegation`";
    const byModel = await run("agent", "-m", "delegate this");
    expect(byModel.out).toContain(`heard: Error: tool not found: delegate_task. ${made}`);
    expect(byModel.err).toContain("delegation is configured, but this build of weft was made without it");
    expect(JSON.stringify(asked[0]?.tools)).not.toContain("delegate_task");
    expect((await run("agent", "-m", "/delegate_task task=x")).out).toContain(made);
    expect((await run("agent", "-m", "/agents")).out).toContain(made);
    expect((await run("status", "--detailed")).out).toMatch(/features: none/);
  } finally {
    await mock.close();
    await home.remove();
  }
});
