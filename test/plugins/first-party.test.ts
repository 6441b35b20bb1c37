import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { WasmGuest } from "../../src/core/wasm.ts";
import { nodeWasm } from "../../src/platform/node/wasm.ts";
import { parseManifest } from "../../src/plugins/manifest.ts";

const limits = { fuel: 1e9, deadlineMs: 10_000 };
const imports = ["http_request", "read_file", "write_file", "get_env", "log"];
const guests = new Map<string, WasmGuest>();
/** What the host answers to `http_request`. */
let web: (request: { readonly url: string }) => object = () => ({ ok: false, error: "no network" });

beforeAll(async () => {
  execFileSync(process.execPath, ["scripts/build-plugins.mjs", "--if-changed"]);
  for (const name of ["text-tools", "feeds"]) {
    const module = readFileSync(`dist/plugins/${name}/plugin.wasm`);
    const host = async (_: string, request: Uint8Array) =>
      new TextEncoder().encode(JSON.stringify(web(JSON.parse(new TextDecoder().decode(request)))));
    const options = { memoryBytes: 32 << 20, tableElements: 10_000, imports, limits, host };
    guests.set(name, await nodeWasm().start(module, options));
  }
}, 60_000);
afterAll(async () => {
  for (const guest of guests.values()) await guest.close();
});

async function ask(plugin: string, call: unknown): Promise<{ ok: boolean; text?: string; error?: string }> {
  const bytes = await guests.get(plugin)?.call("execute_tool", new TextEncoder().encode(JSON.stringify(call)), limits);
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
}

const texts = (name: string, params: object) => ask("text-tools", { name, params });

describe("text-tools", () => {
  test.each([
    ["", "0 lines, 0 words, 0 characters"],
    ["one two\nthree\n", "2 lines, 3 words, 14 characters"],
    ["grün 😀", "1 lines, 2 words, 6 characters"],
  ])("count of %j", async (text, counted) => {
    expect(await texts("count", { text })).toEqual({ ok: true, text: counted });
  });

  test("diff shows what was taken out and put in, with its line", async () => {
    const [before, after] = ["a\nb\nc\nd", "a\nx\nc\nd\ne"];
    expect((await texts("diff", { before, after })).text).toBe("-2 b\n+2 x\n+5 e");
    expect((await texts("diff", { before, after: before })).text).toBe("The texts are the same.");
    expect((await texts("diff", { before: "", after: "x" })).text).toBe("-1 \n+1 x");
  });

  test("CSV becomes JSON, with quotes, line ends in cells, and short rows", async () => {
    const csv = 'name,said\r\n"Ann, B.","she said ""hi""\nand left"\r\n\r\nBob\r\n';
    expect(JSON.parse((await texts("csv_to_json", { csv })).text ?? "")).toEqual([
      { name: "Ann, B.", said: 'she said "hi"\nand left' },
      { name: "Bob", said: "" },
    ]);
    const tabbed = await texts("csv_to_json", { csv: "a\tb\n1\t2", separator: "\t" });
    expect(JSON.parse(tabbed.text ?? "")).toEqual([{ a: "1", b: "2" }]);
    expect(await texts("csv_to_json", { csv: "" })).toMatchObject({ ok: false });
  });

  test("lines are sorted, and each is there once", async () => {
    const text = "b\na\nb\nc\n";
    expect((await texts("lines", { text, sort: true, unique: true })).text).toBe("a\nb\nc\n");
    expect((await texts("lines", { text, unique: true })).text).toBe("b\na\nc\n");
  });

  test("encodings go both ways for any text", async () => {
    const text = fc.string({ unit: "grapheme", maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(text, fc.constantFrom("base64", "hex", "url"), async (given, as) => {
        const encoded = (await texts("encode", { text: given, as })).text ?? "";
        if (as !== "url") expect(encoded).toBe(Buffer.from(given).toString(as as "hex"));
        else expect(decodeURIComponent(encoded)).toBe(given);
        expect(await texts("encode", { text: encoded, as, decode: true })).toEqual({ ok: true, text: given });
      }),
    );
    for (const [wrong, as] of [
      ["zz", "hex"],
      ["%4", "url"],
      ["a", "base64"],
      ["ff", "hex"],
      ["gICA", "base64"],
    ]) {
      expect(await texts("encode", { text: wrong, as, decode: true })).toMatchObject({ ok: false });
    }
  });

  test("what is missing is named, and no JSON at all breaks it", async () => {
    expect(await texts("count", {})).toEqual({ ok: false, error: "text must be a text" });
    expect(await ask("text-tools", { name: "nothing" })).toEqual({ ok: false, error: "there is no tool nothing" });
    const call = fc.oneof(
      fc.json().map((text) => JSON.parse(text)),
      fc.record({
        name: fc.constantFrom("count", "diff", "csv_to_json", "lines", "encode"),
        params: fc.dictionary(
          fc.constantFrom("text", "before", "after", "csv", "as", "decode", "separator"),
          fc.jsonValue(),
        ),
      }),
    );
    await fc.assert(
      fc.asyncProperty(call, async (given) => {
        expect((await ask("text-tools", given)).ok).toBeTypeOf("boolean");
      }),
    );
  });

  test("ten thousand calls need no more memory than one", async () => {
    const text = "some words\n".repeat(200);
    for (let i = 0; i < 10_000; i++) await texts("lines", { text, sort: true });
    expect((await texts("count", { text })).ok).toBe(true);
  }, 60_000);
});

describe("feeds", () => {
  const rss = `<?xml version="1.0"?><rss><channel><title>News</title>
    <item><title><![CDATA[First & <b>best</b>]]></title><link>https://a.example/1</link>
      <pubDate>Mon, 23 Nov 2026</pubDate><description>&lt;p&gt;It &amp;amp; that &#x2764;&lt;/p&gt;</description></item>
    <item><title>Second</title><link>https://a.example/2</link></item></channel></rss>`;
  const atom = `<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><entry><title type="html">One</title>
    <link rel="alternate" href="https://b.example/1?a=1&amp;b=2"/><updated>2026-11-23T10:00:00Z</updated>
    <summary>${"long ".repeat(100)}</summary></entry></feed>`;
  const read = async (body: string, params: object = {}) => {
    web = () => ({ ok: true, status: 200, headers: {}, body });
    return await ask("feeds", { name: "read", params: { url: "https://a.example/feed", ...params } });
  };

  test("RSS is read, without its marks", async () => {
    const { text } = await read(rss);
    expect(text).toContain("First & best\nMon, 23 Nov 2026\nhttps://a.example/1\nIt & that ❤");
    expect(text).toContain("\n\nSecond\nhttps://a.example/2");
    expect((await read(rss, { count: 1 })).text).not.toContain("Second");
  });

  test("Atom is read, and long summaries are cut", async () => {
    const { text = "" } = await read(atom);
    expect(text).toContain("One\n2026-11-23T10:00:00Z\nhttps://b.example/1?a=1&b=2\nlong long");
    expect(text.endsWith(" ...")).toBe(true);
  });

  test("what is no feed, a refusal and an error of the server are told", async () => {
    expect(await read("<html>hello</html>")).toMatchObject({ ok: false, error: expect.stringContaining("no RSS") });
    web = () => ({ ok: false, error: "the host is not on the plugin's list" });
    const params = { url: "https://a.example/" };
    expect(await ask("feeds", { name: "read", params })).toEqual({
      ok: false,
      error: "the host is not on the plugin's list",
    });
    web = () => ({ ok: true, status: 404, headers: {}, body: "" });
    expect(await ask("feeds", { name: "read", params })).toMatchObject({
      ok: false,
      error: expect.stringContaining("404"),
    });
    expect(await ask("feeds", { name: "read", params: {} })).toEqual({ ok: false, error: "url must be a text" });
  });

  test("broken XML of any kind is no trap", async () => {
    const piece = fc.constantFrom(
      "<item>",
      "</item>",
      "<title>",
      "</title",
      "<![CDATA[",
      "]]>",
      "&",
      "&#",
      ";",
      "<",
      ">",
      "x",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
        expect((await read(pieces.join(""))).ok).toBeTypeOf("boolean");
      }),
    );
  });
});

test.each(["text-tools", "feeds"])("%s describes what its manifest names", async (name) => {
  const path = `plugins/${name}/clawft.plugin.json`;
  const manifest = parseManifest(readFileSync(path, "utf8"), path);
  const described = JSON.parse(
    new TextDecoder().decode(await guests.get(name)?.call("describe", new Uint8Array(), limits)),
  ) as { tools: { name: string; effect: string; parameters: { type: string; required: string[] } }[] };
  expect(described.tools.map((tool) => tool.name)).toEqual(manifest.tools);
  for (const { parameters, effect } of described.tools) {
    expect([parameters.type, effect]).toEqual(["object", "read"]);
    expect(parameters.required.length).toBeGreaterThan(0);
  }
});

describe("the size gate", () => {
  const gate = (...args: string[]) =>
    spawnSync("bash", ["./scripts/bench/wasm-size-gate.sh", ...args], { encoding: "utf8" });

  test("passes with the limits of the page, and shows bytes", () => {
    const { status, stdout } = gate("-", "300", "120");
    expect(stdout).toMatch(/dist\/plugins\/text-tools\/plugin\.wasm +\d{5} +\d{4,5}/);
    expect(status).toBe(0);
  });

  test("fails over a limit, with the bytes and the limit; and on wrong usage", () => {
    const { status, stderr } = gate("-", "300", "1");
    expect(stderr).toMatch(/feeds\/plugin\.wasm has \d+ bytes packed, more than 1024 \(1 KB\)/);
    expect(status).toBe(1);
    expect(gate("-").status).toBe(2);
    expect(gate("/no/such/weft", "300", "120").status).toBe(2);
  });
});
