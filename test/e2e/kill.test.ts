import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { lastUserText, type Provider, provider, using } from "./provider.ts";
import { type Gateway, gateway, type Home, newHome } from "./weft.ts";

/** `WEFT_SEED=… WEFT_KILLS=…` repeats a run or shortens it. */
const seed = Number(process.env["WEFT_SEED"] ?? Date.now() % 1_000_000);
const kills = Number(process.env["WEFT_KILLS"] ?? 200);
const sessions = 20;

let home: Home;
let mock: Provider;
let server: Gateway | undefined;
afterAll(async () => {
  await server?.stop("SIGKILL");
  await mock?.close();
  await home?.remove();
});

test(`after ${kills} kills -9 every accepted message is answered exactly once (WEFT_SEED=${seed})`, {
  timeout: 900_000,
}, async () => {
  console.log(`kill test: WEFT_SEED=${seed} WEFT_KILLS=${kills}`);
  const random = mulberry32(seed);
  mock = await provider((asked) => {
    const last = asked.messages.at(-1);
    const text = lastUserText(asked);
    if (last?.role === "user" && /-[02468]$/.test(text)) {
      return { calls: [{ name: "write_file", input: { path: `${text}.txt`, content: text } }] };
    }
    return { text: `answer to ${text}` };
  });
  home = await newHome(using(mock, { gateway: { rate_limit_rpm: 0 } }));
  server = await gateway(home);
  const world = { gateway: server, ended: false };
  const talks = Array.from({ length: sessions }, (_, i) => converse(world, `s${i}`));
  for (let i = 0; i < kills; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5 + random() * 120));
    await world.gateway.stop("SIGKILL");
    server = world.gateway = await gateway(home);
  }
  world.ended = true;
  const sent = await Promise.all(talks);
  // One more life, so that what the last one left open is taken up; then a clean end.
  await quiet(world.gateway);
  expect(await world.gateway.stop("SIGTERM")).toBe(0);
  for (const [i, texts] of sent.entries()) await expectConversation(home, `s${i}`, texts);
  console.log(`kill test: ${sent.flat().length} messages in ${sessions} sessions survived ${kills} kills`);
});

/** Sends one message after the other, each until it is answered, with the same Idempotency-Key. */
async function converse(world: { gateway: Gateway; ended: boolean }, session: string): Promise<string[]> {
  const sent: string[] = [];
  while (!world.ended) {
    const text = `${session}-${sent.length}`;
    sent.push(text);
    const content = await untilAnswered(world, session, text);
    expect(content).toBe(`answer to ${text}`);
  }
  return sent;
}

async function untilAnswered(world: { gateway: Gateway }, session: string, text: string): Promise<string> {
  const body = { model: "weft", messages: [{ role: "user", content: text }] };
  for (;;) {
    try {
      const response = await world.gateway.post(body, { "x-session-id": session, "idempotency-key": `key-${text}` });
      const answer = (await response.json()) as {
        choices?: { message: { content: string } }[];
        error?: { message: string };
      };
      if (response.ok) return answer.choices?.[0]?.message.content ?? "";
      if (response.status !== 503) throw new Refused(`${response.status} ${answer.error?.message}`);
    } catch (error) {
      // The gateway was killed meanwhile: that is what this test is about.
      if (error instanceof Refused) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

class Refused extends Error {}

async function quiet(server: Gateway): Promise<void> {
  await expect
    .poll(async () => /weft_turns_running 0\b/.test(await (await server.get("/metrics")).text()), { timeout: 20_000 })
    .toBe(true);
}

interface Line {
  readonly _type?: string;
  readonly role: string;
  readonly content: string;
  readonly tool_calls?: readonly { readonly id: string }[];
  readonly tool_call_id?: string;
}

async function expectConversation(home: Home, session: string, texts: readonly string[]): Promise<void> {
  const folder = join(home.workspace, "sessions");
  const name = (await readdir(folder)).find((file) => file === `http%3A${session}.jsonl`);
  const raw = await readFile(join(folder, name ?? "missing"), "utf8");
  const lines: Line[] = [];
  for (const line of raw.split("\n").filter((text) => text !== "")) {
    // A line that a kill has torn stays in the file as it is; its entry stands whole behind it.
    try {
      lines.push(JSON.parse(line) as Line);
    } catch {
      expect(raw.endsWith(line)).toBe(false);
    }
  }
  const users = lines.filter(({ role }) => role === "user").map(({ content }) => content);
  expect(users).toEqual(texts);
  const answers = lines
    .filter(({ role, tool_calls }) => role === "assistant" && !tool_calls)
    .map(({ content }) => content);
  expect(answers).toEqual(texts.map((text) => `answer to ${text}`));
  const calls = lines.flatMap(({ tool_calls }) => tool_calls ?? []);
  const results = lines.filter(({ role }) => role === "tool");
  expect(results).toHaveLength(calls.length);
}

function mulberry32(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
