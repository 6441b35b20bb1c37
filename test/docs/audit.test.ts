import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { auditKinds } from "../../src/core/audit.ts";
import { nodePlatform } from "../../src/platform/node/platform.ts";
import { openAudit } from "../../src/security/audit.ts";
import { chainFiles } from "../../src/security/audit-chain.ts";
import { verifyChain } from "../../src/security/audit-verify.ts";

const hasPython = spawnSync("python3", ["--version"]).status === 0;
const platform = nodePlatform();
const sha256 = (bytes: Uint8Array) => platform.crypto.hash("sha256", bytes);

test("docs/audit.md has a line on each kind of entry", async () => {
  const text = await readFile("docs/audit.md", "utf8");
  const kinds = [...text.matchAll(/^\| `(\w+)` /gm)].map(([, kind]) => kind);
  expect(kinds).toEqual([...auditKinds]);
});

test.runIf(hasPython)("the script of docs/audit.md verifies what weft wrote, and finds what was changed", async () => {
  const root = await mkdtemp(join(tmpdir(), "weft-audit-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const script = /```python\n(.*?)```/s.exec(await readFile("docs/audit.md", "utf8"))?.[1] ?? "";
  await writeFile(join(root, "verify.py"), script);
  const warn = (text: string) => expect(text).toBe("");
  const timer = () => () => {};
  const options = { files: platform.files, sha256, root, now: platform.now, redact: String, warn, timer, stays: false };
  const audit = openAudit({ ...options, rotateBytes: 2000 });
  const odd = 'quotes " and \\ \u0001\u001f\u007f\u0080\n\t, \u2028, €, \u{1F600}, \ud800';
  for (let i = 0; i < 30; i++) {
    const detail = { [odd]: odd, list: [1, -5, true, null] };
    await audit.note({ kind: "tool", subject: `${odd}${i}`, outcome: "ok", detail, reason: odd, figures: { ms: i } });
  }
  await audit.close();
  const paths = await chainFiles(platform.files, root);
  expect(paths.length).toBeGreaterThan(2);
  const { head, problem } = await verifyChain({ files: platform.files, sha256, paths });
  expect(problem).toBeUndefined();
  const said = execFileSync("python3", [join(root, "verify.py"), ...paths], { encoding: "utf8" });
  expect(said).toBe(`${head.entries} entries, head ${Buffer.from(head.hash).toString("hex")}\n`);
  const [first = ""] = paths;
  await writeFile(first, (await readFile(first, "utf8")).replace('"ms":1', '"ms":2'));
  const found = spawnSync("python3", [join(root, "verify.py"), ...paths], { encoding: "utf8" });
  expect(found).toMatchObject({ status: 1, stderr: expect.stringContaining("entry 2 is not as it was written") });
});
