// Measures weft beside an empty Node process in one run and prints ratios; `npm run bench`. `WEFT` names another executable.
import { spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { command, type Gateway, gateway, type Home, newHome } from "../test/e2e/weft.ts";
import { inTurn, median, memoryOf } from "./measure.ts";

const quick = process.argv.includes("--quick");
let keys = 0;
const rows: (readonly [what: string, value: string, ratio: string])[] = [];

const mock = await startMock();
await startUp();
await serving();
await throughput();
await growth();
mock.child.kill();
await print();

async function startUp(): Promise<void> {
  const home = await newHome(configFor("mock-0"));
  const env = { PATH: process.env["PATH"] ?? "", HOME: home.path };
  const weft = (...args: string[]) => ({ command: [...command, ...args], env });
  const empty = { command: [process.execPath, "-e", "0"], env };
  const commands = [empty, weft("--version"), weft("status"), weft("agent", "-m", "ping")];
  const [node, version, status, turn] = await inTurn(commands, quick ? 5 : 15);
  if (!node || !version || !status || !turn) throw new Error("no samples");
  rows.push(["node -e 0", `${ms(node.ms)}, ${mb(node.peakBytes)}`, "1.00"]);
  rows.push(["weft --version", `${ms(version.ms)}, ${mb(version.peakBytes)}`, ratio(version.ms, node.ms)]);
  rows.push(["weft status", `${ms(status.ms)}, ${mb(status.peakBytes)}`, ratio(status.ms, node.ms)]);
  rows.push(["weft agent -m, instant model", `${ms(turn.ms)}, ${mb(turn.peakBytes)}`, ratio(turn.ms, node.ms)]);
  await home.remove();
}

async function serving(): Promise<void> {
  const home = await newHome(configFor("mock-0"));
  const began = performance.now();
  const server = await gateway(home);
  rows.push(["gateway ready", ms(performance.now() - began), ""]);
  rows.push(["gateway RSS, idle", mb(memoryOf(server.child.pid ?? 0, "VmRSS")), ""]);
  const turns = quick ? 500 : 5000;
  await turnsPerSecond(server, 16, turns);
  const first = memoryOf(server.child.pid ?? 0, "VmRSS");
  await turnsPerSecond(server, 16, turns);
  const second = memoryOf(server.child.pid ?? 0, "VmRSS");
  rows.push([`gateway RSS after ${turns} / ${turns * 2} turns`, `${mb(first)} / ${mb(second)}`, ratio(second, first)]);
  await server.stop();
  await home.remove();
}

async function throughput(): Promise<void> {
  for (const delay of [0, 500]) {
    for (const chats of delay === 0 ? [1, 8, 64] : [8, 64]) {
      const home = await newHome(configFor(`mock-${delay}`));
      const server = await gateway(home);
      const turns = delay === 0 ? (quick ? 200 : 400) + chats * 20 : chats * 16;
      await turnsPerSecond(server, chats, chats * 4);
      const rate = await turnsPerSecond(server, chats, turns);
      if (delay > 0) {
        const alone = await answersPerSecond(chats, turns, delay);
        rows.push([`the ${delay} ms model alone, ${chats} client(s), answers/s`, alone.toFixed(2), "1.00"]);
        rows.push([`durable turns/s, ${chats} chat(s), ${delay} ms model`, rate.toFixed(2), ratio(rate, alone)]);
      } else rows.push([`durable turns/s, ${chats} chat(s), instant model`, rate.toFixed(1), ""]);
      await server.stop();
      await home.remove();
    }
  }
}

/** A turn's time in a session that has grown, warm, in one process with a fresh session. */
async function growth(): Promise<void> {
  const home = await newHome(configFor("mock-0"));
  const sizes = [0, 100, 10_000];
  for (const size of sizes) await writeSession(home, `grown${size}`, size);
  const server = await gateway(home);
  const times = sizes.map((): number[] => []);
  for (let round = 0; round < (quick ? 40 : 150); round++) {
    for (const [i, size] of sizes.entries()) {
      const began = performance.now();
      await turn(server, `grown${size}`);
      if (round > 2) times[i]?.push(performance.now() - began);
    }
  }
  const empty = median(times[0] ?? []);
  for (const [i, size] of sizes.entries()) {
    const time = median(times[i] ?? []);
    rows.push([`a turn in a session of ${size} messages`, `${time.toFixed(2)} ms`, ratio(time, empty)]);
  }
  await server.stop();
  await home.remove();
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
  let left = turns;
  const began = performance.now();
  const chat = async (session: string) => {
    while (left-- > 0) await turn(server, session);
  };
  await Promise.all(Array.from({ length: chats }, (_, i) => chat(`chat${i}`)));
  return turns / ((performance.now() - began) / 1000);
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

function configFor(model: string): object {
  return {
    agents: { defaults: { model: `custom/${model}` }, limits: { concurrent_turns: 128, per_user: 128 } },
    providers: { custom: { api_base: `http://127.0.0.1:${mock.port}/v1`, api_key: "none" } },
    gateway: { rate_limit_rpm: 0 },
    log: { level: "warn" },
  };
}

async function startMock() {
  const child = spawn(process.execPath, ["bench/mock-model.ts"], { stdio: ["ignore", "pipe", "inherit"] });
  const port = await new Promise<number>((resolve) =>
    child.stdout.once("data", (line: Buffer) => resolve(Number(line))),
  );
  return { child, port };
}

async function print(): Promise<void> {
  const width = Math.max(...rows.map(([what]) => what.length));
  const where = `${cpus().length} x ${cpus()[0]?.model ?? "CPU"}, Node ${process.version}, \`${command.map((word) => word.split("/").slice(-2).join("/")).join(" ")}\``;
  const table = rows
    .map(([what, value, against]) => `| ${what.padEnd(width)} | ${value.padEnd(18)} | ${against} |`)
    .join("\n");
  const head = `| ${"What".padEnd(width)} | ${"Median".padEnd(18)} | Ratio |\n|${"-".repeat(width + 2)}|${"-".repeat(20)}|-------|`;
  console.log(`${head}\n${table}`);
  if (quick) return;
  const text = `# Results of \`npm run bench\`\n\n${new Date().toISOString().slice(0, 10)}, ${where}\n\nRatios are against the first row of the kind, measured in turns in one run.\n\n${head}\n${table}\n`;
  await writeFile("bench/results.md", text);
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function ratio(a: number, b: number): string {
  return (a / b).toFixed(2);
}
