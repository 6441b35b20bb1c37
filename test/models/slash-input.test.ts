import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/core/json.ts";
import { parameterNames, slashInput } from "../../src/models/slash-input.ts";

const readFile = spec("read_file", { path: "string", offset: "integer", raw: "boolean", ranges: "array" }, ["path"]);
const editFile = spec("edit_file", { path: "string", old_text: "string", new_text: "string" }, ["path", "old_text"]);
const shell = spec("exec_shell", { command: "string", timeout: "number" }, ["command"]);

test.each<[string, JsonObject]>([
  ["path=notes.txt", { path: "notes.txt" }],
  ['path="my notes.txt" offset=3', { path: "my notes.txt", offset: 3 }],
  ["path='my notes.txt'  raw=true", { path: "my notes.txt", raw: true }],
  ['path="say \\"hi\\"\\n"', { path: 'say "hi"\n' }],
  ["path=a=b.txt", { path: "a=b.txt" }],
  ["path=", { path: "" }],
  ["path=my notes.txt", { path: "my notes.txt" }],
  ["notes.txt", { path: "notes.txt" }],
  ["my notes.txt", { path: "my notes.txt" }],
  ['"my notes.txt"', { path: "my notes.txt" }],
  ["", {}],
  ['{"path": "a", "offset": 1}', { path: "a", offset: 1 }],
  ["path=a offset=three raw=maybe", { path: "a", offset: "three", raw: "maybe" }],
  ["path=a ranges=[1,2]", { path: "a", ranges: [1, 2] }],
  ["path=a ranges=x,y", { path: "a", ranges: ["x", "y"] }],
  ["path=a ranges=[1,", { path: "a", ranges: "[1," }],
])("/read_file %s", (text, input) => {
  expect(slashInput(readFile, text)).toEqual({ input });
});

test.each<[string, JsonObject]>([
  ["ls -la", { command: "ls -la" }],
  ["command=ls -la", { command: "ls -la" }],
  ["A=1 ./run --b=2", { command: "A=1 ./run --b=2" }],
  ["A=1", { command: "A=1" }],
  ['command="ls -la" timeout=5', { command: "ls -la", timeout: 5 }],
])("/exec_shell %s", (text, input) => {
  expect(slashInput(shell, text)).toEqual({ input });
});

test.each<[string, RegExp]>([
  ["notes.txt hello", /cannot read “notes.txt hello” as name=value/],
  ["path=a old_txt=b", /no parameter old_txt. Did you mean old_text\?/],
  ['{"path": ', /not valid JSON/],
  ["{}x", /not valid JSON/],
])("/edit_file %s is not understood", (text, problem) => {
  expect(slashInput(editFile, text)).toMatchObject({ problem: expect.stringMatching(problem) });
});

test("any text survives being quoted", async () => {
  await fc.assert(
    fc.property(fc.string({ unit: "binary" }), (path) => {
      const quoted = `"${path.replaceAll(/["\\]/g, "\\$&")}"`;
      expect(slashInput(readFile, `path=${quoted}`)).toEqual({ input: { path } });
    }),
  );
});

test("a tool without a usable schema has no parameters", () => {
  const odd = { name: "x", description: "", input: { properties: [] as Json, required: "all" } };
  expect(parameterNames(odd)).toEqual({ required: [], optional: [] });
  expect(slashInput(odd, "hello")).toHaveProperty("problem");
});

function spec(name: string, types: Record<string, string>, required: string[]) {
  const properties = Object.fromEntries(Object.entries(types).map(([key, type]) => [key, { type }]));
  return { name, description: name, input: { type: "object", properties, required } };
}
