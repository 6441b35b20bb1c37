import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Platform } from "../../src/core/platform.ts";
import { memoryPlatform } from "../../src/platform/memory.ts";
import { openLedger } from "../../src/spending/ledger.ts";
import type { Charge, LedgerRecord } from "../../src/spending/records.ts";
import { noCounts } from "../../src/spending/records.ts";
import { spendingReport } from "../../src/spending/report.ts";
import { amountIn, type SpendState } from "../../src/spending/state.ts";

type Files = Platform["files"];

const folder = "/w/spend";
const open = (files: Files, rotateBytes = 1e9, warnings: string[] = []) =>
  openLedger({ files, folder, now: () => 1, warn: (text) => void warnings.push(text), rotateBytes });

const days = ["2026-10-31", "2026-11-01", "2026-11-02"];
const charge = fc.record({
  day: fc.constantFrom(...days),
  user: fc.constantFrom("ann", "bob", "__proto__"),
  channel: fc.constantFrom("http", "cli"),
  agent: fc.constantFrom("main", "sub-agent"),
  model: fc.constantFrom("a/b", "a/c"),
});

interface Step {
  readonly charge: Charge;
  readonly held: number;
  readonly cost: number;
  /** Never: the process ends before. */
  readonly settles: boolean;
}

const steps = fc.array(fc.record({ charge, held: fc.nat(1_000_000), cost: fc.nat(1_000_000), settles: fc.boolean() }), {
  maxLength: 12,
});

function recordsOf(all: readonly Step[], from = 0): LedgerRecord[] {
  return all.flatMap((step, index): LedgerRecord[] => {
    const id = `r${from + index}`;
    const reserve: LedgerRecord = { t: "reserve", id, turn: "t", at: 1, ...step.charge, nano: step.held };
    const settle: LedgerRecord = { t: "settle", id, at: 2, ...step.charge, ...noCounts, calls: 1, nano: step.cost };
    return step.settles ? [reserve, settle] : [reserve];
  });
}

/** The state is asked for at the record number `asked`, beside the writing. */
async function writeAll(files: Files, records: readonly LedgerRecord[], rotateBytes?: number, asked = -1) {
  const ledger = await open(files, rotateBytes);
  // Two at a time, so that some wait while others are written and folded.
  for (let i = 0; i < records.length; i += 2) {
    const pair = records.slice(i, i + 2);
    const looks = asked === i || asked === i + 1 ? [ledger.state()] : [];
    await Promise.all([
      ...pair.map((record) => ledger.write(record).then(() => (record.t === "reserve" ? ledger.sync() : undefined))),
      ...looks,
    ]);
  }
  return ledger;
}

/** What was spent in the end: the cost, or what was held when nobody knows it. */
const totalOf = (all: readonly Step[], isIt: (step: Step) => boolean = () => true) =>
  all.filter(isIt).reduce((sum, { settles, cost, held }) => sum + (settles ? cost : held), 0);

function expectSound({ sums, held }: SpendState) {
  for (const amounts of [sums, held]) {
    for (const scopes of amounts.values()) for (const nano of scopes.values()) expect(nano).toBeGreaterThan(0);
  }
}

test("the sums after any number of lives are those of all records, whenever files were folded", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 4 }), fc.nat(3000), async (lives, rotateBytes) => {
      const { files } = memoryPlatform();
      let written = 0;
      for (const life of lives) {
        // No close: a process that is killed.
        await writeAll(files, recordsOf(life, written), rotateBytes);
        written += life.length;
      }
      const all = lives.flat();
      const state = await (await open(files, rotateBytes)).state();
      expectSound(state);
      expect(state.held.get("2026-11")?.size ?? 0).toBe(0);
      for (const user of ["ann", "bob", "__proto__"]) {
        const isHis = (step: Step) => step.charge.user === user && step.charge.day === "2026-11-02";
        expect(amountIn(state.sums, "2026-11-02", `user:${user}`)).toBe(totalOf(all, isHis));
      }
      const november = (step: Step) => step.charge.day.startsWith("2026-11");
      expect(amountIn(state.sums, "2026-11", "global")).toBe(totalOf(all, november));
      for (const by of ["user", "day", "model", "agent", "channel"] as const) {
        const report = await spendingReport({ files, folder, by });
        expect(report.total).toMatchObject({ nano: totalOf(all), calls: all.length });
        expect(report.rows.reduce((sum, { nano }) => sum + nano, 0)).toBe(report.total.nano);
      }
      const later = await spendingReport({ files, folder, by: "day", since: "2026-11-01" });
      expect(later.total.nano).toBe(totalOf(all, november));
    }),
    { numRuns: 60 },
  );
});

test("the sums are the same whenever they are first asked for", async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.nat(24), fc.nat(3000), async (life, asked, rotateBytes) => {
      const { files } = memoryPlatform();
      const all = life.map((step) => ({ ...step, settles: true }));
      const ledger = await writeAll(files, recordsOf(all), rotateBytes, asked);
      const november = (step: Step) => step.charge.day.startsWith("2026-11");
      const running = await ledger.state();
      expectSound(running);
      expect(amountIn(running.sums, "2026-11", "global")).toBe(totalOf(all, november));
      await ledger.close();
      const state = await (await open(files, rotateBytes)).state();
      expect(amountIn(state.sums, "2026-11", "global")).toBe(totalOf(all, november));
    }),
    { numRuns: 100 },
  );
});

test("a file cut at any byte is read: no money is negative, nothing settled before the cut is forgotten", async () => {
  const { files } = memoryPlatform();
  const day = "2026-11-02";
  const one = { day, user: "ann", channel: "http", agent: "main", model: "a/b" };
  const life: Step[] = [
    { charge: one, held: 500, cost: 100, settles: true },
    { charge: one, held: 700, cost: 0, settles: false },
    { charge: one, held: 900, cost: 901, settles: true },
  ];
  await (await writeAll(files, recordsOf(life))).close();
  const path = `${folder}/00000001.jsonl`;
  const whole = await files.read(path);
  const lines = new TextDecoder().decode(whole).split("\n");
  for (let cut = 0; cut <= whole.length; cut++) {
    const torn = memoryPlatform().files;
    await torn.makeDirectory(folder);
    await torn.write(path, whole.slice(0, cut));
    const warnings: string[] = [];
    const state = await (await open(torn, 1e9, warnings)).state();
    expectSound(state);
    const left = new TextDecoder().decode(whole.slice(0, cut)).split("\n").length - 1;
    const settledIds = new Set(
      lines.slice(0, left).flatMap((line) => (line.includes('"settle"') ? JSON.parse(line).id : [])),
    );
    const reserved = lines.slice(0, left).flatMap((line) => (line.includes('"reserve"') ? [JSON.parse(line).id] : []));
    const expected = reserved.reduce((sum, id: string) => {
      const step = life[Number(id.slice(1))];
      return sum + ((settledIds.has(id) ? step?.cost : step?.held) ?? 0);
    }, 0);
    expect([cut, amountIn(state.sums, day, "global")]).toEqual([cut, expected]);
    expect(warnings).toEqual([]);
    // The next life reads the same.
    expect(amountIn((await (await open(torn)).state()).sums, day, "global")).toBe(expected);
  }
});

test("a fold that a crash has cut between any two writes counts nothing twice and forgets nothing", async () => {
  const one = { day: "2026-11-02", user: "ann", channel: "http", agent: "main", model: "a/b" };
  const life = recordsOf(Array.from({ length: 5 }, () => ({ charge: one, held: 9, cost: 7, settles: true })));
  for (let survives = 0; survives < 8; survives++) {
    const { files } = memoryPlatform();
    await writeAll(files, life);
    let left = survives;
    const dying = <T>(act: () => Promise<T>) => (left-- > 0 ? act() : new Promise<T>(() => {}));
    const mortal: Files = {
      ...files,
      write: (...words) => dying(() => files.write(...words)),
      remove: (path) => dying(() => files.remove(path)),
    };
    await Promise.race([open(mortal, 1), new Promise((resolve) => setTimeout(resolve, 5))]);
    const report = () => spendingReport({ files, folder, by: "user" });
    expect((await report()).total).toMatchObject({ nano: 35, calls: 5 });
    const state = await (await open(files, 1)).state();
    expect(amountIn(state.sums, "2026-11", "global")).toBe(35);
    expect((await report()).total).toMatchObject({ nano: 35, calls: 5 });
  }
});

test("lines that cannot be read are told, a copy is kept, and the rest counts", async () => {
  const { files } = memoryPlatform();
  const one = { day: "2026-11-02", user: "ann", channel: "http", agent: "main", model: "a/b" };
  const good = recordsOf([{ charge: one, held: 9, cost: 7, settles: true }]).map((record) => JSON.stringify(record));
  const bad = ["nonsense", '{"t":"settle","nano":-5}', '{"t":"reserve","id":"x","nano":1.5}', "[]", ""];
  await files.makeDirectory(folder);
  await files.write(`${folder}/00000001.jsonl`, new TextEncoder().encode(`${[good[0], ...bad, good[1]].join("\n")}\n`));
  const warnings: string[] = [];
  const state = await (await open(files, 1e9, warnings)).state();
  expect(amountIn(state.sums, "2026-11", "global")).toBe(7);
  expect(warnings).toEqual([expect.stringContaining("5 line(s) cannot be read")]);
  expect(await files.stat(`${folder}/damaged-00000001.jsonl`)).toBeDefined();
});

test("many calls make few files, and starting again reads little", async () => {
  const { files } = memoryPlatform();
  const one = { day: "2026-11-02", user: "ann", channel: "http", agent: "main", model: "a/b" };
  const life = recordsOf(Array.from({ length: 2000 }, () => ({ charge: one, held: 9, cost: 7, settles: true })));
  await (await writeAll(files, life, 20_000)).close();
  const names = (await files.list(folder)).map(({ name }) => name);
  expect(names).toHaveLength(2);
  const sizes = await Promise.all(names.map(async (name) => (await files.stat(`${folder}/${name}`))?.bytes ?? 0));
  expect(Math.max(...sizes)).toBeLessThan(45_000);
  expect((await spendingReport({ files, folder, by: "user" })).total).toMatchObject({ nano: 14_000, calls: 2000 });
});
