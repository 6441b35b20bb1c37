import { describe, expect, test } from "vitest";
import type { Received, Socket } from "../../src/core/connection.ts";
import type { Handlers, HttpHandler, HttpServer, Platform } from "../../src/core/platform.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const sleep = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms));

/** What the network of a platform promises: it talks to itself. */
export function networkContract(name: string, platform: Platform): void {
  const listening = (handlers: Handlers) => platform.serve({ host: "127.0.0.1", port: 0 }, handlers);
  const using = async (request: HttpHandler, task: (url: string, server: HttpServer) => Promise<void>) => {
    const server = await listening({ request });
    try {
      await task(`http://127.0.0.1:${server.port}/`, server);
    } finally {
      await server.close(100);
    }
  };

  describe(`network: ${name}`, () => {
    test("what it serves it can fetch, streamed in both directions", () =>
      using(
        async (request, remote) => {
          const body = await request.text();
          const chunks = [`${request.method} ${remote} `, body];
          const stream = new ReadableStream<Uint8Array>({
            pull(controller) {
              const chunk = chunks.shift();
              if (chunk === undefined) controller.close();
              else controller.enqueue(bytes(chunk));
            },
          });
          return new Response(stream, { status: 201, headers: { "x-a": request.headers.get("x-b") ?? "" } });
        },
        async (url) => {
          const response = await platform.fetch(url, { method: "POST", body: "grün", headers: { "x-b": "1" } });
          expect([response.status, response.headers.get("x-a")]).toEqual([201, "1"]);
          expect(await response.text()).toBe("POST 127.0.0.1 grün");
        },
      ));

    test("pieces of an answer arrive as they are sent", () =>
      using(
        () => {
          let sent = 0;
          const body = new ReadableStream<Uint8Array>({
            async pull(controller) {
              if (sent++ === 3) return controller.close();
              if (sent > 1) await sleep(60);
              controller.enqueue(bytes(`${sent}`));
            },
          });
          return new Response(body);
        },
        async (url) => {
          const arrived: [string, number][] = [];
          const began = platform.monotonic();
          for await (const piece of (await platform.fetch(url)).body ?? []) {
            arrived.push([new TextDecoder().decode(piece), platform.monotonic() - began]);
          }
          expect(arrived.map(([text]) => text).join("")).toBe("123");
          expect((arrived.at(-1)?.[1] ?? 0) - (arrived[0]?.[1] ?? 0)).toBeGreaterThan(80);
        },
      ));

    test("a large body passes whole, both ways", () =>
      using(
        async (request) => new Response(new Uint8Array(await readAll(request.body))),
        async (url) => {
          const large = Uint8Array.from({ length: 3_000_000 }, (_, index) => index % 251);
          const response = await platform.fetch(url, { method: "POST", body: large });
          const back = await readAll(response.body);
          expect(back.length).toBe(large.length);
          expect(back.every((byte, index) => byte === index % 251)).toBe(true);
        },
      ));

    test("a reader that stops halts the sender, and one that leaves ends it", async () => {
      let pulled = 0;
      let cancelled = () => {};
      const ended = new Promise<void>((resolve) => {
        cancelled = resolve;
      });
      await using(
        () =>
          new Response(
            new ReadableStream<Uint8Array>({
              async pull(controller) {
                pulled += 1;
                controller.enqueue(new Uint8Array(256 * 1024));
                await sleep(0);
              },
              cancel: () => cancelled(),
            }),
          ),
        async (url) => {
          const reader = (await platform.fetch(url)).body?.getReader();
          await reader?.read();
          await sleep(300);
          const after = pulled;
          await sleep(300);
          expect(pulled).toBe(after);
          expect(pulled).toBeLessThan(200);
          await reader?.cancel();
          await ended;
        },
      );
    });

    test("an answer that fails in the middle is not taken for a whole one", () =>
      using(
        () => {
          let sent = false;
          return new Response(
            new ReadableStream<Uint8Array>({
              async pull(controller) {
                if (sent) throw new Error("no more");
                sent = true;
                controller.enqueue(bytes("half"));
                await sleep(20);
              },
            }),
          );
        },
        async (url) => {
          const response = await platform.fetch(url);
          await expect(response.text()).rejects.toMatchObject({ code: "unavailable" });
        },
      ));

    test("a client that goes away aborts its request", async () => {
      let gone = () => {};
      const left = new Promise<void>((resolve) => {
        gone = resolve;
      });
      await using(
        (request) => {
          request.signal.addEventListener("abort", () => gone(), { once: true });
          return new Promise<Response>(() => {});
        },
        async (url) => {
          const controller = new AbortController();
          const asked = platform.fetch(url, { signal: controller.signal });
          setTimeout(() => controller.abort(), 50);
          await expect(asked).rejects.toMatchObject({ code: "aborted" });
          await left;
        },
      );
    });

    test("a handler that throws is 500, without its words", () =>
      using(
        () => {
          throw new Error("the password is hunter2");
        },
        async (url) => {
          const response = await platform.fetch(url);
          expect([response.status, await response.text()]).toEqual([500, "internal error\n"]);
        },
      ));

    test("many requests at once, on connections that are kept", () =>
      using(
        (request) => new Response(new URL(request.url).pathname),
        async (url) => {
          for (let round = 0; round < 3; round++) {
            const texts = Array.from({ length: 50 }, async (_, index) =>
              (await platform.fetch(`${url}${round}-${index}`)).text(),
            );
            expect(await Promise.all(texts)).toEqual(Array.from({ length: 50 }, (_, index) => `/${round}-${index}`));
          }
        },
      ));

    test("closing waits for what runs, but not for ever", async () => {
      const server = await listening({ request: () => new Promise<Response>(() => {}) });
      const asked = platform.fetch(`http://127.0.0.1:${server.port}/`).catch((error: unknown) => error);
      await sleep(50);
      const began = platform.monotonic();
      await server.close(100);
      expect(platform.monotonic() - began).toBeLessThan(2000);
      expect(await asked).toMatchObject({ code: "unavailable" });
      await expect(platform.fetch(`http://127.0.0.1:${server.port}/`)).rejects.toMatchObject({ code: "unavailable" });
    });

    test("a port that is taken is `conflict`, with who has it", () =>
      using(
        () => new Response("x"),
        async (_, { port }) => {
          const again = platform.serve({ host: "127.0.0.1", port }, { request: () => new Response("y") });
          await expect(again).rejects.toMatchObject({
            code: "conflict",
            message: expect.stringContaining(`taken by process ${platform.pid} (`),
          });
        },
      ));

    test("an address that is not ours is `config`", async () => {
      const serving = platform.serve({ host: "192.0.2.1", port: 0 }, { request: () => new Response("x") });
      await expect(serving).rejects.toMatchObject({ code: "config" });
    });

    test("names resolve, or are `missing`", async () => {
      expect((await platform.resolve("localhost")).some((address) => /^(127\.|::1)/.test(address))).toBe(true);
      await expect(platform.resolve("nowhere.invalid")).rejects.toMatchObject({
        code: expect.stringMatching(/missing|unavailable/),
      });
    });

    test("a connection carries bytes both ways, to its end", () =>
      using(
        async (request) => new Response(`got ${await request.text()}`),
        async (_, { port }) => {
          const connection = await platform.connect({ host: "127.0.0.1", port, tls: false });
          await connection.write(
            bytes("POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhel"),
          );
          await connection.write(bytes("lo"));
          let text = "";
          for (let piece = await connection.read(); piece; piece = await connection.read()) {
            text += new TextDecoder().decode(piece);
          }
          expect(text).toContain("got hello");
          await connection.close();
          expect(await connection.read()).toBe(undefined);
        },
      ));

    test("where nobody listens a connection is `unavailable`", async () => {
      const connecting = platform.connect({ host: "127.0.0.1", port: 1, tls: false, connectTimeoutMs: 5000 });
      await expect(connecting).rejects.toMatchObject({
        code: "unavailable",
        message: expect.stringContaining("127.0.0.1"),
      });
    });

    describe("WebSockets", () => {
      const echo = async (socket: Socket) => {
        for (let next = await socket.receive(); next.type !== "close"; next = await socket.receive()) {
          await socket.send(next.type === "text" ? next.text : next.bytes);
        }
      };
      const sockets = async (task: (url: string) => Promise<void>) => {
        const server = await listening({
          request: () => new Response("no socket"),
          socket: (request) =>
            request.headers.get("x-key") === "right"
              ? (socket) => void echo(socket)
              : new Response("wrong key", { status: 401 }),
        });
        try {
          await task(`ws://127.0.0.1:${server.port}/chat`);
        } finally {
          await server.close(100);
        }
      };
      const headers = { "x-key": "right" };

      test("carry texts and bytes, in order, and end with a code", () =>
        sockets(async (url) => {
          const socket = await platform.webSocket(url, { headers });
          for (const text of ["one", "grün €", ""]) await socket.send(text);
          await socket.send(Uint8Array.of(0, 255, 10));
          const received: Received[] = [];
          for (let i = 0; i < 4; i++) received.push(await socket.receive());
          expect(received).toEqual([
            { type: "text", text: "one" },
            { type: "text", text: "grün €" },
            { type: "text", text: "" },
            { type: "bytes", bytes: Uint8Array.of(0, 255, 10) },
          ]);
          await socket.close(1000, "done");
          expect(await socket.receive()).toMatchObject({ type: "close", code: 1000 });
        }));

      test("a large message passes, a larger one ends the connection", () =>
        sockets(async (url) => {
          const socket = await platform.webSocket(url, { headers, mostBytes: 100_000 });
          await socket.send("x".repeat(100_000));
          expect(await socket.receive()).toEqual({ type: "text", text: "x".repeat(100_000) });
          await socket.send("x".repeat(100_001));
          expect(await socket.receive()).toMatchObject({ type: "close" });
        }));

      test("may be refused, with a status", () =>
        sockets(async (url) => {
          await expect(platform.webSocket(url)).rejects.toMatchObject({
            code: "unavailable",
            message: expect.stringContaining("401"),
          });
        }));

      test("are refused where nobody takes them", () =>
        using(
          () => new Response("x"),
          async (url) => {
            const opening = platform.webSocket(url.replace("http", "ws"));
            await expect(opening).rejects.toMatchObject({ message: expect.stringContaining("426") });
          },
        ));

      test("after the end nothing can be sent", () =>
        sockets(async (url) => {
          const socket = await platform.webSocket(url, { headers });
          await socket.close();
          while ((await socket.receive()).type !== "close");
          await expect(socket.send("late")).rejects.toMatchObject({ code: "unavailable" });
        }));
    });
  });
}

async function readAll(body: ReadableStream<Uint8Array> | null): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of body ?? []) {
    pieces.push(piece);
    length += piece.length;
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
