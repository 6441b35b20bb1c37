import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { LLMock } from "@copilotkit/aimock";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { command, type Gateway, gateway, type Home, newHome } from "../e2e/weft.ts";

/** The first two are what CI itself begins with; `npm run test:container` runs those of Docker, and docs/docker.md. */
const elsewhere = /^(npm (start|test)\b|docker |export )/;
const files = [
  "README.md",
  ...readdirSync("docs")
    .filter((name) => name.endsWith(".md") && name !== "docker.md")
    .map((name) => `docs/${name}`),
];

/** The commands in a document's `sh` blocks, lines joined where they are continued. */
function commandsOf(file: string): string[] {
  const blocks = [...readFileSync(file, "utf8").matchAll(/^```sh\n(.*?)^```/gms)].map((match) => match[1] ?? "");
  return blocks.flatMap((block) =>
    block
      .replaceAll("\\\n", " ")
      .split("\n")
      .filter((line) => line.trim() !== "" && !elsewhere.test(line)),
  );
}

describe("every command of the documents does what it says", () => {
  const mock = new LLMock({ port: 0 });
  let home: Home;
  let server: Gateway;
  beforeAll(async () => {
    mock.onMessage(/.*/, { content: "an answer" });
    await mock.start();
    home = await newHome();
    server = await gateway(await newHome());
  });
  afterAll(async () => {
    await server.stop();
    await mock.stop();
    await home.remove();
  });

  for (const file of files) {
    for (const line of commandsOf(file)) {
      test(`${file}: ${line.slice(0, 100)}`, async () => {
        // Files that commands make lie in the home of the test.
        const weft = command.map((word) => `'${existsSync(word) ? resolve(word) : word}'`).join(" ");
        const script = line
          .replace(/^npm run -s weft --/, weft)
          .replace(/^weft\b/, weft)
          .replace("http://127.0.0.1:18790", server.url)
          .replace(/^curl /, "curl --fail-with-body -sS ");
        const env = {
          PATH: process.env["PATH"],
          HOME: home.path,
          TOKEN: server.token,
          KEY: "sk-of-the-documents",
          CLAWFT__providers__ollama__api_base: mock.url,
        };
        expect(await run(script, env)).toEqual({ code: 0, err: "" });
      });
    }
  }
});

/** Standard error counts only when it failed. */
function run(script: string, env: NodeJS.ProcessEnv): Promise<{ code: unknown; err: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      "bash",
      ["-c", script],
      { env, cwd: String(env["HOME"]), timeout: 15_000 },
      (error, _, stderr) => {
        resolve(error ? { code: error.code ?? error.signal, err: stderr } : { code: 0, err: "" });
      },
    );
    child.stdin?.end();
  });
}
