import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../e2e/weft.ts";
import { clone } from "./clone.ts";
import { binaryName, run } from "./docker.ts";

/** What the page promises of a command's output. Each row must fit at least one command. */
const promised: readonly (readonly [RegExp, RegExp])[] = [
  [/--version$/, /^weft \d+\.\d+\.\d+\n$/],
  [/agent -m "?ping"?$/, /^pong/],
  [/docker logs weft$/, /gateway is running: http:\/\/[\s\S]*token +[0-9a-f]{64} \(new/],
  [/weft weft status$/, /^weft \S+: ready \(gateway at /],
  [/weft status --detailed$/, /journal +ok/],
  [/readyz$/, /"ready":true/],
  [/config check$/, /config\.json/],
  [/config path$/, /^\/etc\/weft\.json\n$/],
  [/model=ollama\/llama3\.2 clawft:local status$/, /Model: ollama\/llama3\.2/],
  [/OPENAI_API_KEY(_FILE)?=\S+ clawft:local status$/, /Model: openai\//],
  [/sessions list$/, /cli:cli-session/],
  [/compose ps$/, /\(healthy\)/],
  [/-m "\/help"$/, /\/stop/],
  [/id clawft:slim$/, /^uid=1000\(weft\)/],
];

let folder: Awaited<ReturnType<typeof clone>>;
let port: number;

beforeAll(async () => {
  folder = await clone();
  port = await freePort();
  const compose = join(folder.path, "compose.yaml");
  writeFileSync(compose, readFileSync(compose, "utf8").replace("127.0.0.1:18790:", `127.0.0.1:${port}:`));
});

afterAll(() => folder?.remove());

const commands = ["docs/docker.md", "README.md"].flatMap((file) =>
  commandsOf(file)
    .filter((command) => file === "docs/docker.md" || /\bdocker\b/.test(command))
    .map((command) => ({ file, command })),
);

for (const { file, command } of commands) {
  test(`${file}: ${command.slice(0, 110)}`, { timeout: 1_500_000 }, async () => {
    const { code, out, err } = await run("bash", ["-euc", here(command)], { cwd: folder.path });
    expect({ code, err: code === 0 ? "" : err }).toEqual({ code: 0, err: "" });
    for (const [of, output] of promised) if (of.test(command)) expect(out + err).toMatch(output);
  });
}

test("each promise belongs to a command", () => {
  expect(promised.filter(([of]) => !commands.some(({ command }) => of.test(command)))).toEqual([]);
});

/** The commands of a document's `sh` blocks: continued lines joined, with the text that follows `<<'END'`. */
function commandsOf(file: string): string[] {
  const blocks = [...readFileSync(file, "utf8").matchAll(/^```sh\n(.*?)^```/gms)].map((match) => match[1] ?? "");
  return blocks.flatMap((block) => block.match(/^.*<<'END'\n[\s\S]*?^END$|^(?:.*\\\n)*.+$/gm) ?? []);
}

/** The same with a port that is free on this machine, and the executable that is under test. */
function here(command: string): string {
  if (command === "npm run -s build:native") {
    mkdirSync(join(folder.path, "dist"), { recursive: true });
    copyFileSync(process.env["WEFT"] ?? "dist/weft", join(folder.path, "dist/weft"));
    return "true";
  }
  return command.replaceAll("127.0.0.1:18790", `127.0.0.1:${port}`).replaceAll("weft-linux-x86_64", binaryName);
}
