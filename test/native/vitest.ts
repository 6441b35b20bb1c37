/** As much of vitest as the contract suites use, for the native engine. Prints one JSON line for each test. */

type Body = () => unknown;
interface Case {
  readonly name: string;
  readonly body: Body;
  readonly each: readonly Body[];
}

const cases: Case[] = [];
const path: string[] = [];
let finishing: Body[] = [];

function suite(name: string, body: () => void): void {
  path.push(name);
  body();
  path.pop();
}

function add(name: string, body: Body): void {
  cases.push({ name: [...path, name].join(" > "), body, each: [] });
}

function withRows<T>(define: (name: string, body: () => unknown) => void) {
  return (rows: readonly T[]) => (name: string, body: (...row: unknown[]) => unknown) => {
    for (const row of rows) {
      const values = Array.isArray(row) ? row : [row];
      let index = 0;
      const named = name.replace(/%[sdj]/g, () => String(values[index++]));
      define(named, () => body(...values));
    }
  };
}

const nothing = () => {};
export const describe = Object.assign(suite, {
  runIf: (yes: boolean) => (yes ? suite : nothing),
  each: withRows(suite as (name: string, body: () => unknown) => void),
});
export const test = Object.assign(add, { runIf: (yes: boolean) => (yes ? add : nothing), each: withRows(add) });

export function onTestFinished(task: Body): void {
  finishing.push(task);
}

export interface Result {
  readonly name: string;
  readonly error?: string;
}

/** Runs what was defined, one after the other; none may take longer. */
export async function runTests(report: (result: Result) => void, mostMs: number): Promise<void> {
  for (const { name, body } of cases) {
    finishing = [];
    let timer: number | undefined;
    try {
      const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`not done after ${mostMs} ms`)), mostMs) as unknown as number;
      });
      await Promise.race([body(), late]);
      report({ name });
    } catch (thrown) {
      const error =
        thrown instanceof Error ? `${thrown.name}: ${thrown.message}\n${thrown.stack ?? ""}` : String(thrown);
      report({ name, error });
    } finally {
      clearTimeout(timer);
      for (const task of finishing) await task();
    }
  }
}

const matcher = Symbol("matcher");
interface Matcher {
  readonly [matcher]: (value: unknown) => boolean;
  readonly shown: string;
}

function isMatcher(value: unknown): value is Matcher {
  return typeof value === "object" && value !== null && matcher in value;
}

/** `partly`: objects may have more than what is expected. */
function fits(actual: unknown, expected: unknown, partly: boolean): boolean {
  if (isMatcher(expected)) return expected[matcher](actual);
  if (Object.is(actual, expected)) return true;
  if (typeof actual !== "object" || typeof expected !== "object" || actual === null || expected === null) return false;
  if (Array.isArray(expected) || ArrayBuffer.isView(expected)) {
    const [a, b] = [actual as ArrayLike<unknown>, expected as unknown as ArrayLike<unknown>];
    return a.length === b.length && Array.from(b).every((each, index) => fits(a[index], each, partly));
  }
  const wanted = Object.entries(expected).filter(([, value]) => value !== undefined);
  const given = Object.entries(actual).filter(([, value]) => value !== undefined);
  if (!partly && given.length !== wanted.length) return false;
  return wanted.every(([key, value]) => fits((actual as Record<string, unknown>)[key], value, partly));
}

function shown(value: unknown): string {
  if (isMatcher(value)) return value.shown;
  if (value instanceof Error) return `${value.name}(${JSON.stringify(value.message)}) ${JSON.stringify(value)}`;
  return typeof value === "string" ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value)).slice(0, 500);
}

function check(actual: unknown, negated: boolean) {
  const hold = (yes: boolean, what: string) => {
    if (yes === negated) throw new Error(`expected ${shown(actual)} ${negated ? "not " : ""}${what}`);
  };
  return {
    toBe: (expected: unknown) => hold(Object.is(actual, expected), `to be ${shown(expected)}`),
    toEqual: (expected: unknown) => hold(fits(actual, expected, false), `to equal ${shown(expected)}`),
    toMatchObject: (expected: unknown) => hold(fits(actual, expected, true), `to match ${shown(expected)}`),
    toHaveLength: (length: number) =>
      hold((actual as ArrayLike<unknown>).length === length, `to have length ${length}`),
    toBeDefined: () => hold(actual !== undefined, "to be defined"),
    toContain: (part: unknown) => hold((actual as unknown[]).includes(part), `to contain ${shown(part)}`),
    toMatch: (pattern: RegExp) => hold(pattern.test(String(actual)), `to match ${pattern}`),
    toBeGreaterThan: (least: number) => hold((actual as number) > least, `to be more than ${least}`),
    toBeGreaterThanOrEqual: (least: number) => hold((actual as number) >= least, `to be at least ${least}`),
    toBeLessThan: (most: number) => hold((actual as number) < most, `to be less than ${most}`),
    toBeLessThanOrEqual: (most: number) => hold((actual as number) <= most, `to be at most ${most}`),
    toBeInstanceOf: (type: new (...args: never[]) => unknown) => hold(actual instanceof type, `to be a ${type.name}`),
    toThrow(pattern?: RegExp | string | (new (...args: never[]) => unknown)) {
      let thrown: unknown;
      let threw = false;
      try {
        (actual as Body)();
      } catch (error) {
        [thrown, threw] = [error, true];
      }
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      const right =
        pattern === undefined ||
        (typeof pattern === "string"
          ? message.includes(pattern)
          : pattern instanceof RegExp
            ? pattern.test(message)
            : thrown instanceof pattern);
      hold(threw && right, `to throw ${String(pattern ?? "")}, not ${message}`);
    },
  };
}

type Checks = ReturnType<typeof check>;

/** The checks on what a promise came to. */
function later(settle: () => Promise<unknown>) {
  const on = (negated: boolean) =>
    new Proxy({} as { [K in keyof Checks]: (...args: Parameters<Checks[K]>) => Promise<void> }, {
      get:
        (_, name: keyof Checks) =>
        async (...args: never[]) => {
          const value = await settle();
          const given = name === "toThrow" ? () => raise(value) : value;
          (check(given, negated)[name] as (...all: never[]) => void)(...args);
        },
    });
  return Object.assign(on(false), { not: on(true) });
}

function raise(value: unknown): never {
  throw value;
}

export const expect = Object.assign(
  (actual: unknown) => ({
    ...check(actual, false),
    not: check(actual, true),
    resolves: later(async () => await actual),
    rejects: later(async () => {
      const settled = await Promise.resolve(actual).then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      );
      if ("error" in settled) return settled.error;
      throw new Error(`expected a rejection, not ${shown(settled.value)}`);
    }),
  }),
  {
    stringContaining: (part: string): Matcher => ({
      [matcher]: (value) => typeof value === "string" && value.includes(part),
      shown: `a text with ${JSON.stringify(part)}`,
    }),
    stringMatching: (pattern: RegExp): Matcher => ({
      [matcher]: (value) => typeof value === "string" && pattern.test(value),
      shown: String(pattern),
    }),
    any: (type: (...args: never[]) => unknown): Matcher => ({
      [matcher]: (value) => value !== undefined && value !== null && Object(value) instanceof (type as never),
      shown: `any ${type.name}`,
    }),
    objectContaining: (expected: object): Matcher => ({
      [matcher]: (value) => fits(value, expected, true),
      shown: shown(expected),
    }),
  },
);
