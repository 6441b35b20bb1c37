import * as fc from "fast-check";
import { expect, test } from "vitest";
import { knownKeys } from "../../src/config/edit.ts";
import { environmentOverrides, nested } from "../../src/config/overrides.ts";
import { camelCase, normalise, snakeCase } from "../../src/config/shape.ts";

test.each([
  ["maxTokens", "max_tokens"],
  ["apiKeyEnv", "api_key_env"],
  ["costPer1kTokens", "cost_per1k_tokens"],
  ["APIKey", "api_key"],
  ["already_snake", "already_snake"],
])("%s is %s", (camel, snake) => {
  expect(snakeCase(camel)).toBe(snake);
});

const key = fc.constantFrom(...knownKeys().filter((each) => !/per_1k|1k/.test(each)));

test("every key of the schema is found in both spellings, and lands at the same place", () =>
  fc.assert(
    fc.property(key, (name) => {
      const path = name.split(".");
      const snake = normalise(nested(path, "x"));
      const camel = normalise(nested(path.map(camelCase), "x"));
      expect(camel.value).toEqual(snake.value);
      expect(camel.unknown).toEqual([]);
    }),
  ));

test("a variable sets the key that it names, in any case", () =>
  fc.assert(
    fc.property(key, fc.boolean(), (name, upper) => {
      const words = name.split(".").join("__");
      const { value, unknown } = environmentOverrides({ [`CLAWFT__${upper ? words.toUpperCase() : words}`]: '"x"' });
      expect(unknown).toEqual([]);
      expect(Object.keys(value)).toEqual([name.split(".")[0]]);
    }),
  ));

const name = fc.string({ minLength: 1, maxLength: 20 }).filter((each) => each !== "__proto__");

test("names of data are never changed, whatever they look like", () =>
  fc.assert(
    fc.property(fc.dictionary(name, fc.string()), name, (headers, provider) => {
      const document = { providers: { [provider]: { extraHeaders: headers } } };
      const { value, unknown } = normalise(document);
      expect(value).toEqual({ providers: { [provider]: { extra_headers: headers } } });
      expect(unknown).toEqual([]);
    }),
  ));

test("what is not known is told, never thrown, and never kept", () =>
  fc.assert(
    fc.property(fc.jsonValue(), fc.string({ minLength: 1 }), (value, stranger) => {
      const { value: kept, unknown } = normalise({ gateway: { [`x-${stranger}`]: value as never } });
      expect(kept).toEqual({ gateway: {} });
      expect(unknown).toHaveLength(1);
    }),
  ));
