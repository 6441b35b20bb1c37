import { describe, expect, test } from "vitest";

const bytes = (text: string) => new TextEncoder().encode(text);

/** What `globals.d.ts` promises, by cases of the standards; run on Node too, which is the judge of the cases. */
export function webContract(name: string): void {
  describe(`web: ${name}`, () => {
    text();
    urls();
    headers();
    bodies();
    aborts();
    streams();
    timers();
  });
}

function text(): void {
  describe("text", () => {
    test("UTF-8 goes both ways", () => {
      expect([...bytes("aé€😀")]).toEqual([0x61, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80]);
      expect(new TextDecoder().decode(bytes("aé€😀"))).toBe("aé€😀");
      expect([...bytes("\ud800")]).toEqual([0xef, 0xbf, 0xbd]);
    });

    test("characters cut between pieces are whole, at every place", () => {
      const all = bytes("aé€😀z");
      for (let cut = 0; cut <= all.length; cut++) {
        const decoder = new TextDecoder();
        const halves = [decoder.decode(all.subarray(0, cut), { stream: true }), decoder.decode(all.subarray(cut))];
        expect(halves.join("")).toBe("aé€😀z");
      }
    });

    test.each([
      [[0xff], "\ufffd"],
      [[0xc0, 0x80], "\ufffd\ufffd"],
      [[0xe2, 0x82], "\ufffd"],
      [[0xf0, 0x9f, 0x98, 0x41], "\ufffdA"],
      [[0xed, 0xa0, 0x80], "\ufffd\ufffd\ufffd"],
      [[0xef, 0xbb, 0xbf, 0x41], "A"],
    ] as const)("%j is decoded by the maximal subpart", (given, expected) => {
      expect(new TextDecoder().decode(Uint8Array.from(given))).toBe(expected);
    });

    test("a fatal decoder refuses what is no UTF-8, and goes on afterwards", () => {
      const decoder = new TextDecoder("utf-8", { fatal: true });
      expect(() => decoder.decode(Uint8Array.of(0xff))).toThrow(TypeError);
      expect(decoder.decode(bytes("ok"))).toBe("ok");
      expect(new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.of(0xef, 0xbb, 0xbf))).toBe("\ufeff");
    });

    test.each([
      ["", ""],
      ["a", "YQ=="],
      ["\xff\x00~", "/wB+"],
    ])("base64 of %j", (binary, base64) => {
      expect(btoa(binary)).toBe(base64);
      expect(atob(base64)).toBe(binary);
    });

    test("base64 is forgiving, to a point", () => {
      expect([atob(" Y Q = = "), atob("YQ"), atob("YWI")]).toEqual(["a", "a", "ab"]);
      for (const wrong of ["Y", "YQ=", "=", "Y===", "a-b_", "YQ==a"]) expect(() => atob(wrong)).toThrow();
      expect(() => btoa("€")).toThrow();
    });
  });
}

function urls(): void {
  describe("URL", () => {
    test("its parts, and setting them", () => {
      const url = new URL("https://ann:pw@Example.COM:8443/a/../b c?x=1&y=%20#top");
      expect([url.protocol, url.username, url.password, url.host, url.hostname, url.port]).toEqual([
        "https:",
        "ann",
        "pw",
        "example.com:8443",
        "example.com",
        "8443",
      ]);
      expect([url.pathname, url.search, url.hash, url.origin]).toEqual([
        "/b%20c",
        "?x=1&y=%20",
        "#top",
        "https://example.com:8443",
      ]);
      url.port = "443";
      url.pathname = "/ü";
      url.search = "";
      url.hash = "";
      url.password = "";
      expect(url.href).toBe("https://ann@example.com/%C3%BC");
      expect(String(url)).toBe(url.href);
    });

    test.each([
      ["../x?q", "http://a/b/c/d", "http://a/b/x?q"],
      ["//h/p", "https://a/b", "https://h/p"],
      ["http://[::1]:80/", undefined, "http://[::1]/"],
      ["http://0x7f.1/", undefined, "http://127.0.0.1/"],
      ["http://münchen.de/", undefined, "http://xn--mnchen-3ya.de/"],
      ["mailto:a@b", undefined, "mailto:a@b"],
    ])("%s on %s", (given, base, expected) => {
      expect(new URL(given, base).href).toBe(expected);
    });

    test.each(["", "a", "http://", "http://a b/", "http://a:99999/", "http://[::1", "http://256.1.1.1/"])(
      "%j is none",
      (wrong) => {
        expect(URL.canParse(wrong)).toBe(false);
        expect(() => new URL(wrong)).toThrow(TypeError);
      },
    );

    test("search parameters are encoded as forms are, and change the URL", () => {
      const url = new URL("http://a/?q=a+b&q=%e2%82%ac&bad=%zz");
      expect(url.searchParams.get("q")).toBe("a b");
      expect(url.searchParams.get("bad")).toBe("%zz");
      expect(url.searchParams.get("none")).toBe(null);
      url.searchParams.set("q", "ü&=+ ~'");
      url.searchParams.append("z", "*-._");
      expect(url.search).toBe("?q=%C3%BC%26%3D%2B+%7E%27&bad=%25zz&z=*-._");
      expect(new URLSearchParams({ a: "1", b: "2" }).toString()).toBe("a=1&b=2");
    });
  });
}

function headers(): void {
  describe("Headers", () => {
    test("names have no case, values are joined, the order is that of the names", () => {
      const made = new Headers([
        ["B", "2"],
        ["a", " 1\t"],
        ["b", "3"],
      ]);
      expect([...made.entries()]).toEqual([
        ["a", "1"],
        ["b", "2, 3"],
      ]);
      made.set("A", "x");
      made.delete("b");
      expect([made.get("a"), made.has("B"), made.get("b")]).toEqual(["x", false, null]);
      expect(new Headers(made).get("a")).toBe("x");
    });

    test.each(["", "a b", "a:", "ü", "a\n"])("%j is no name", (wrong) => {
      expect(() => new Headers({ [wrong]: "x" })).toThrow(TypeError);
    });

    test("a value has no line end", () => {
      for (const wrong of ["a\r\nb: c", "a\nb", "a\0b"]) expect(() => new Headers({ a: wrong })).toThrow(TypeError);
    });
  });
}

function bodies(): void {
  describe("Request and Response", () => {
    test("a body is read once, as text, JSON or stream", async () => {
      const response = new Response('{"a":1}', { status: 201 });
      expect([response.status, response.ok, response.headers.get("content-type")]).toEqual([
        201,
        true,
        "text/plain;charset=UTF-8",
      ]);
      expect(await response.json()).toEqual({ a: 1 });
      await expect(response.text()).rejects.toThrow(TypeError);
      expect(await new Response(bytes("grün")).text()).toBe("grün");
      expect(await new Response(null).text()).toBe("");
      let all = "";
      for await (const piece of new Response("streamed").body ?? []) all += new TextDecoder().decode(piece);
      expect(all).toBe("streamed");
    });

    test("a stream is a body, and its failure the reader's", async () => {
      const stream = new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(bytes("half"));
          controller.error(new Error("broken"));
        },
      });
      await expect(new Response(stream).text()).rejects.toThrow("broken");
    });

    test("a request has its method, URL, headers and body", async () => {
      const request = new Request("http://a/b?c", { method: "post", headers: { "x-a": "1" }, body: "text" });
      expect([request.method, request.url, request.headers.get("x-a")]).toEqual(["POST", "http://a/b?c", "1"]);
      expect(await request.text()).toBe("text");
      expect(() => new Request("http://a/", { method: "GET", body: "x" })).toThrow(TypeError);
      expect(new Request("http://a/").body).toBe(null);
      expect(new Request("http://a/").signal.aborted).toBe(false);
    });

    test("a status out of range, or a body where none may be, is refused", () => {
      expect(() => new Response("", { status: 99 })).toThrow(RangeError);
      expect(() => new Response("x", { status: 204 })).toThrow(TypeError);
      expect(new Response(null, { status: 204 }).status).toBe(204);
    });
  });
}

function aborts(): void {
  describe("AbortSignal", () => {
    test("tells once, with the reason", () => {
      const controller = new AbortController();
      const reasons: unknown[] = [];
      controller.signal.addEventListener("abort", () => reasons.push(controller.signal.reason));
      controller.abort("first");
      controller.abort("second");
      expect(reasons).toEqual(["first"]);
      expect(() => controller.signal.throwIfAborted()).toThrow("first");
    });

    test("without a reason it is an AbortError", () => {
      const controller = new AbortController();
      controller.abort();
      expect(controller.signal.reason).toMatchObject({ name: "AbortError" });
      expect(AbortSignal.abort(1).reason).toBe(1);
    });

    test("a listener that was removed hears nothing", () => {
      const controller = new AbortController();
      let calls = 0;
      const listener = () => {
        calls += 1;
      };
      controller.signal.addEventListener("abort", listener);
      controller.signal.addEventListener("abort", listener);
      controller.abort();
      expect(calls).toBe(1);
      const another = new AbortController();
      another.signal.addEventListener("abort", listener);
      another.signal.removeEventListener("abort", listener);
      another.abort();
      expect(calls).toBe(1);
    });

    test("any of several aborts, the first one's reason counts", () => {
      const [a, b] = [new AbortController(), new AbortController()];
      const any = AbortSignal.any([a.signal, b.signal]);
      const nested = AbortSignal.any([any, AbortSignal.timeout(60_000)]);
      let heard = 0;
      nested.addEventListener("abort", () => {
        heard += 1;
      });
      expect(any.aborted).toBe(false);
      b.abort("b");
      a.abort("a");
      expect([any.aborted, nested.reason, heard]).toEqual([true, "b", 1]);
      expect(AbortSignal.any([]).aborted).toBe(false);
    });

    test("a timeout aborts, whether somebody listens or not", async () => {
      const [heard, unheard] = [AbortSignal.timeout(20), AbortSignal.timeout(20)];
      await new Promise<void>((resolve) => heard.addEventListener("abort", () => resolve()));
      expect(heard.reason).toMatchObject({ name: "TimeoutError" });
      await new Promise<void>((resolve) => void setTimeout(resolve, 20));
      expect(unheard.aborted).toBe(true);
    });
  });
}

function streams(): void {
  describe("ReadableStream", () => {
    test("is pulled as it is read, no more than its mark", async () => {
      let pulled = 0;
      const stream = new ReadableStream<number>(
        {
          pull(controller) {
            controller.enqueue(++pulled);
            if (pulled === 3) controller.close();
          },
        },
        { highWaterMark: 0 },
      );
      await Promise.resolve();
      expect(pulled).toBe(0);
      const reader = stream.getReader();
      expect([await reader.read(), pulled]).toEqual([{ done: false, value: 1 }, 1]);
      expect([await reader.read(), await reader.read(), await reader.read()]).toEqual([
        { done: false, value: 2 },
        { done: false, value: 3 },
        { done: true, value: undefined },
      ]);
    });

    test("cancelling reaches the source, leaving a loop too", async () => {
      const reasons: unknown[] = [];
      const make = () =>
        new ReadableStream<number>({
          pull: (controller) => controller.enqueue(1),
          cancel: (reason) => void reasons.push(reason),
        });
      await make().cancel("why");
      for await (const _ of make()) break;
      expect(reasons).toEqual(["why", undefined]);
    });

    test("an error reaches who reads, after what came before", async () => {
      const stream = new ReadableStream<number>({
        pull() {
          throw new Error("broken");
        },
      });
      await expect(stream.getReader().read()).rejects.toThrow("broken");
    });

    test("has one reader at a time", () => {
      const stream = new ReadableStream<number>();
      const reader = stream.getReader();
      expect(stream.locked).toBe(true);
      expect(() => stream.getReader()).toThrow(TypeError);
      reader.releaseLock();
      expect(stream.locked).toBe(false);
    });

    test("a waiting read ends with the stream", async () => {
      let close = () => {};
      const stream = new ReadableStream<number>({
        start(controller) {
          close = () => controller.close();
        },
      });
      const reading = stream.getReader().read();
      close();
      expect(await reading).toEqual({ done: true, value: undefined });
    });
  });
}

function timers(): void {
  describe("timers", () => {
    test("fire in the order of their times, and not when cleared", async () => {
      const fired: number[] = [];
      setTimeout(() => fired.push(2), 30);
      setTimeout(() => fired.push(1), 5);
      const never = setTimeout(() => fired.push(3), 15);
      clearTimeout(never);
      await new Promise<void>((resolve) => void setTimeout(resolve, 60));
      expect(fired).toEqual([1, 2]);
    });

    test("microtasks go first", async () => {
      const order: string[] = [];
      setTimeout(() => order.push("timer"), 0);
      queueMicrotask(() => order.push("micro"));
      await new Promise<void>((resolve) => void setTimeout(resolve, 10));
      expect(order).toEqual(["micro", "timer"]);
    });
  });
}
