import { describe, expect, test } from "vitest";
import type { Door, DoorRequest } from "../../src/core/door.ts";
import { workspace } from "./workspace.ts";

/** A door behind which every address gives this. */
function doorTo(body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>, type = "text/html", status = 200) {
  const asked: ({ readonly url: string } & DoorRequest)[] = [];
  const door: Door["fetch"] = async (_, url, request) => {
    asked.push({ url, ...request });
    return { response: new Response(body, { status, headers: type === "" ? {} : { "content-type": type } }), url };
  };
  return { door, asked };
}

describe("web_fetch", () => {
  test("a page becomes Markdown, without what only browsers need", async () => {
    const html = `<!doctype html><html><head><title>T</title><script>steal()</script><style>p{}</style></head>
      <body><nav>menu</nav><main><h1>News</h1><p>A <b>bold</b> step, see <a href="/more">more</a>.</p></main></body></html>`;
    const w = await workspace(doorTo(html));
    const text = await w.run("web_fetch", { url: "https://example.com/a" });
    expect(text).toContain("https://example.com/a\nstatus 200, text/html");
    expect(text).toContain("# News");
    expect(text).toContain("A **bold** step, see [more](https://example.com/more).");
    expect(text).not.toMatch(/steal|p\{\}/);
  });

  test("other text stays as it is, binary content is not shown", async () => {
    const json = await workspace(doorTo('{"a": 1}', "application/json"));
    expect(await json.run("web_fetch", { url: "https://a.com" })).toContain('\n\n{"a": 1}');
    const binary = await workspace(doorTo(new Uint8Array([1, 0, 2]), "application/octet-stream"));
    expect(await binary.run("web_fetch", { url: "https://a.com" })).toContain("(binary content, not shown)");
  });

  test("a page that never ends is read up to the limit", async () => {
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++;
        controller.enqueue(new TextEncoder().encode("word ".repeat(2000)));
      },
    });
    const w = await workspace(doorTo(endless, "text/plain"));
    expect(await w.run("web_fetch", { url: "https://a.com" })).toContain("100000 bytes (cut");
    expect(pulled).toBeLessThan(20);
  });

  test("a page that does not come is given up", async () => {
    const door: Door["fetch"] = (_, __, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const w = await workspace({ door });
    await expect(w.run("web_fetch", { url: "https://a.com" })).rejects.toMatchObject({ code: "timeout" });
  });

  test.each([{ host: "x" }, { "x\r\ny": "z" }, { "x-a": "b\r\nc: d" }])("the header %j is refused", async (headers) => {
    const w = await workspace(doorTo(""));
    await expect(w.run("web_fetch", { url: "https://a.com", headers })).rejects.toThrow("may not be set");
  });
});

describe("web_search", () => {
  test("Brave, when there is a key", async () => {
    const results = [{ title: "A &amp; B", url: "https://a.com", description: "about <strong>a</strong>" }];
    const { door, asked } = doorTo(JSON.stringify({ web: { results } }), "application/json");
    const w = await workspace({ door, search: { braveUrl: "https://api.search.brave.com" } });
    expect(await w.run("web_search", { query: "a b" })).toBe("1. A & B\n   https://a.com\n   about a");
    expect(asked[0]?.url).toBe("https://api.search.brave.com/res/v1/web/search?q=a%20b&count=3");
    expect(asked[0]).toMatchObject({ credential: "brave" });
  });

  test("a SearXNG server of the user's own", async () => {
    const results = Array.from({ length: 9 }, (_, i) => ({ title: `t${i}`, url: `https://${i}.com`, content: "c" }));
    const { door, asked } = doorTo(JSON.stringify({ results }), "application/json");
    const w = await workspace({ door, search: { provider: "searxng", baseUrl: "http://searx.lan/" } });
    expect((await w.run("web_search", { query: "x", num_results: 2 })).split("\n")).toHaveLength(6);
    expect(asked[0]?.url).toBe("http://searx.lan/search?q=x&format=json");
  });

  test("DuckDuckGo without a key: real addresses, no advertisements", async () => {
    const page = `<div class="result"><a rel="nofollow" class="result__a" href="//duckduckgo.com/y.js?ad_domain=x">Ad</a></div>
      <div class="result"><h2><a rel="nofollow" class="result__a" href="//duckduckgo.com/l/?uddg=https%3A%2F%2Fnodejs.org%2Fen&amp;rut=1">Node.js &#x2014; <b>Run</b></a></h2>
      <a class="result__snippet" href="x">Node.js&reg; is a <b>runtime</b>.</a></div>`;
    const w = await workspace(doorTo(page));
    expect(await w.run("web_search", { query: "node" })).toBe(
      "1. Node.js — Run\n   https://nodejs.org/en\n   Node.js&reg; is a runtime.",
    );
  });

  test("a captcha instead of results is told", async () => {
    const w = await workspace(doorTo('<form id="challenge-form"></form>'));
    await expect(w.run("web_search", { query: "x" })).rejects.toMatchObject({ code: "limit" });
  });

  test.each([
    ["brave", "BRAVE_SEARCH_API_KEY"],
    ["searxng", "tools.web.search.base_url"],
  ] as const)("%s without what it needs says what to set", async (provider, setting) => {
    const w = await workspace({ search: { provider } });
    await expect(w.run("web_search", { query: "x" })).rejects.toThrow(setting);
  });
});

describe("message", () => {
  const message = { channel: "telegram", chat_id: "42", content: "hi" };

  test("goes to a channel that runs", async () => {
    const w = await workspace({ channels: ["telegram"] });
    expect(await w.run("message", message)).toBe("sent 2 characters to telegram 42");
    expect(w.sent).toEqual([{ to: { channel: "telegram", chat: "42" }, text: "hi" }]);
  });

  test("says which channels there are", async () => {
    const w = await workspace({ channels: ["irc"] });
    await expect(w.run("message", message)).rejects.toThrow("not found: the channel telegram: there are irc");
  });

  test("a guest's turn can only write to the guest's own chat", async () => {
    const w = await workspace({ channels: ["telegram"] });
    const actor = { channel: "telegram", sender: "eve" };
    await expect(w.run("message", message, { actor, session: "telegram:13" })).rejects.toMatchObject({
      code: "refused",
    });
    await w.run("message", message, { actor, session: "telegram:42" });
    expect(w.sent).toHaveLength(1);
  });
});
