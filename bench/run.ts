// Measures weft on both engines beside an empty Node process in one run; `npm run bench`. `WEFT` names one other executable.
import { execFile, spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { command, freePort, type Gateway, gateway, type Home, newHome } from "../test/e2e/weft.ts";
import { built, inTurn, median, memoryOf, type Sample } from "./measure.ts";
import { loosest, strictest } from "./rules.ts";

const quick = process.argv.includes("--quick");
const engines = enginesHere();
let keys = 0;
/** A row's values in the order of `engines`; one alone stands for all. */
const rows: (readonly [what: string, ...values: string[]])[] = [];

const chatsProgram = built("chats");
const variants = quick ? [] : sizesOfVariants();
const mock = await startMock();
sizes();
await startUp();
await serving();
await throughput();
await growth();
await guarding();
mock.child.kill();
await print();

interface Engine {
  readonly name: string;
  readonly program: readonly string[];
}

function enginesHere(): Engine[] {
  if (process.env["WEFT"]) return [{ name: process.env["WEFT"], program: command }];
  const node = { name: "Node", program: command };
  return existsSync("dist/weft") ? [node, { name: "native", program: ["dist/weft"] }] : [node];
}

/** One value for each engine, one engine after the other. */
async function each<T>(measure: (engine: Engine) => Promise<T>): Promise<T[]> {
  const values: T[] = [];
  for (const engine of engines) values.push(await measure(engine));
  return values;
}

function sizes(): void {
  const bytes = engines.map(({ program }) => {
    const file = program.at(-1) ?? "";
    if (!file.endsWith(".js")) return statSync(file).size;
    return readdirSync(dirname(file)).reduce((sum, name) => sum + statSync(join(dirname(file), name)).size, 0);
  });
  rows.push(["size (Node: the bundle alone)", ...bytes.map((size) => `${(size / 1e6).toFixed(2)} MB`)]);
}

/** Each variant of the executable, made now. */
function sizesOfVariants(): string[] {
  if (!existsSync("dist/weft")) return [];
  const kinds = [
    ["default", "dist/weft", []],
    ["minimal", "dist/weft-minimal", ["--no-default-features"]],
    ["wasm-plugins", "dist/weft-wasm-plugins", ["--features=wasm-plugins"]],
  ] as const;
  return kinds.map(([name, file, flags]) => {
    const words = ["scripts/build-native.mjs", ...flags, `--out=${file}`, "--if-changed"];
    const made = spawnSync(process.execPath, words, { stdio: ["ignore", "ignore", "inherit"] });
    if (made.status !== 0) throw new Error(`the variant ${name} could not be built`);
    const bytes = readFileSync(file);
    return `| ${name} | ${bytes.length} | ${gzipSync(bytes, { level: 9 }).length} |`;
  });
}

async function startUp(): Promise<void> {
  const env = { PATH: process.env["PATH"] ?? "" };
  const nothing = { command: ["/bin/true"], env };
  const empty = { command: [process.execPath, "-e", "0"], env };
  const kinds = [["--version"], ["status"], ["agent", "-m", "ping"]];
  const homes = await each(() => newHome(configFor("mock-0")));
  const commands = kinds.flatMap((words) =>
    engines.map(({ program }, i) => ({ command: [...program, ...words], env: { ...env, HOME: homes[i]?.path ?? "" } })),
  );
  const [least, node, ...samples] = inTurn(built("launch"), [nothing, empty, ...commands], quick ? 5 : 25);
  const shown = (sample: Sample | undefined) => (sample ? `${ms(sample.ms)}, ${mb(sample.peakBytes)}` : "");
  rows.push(["/bin/true: what starting a process costs here", ms(least?.ms ?? 0)]);
  rows.push(["node -e 0", shown(node)]);
  for (const [kind, words] of kinds.entries()) {
    const values = engines.map((_, i) => shown(samples[kind * engines.length + i]));
    rows.push([words[0] === "agent" ? "weft agent -m, instant model" : `weft ${words.join(" ")}`, ...values]);
  }
  rows.push(["gateway ready", ...(await readyTimes(homes))]);
  for (const home of homes) await home.remove();
}

/** Medians, the engines in turn. */
async function readyTimes(homes: readonly Home[]): Promise<string[]> {
  const ready = built("ready");
  const times = engines.map((): number[] => []);
  for (let round = 0; round < (quick ? 3 : 15); round++) {
    for (const [i, { program }] of engines.entries()) {
      const words = [homes[i]?.path ?? "", process.env["PATH"] ?? "", `${await freePort()}`, ...program, "gateway"];
      times[i]?.push(Number((await promisify(execFile)(ready, words)).stdout));
    }
  }
  return times.map((values) => ms(median(values)));
}

async function serving(): Promise<void> {
  const turns = quick ? 500 : 5000;
  const requests = quick ? 2000 : 100_000;
  const measured = await each(async ({ program }) => {
    const home = await newHome(configFor("mock-0"));
    const server = await gateway(home, { program });
    const rss = () => mb(memoryOf(server.child.pid ?? 0, "VmRSS"));
    const idle = rss();
    await requestsAt(server, requests);
    const asked = rss();
    await turnsPerSecond(server, 16, turns);
    const first = rss();
    await turnsPerSecond(server, 16, turns);
    const second = rss();
    await server.stop();
    await home.remove();
    return { idle, asked, first, second };
  });
  rows.push(["gateway RSS, idle", ...measured.map(({ idle }) => idle)]);
  rows.push([`gateway RSS after ${requests} requests`, ...measured.map(({ asked }) => asked)]);
  rows.push([
    `and after ${turns} / ${turns * 2} turns`,
    ...measured.map(({ first, second }) => `${first} / ${second}`),
  ]);
}

async function requestsAt(server: Gateway, requests: number): Promise<void> {
  let left = requests;
  const client = async () => {
    while (left-- > 0) await (await fetch(`${server.url}/healthz`)).text();
  };
  await Promise.all(Array.from({ length: 16 }, client));
}

async function throughput(): Promise<void> {
  for (const delay of [0, 500]) {
    for (const chats of delay === 0 ? [1, 8, 64] : [8, 64]) {
      const turns = delay === 0 ? (quick ? 200 : 400) + chats * 20 : chats * 16;
      const rates = await each(async ({ program }) => {
        const home = await newHome(configFor(`mock-${delay}`));
        const server = await gateway(home, { program });
        await turnsPerSecond(server, chats, chats * 4);
        const rate = await turnsPerSecond(server, chats, turns);
        await server.stop();
        await home.remove();
        return rate;
      });
      const model = delay === 0 ? "an instant model" : `a model that takes ${delay} ms`;
      rows.push([`durable turns/s, ${chats} chat(s), ${model}`, ...rates.map((rate) => rate.toFixed(1))]);
      if (delay === 0) continue;
      const alone = await answersPerSecond(chats, turns, delay);
      rows.push([`that model alone, ${chats} client(s), answers/s`, alone.toFixed(1)]);
    }
  }
}

/** A turn's time in a session that has grown, warm, in one process with a fresh session. */
async function growth(): Promise<void> {
  const lengths = [0, 100, 10_000];
  const measured = await each(async ({ program }) => {
    const home = await newHome(configFor("mock-0"));
    for (const length of lengths) await writeSession(home, `grown${length}`, length);
    const server = await gateway(home, { program });
    const times = lengths.map((): number[] => []);
    for (let round = 0; round < (quick ? 40 : 150); round++) {
      for (const [i, length] of lengths.entries()) {
        const began = performance.now();
        await turn(server, `grown${length}`);
        if (round > 2) times[i]?.push(performance.now() - began);
      }
    }
    await server.stop();
    await home.remove();
    return times.map(median);
  });
  for (const [i, length] of lengths.entries()) {
    const values = measured.map((times) => {
      const [time = 0, empty = 0] = [times[i], times[0]];
      return `${time.toFixed(2)} ms (x ${(time / empty).toFixed(2)})`;
    });
    rows.push([`a turn in a session of ${length} messages`, ...values]);
  }
}

/** The same turn under the loosest rules and under the strictest that let it through, with and without a tool. */
async function guarding(): Promise<void> {
  for (const [model, what] of [
    ["mock-0", "a turn"],
    ["mock-tool", "a turn with a tool call, so two of the model"],
  ] as const) {
    const measured = await each(({ program }) => guarded(program, model));
    for (const [i, rules] of ["loosest", "strictest"].entries()) {
      const values = measured.map((times) => {
        const [time = 0, loose = 0] = [times[i], times[0]];
        return i === 0 ? `${time.toFixed(2)} ms` : `${time.toFixed(2)} ms (+ ${(time - loose).toFixed(2)} ms)`;
      });
      rows.push([`${what}: the ${rules} rules`, ...values]);
    }
  }
}

/** Medians, the two in turn. */
async function guarded(program: readonly string[], model: string): Promise<number[]> {
  const homes = await Promise.all(
    [loosest(), strictest(configFor(model).providers)].map((more) => newHome({ ...configFor(model), ...more })),
  );
  const servers: Gateway[] = [];
  for (const home of homes) {
    await mkdir(home.workspace, { recursive: true });
    await writeFile(join(home.workspace, "notes.md"), "a note\n".repeat(20));
    servers.push(await gateway(home, { program }));
  }
  const times = servers.map((): number[] => []);
  for (let round = 0; round < (quick ? 40 : 300); round++) {
    for (const [i, server] of servers.entries()) {
      const began = performance.now();
      await turn(server, `guarded${round}`);
      if (round > 5) times[i]?.push(performance.now() - began);
    }
  }
  for (const server of servers) await server.stop();
  for (const home of homes) await home.remove();
  return times.map(median);
}

async function writeSession(home: Home, session: string, messages: number): Promise<void> {
  if (messages === 0) return;
  const at = new Date(0).toISOString();
  const lines = [
    JSON.stringify({ _type: "metadata", created_at: at, updated_at: at, metadata: {}, last_consolidated: 0 }),
  ];
  for (let i = 0; i < messages; i++) {
    const role = i % 2 === 0 ? "user" : "assistant";
    lines.push(JSON.stringify({ role, content: `message ${i}: ${"a few words of talk ".repeat(5)}`, timestamp: at }));
  }
  const path = join(home.workspace, "sessions", `http%3A${session}.jsonl`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${lines.join("\n")}\n`);
}

async function turnsPerSecond(server: Gateway, chats: number, turns: number): Promise<number> {
  const words = [new URL(server.url).port, server.token, `${chats}`, `${turns}`, `bench-${keys++}`];
  const { stdout } = await promisify(execFile)(chatsProgram, words);
  return Number(stdout);
}

/** The same clients at the model itself: what no gateway can exceed on this machine. */
async function answersPerSecond(clients: number, answers: number, delay: number): Promise<number> {
  let left = answers;
  const body = JSON.stringify({ model: `mock-${delay}`, messages: [{ role: "user", content: "how are you?" }] });
  const began = performance.now();
  const client = async () => {
    while (left-- > 0)
      await (await fetch(`http://127.0.0.1:${mock.port}/v1/chat/completions`, { method: "POST", body })).text();
  };
  await Promise.all(Array.from({ length: clients }, client));
  return answers / ((performance.now() - began) / 1000);
}

async function turn(server: Gateway, session: string): Promise<void> {
  const headers = { "x-session-id": session, "idempotency-key": `bench-${keys++}` };
  const response = await server.post({ model: "weft", messages: [{ role: "user", content: "how are you?" }] }, headers);
  const answer = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${answer}`);
}

function configFor(model: string) {
  return {
    agents: { defaults: { model: `custom/${model}` }, limits: { concurrent_turns: 128, per_user: 128 } },
    providers: { custom: { api_base: `http://127.0.0.1:${mock.port}/v1`, api_key: "none" } },
    gateway: { rate_limit_rpm: 0 },
    log: { level: "warn" },
  };
}

async function startMock() {
  const child = spawn(built("model"), { stdio: ["ignore", "pipe", "inherit"] });
  const port = await new Promise<number>((resolve) =>
    child.stdout.once("data", (line: Buffer) => resolve(Number(line))),
  );
  return { child, port };
}

async function print(): Promise<void> {
  const where = `${cpus().length} x ${cpus()[0]?.model ?? "CPU"}, Node ${process.version}`;
  const names = engines.map(({ name }) => name);
  const lines = rows.map(([what, ...values]) => [what, ...names.map((_, i) => values[i] ?? "")]);
  const widths = ["What", ...names].map((name, column) =>
    Math.max(name.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const table = [line(["What", ...names]), line(widths.map((width) => "-".repeat(width))), ...lines.map(line)].join(
    "\n",
  );
  console.log(table);
  if (quick) return;
  const about =
    "Medians of one run, the engines in turn. Time includes starting the process; RAM is the peak of the process.";
  const day = new Date().toISOString().slice(0, 10);
  const native =
    variants.length > 0
      ? `\n${["| The executable | Bytes | gzip -9 |", "|---|---|---|", ...variants].join("\n")}\n`
      : "";
  const text = `# Results of \`npm run bench\`\n\n${day}, ${where}\n\n${about}\n\n${table}\n${native}`;
  await writeFile("bench/results.md", text);
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
