import { expect, test } from "vitest";
import { nodePlatform } from "../../src/platform/node/platform.ts";

const platform = nodePlatform();

test("serves requests with the peer's address, and streams both ways", async () => {
  const server = await platform.serve({ host: "127.0.0.1", port: 0 }, async (request, remote) => {
    return new Response(`${remote} ${await request.text()}`);
  });
  const response = await fetch(`http://127.0.0.1:${server.port}/`, { method: "POST", body: "hello" });
  expect(await response.text()).toBe("127.0.0.1 hello");
  await server.close(100);
  await expect(fetch(`http://127.0.0.1:${server.port}/`)).rejects.toThrow();
});

test("a client that goes away aborts its request", async () => {
  let gone = () => {};
  const left = new Promise<void>((resolve) => {
    gone = resolve;
  });
  const server = await platform.serve({ host: "127.0.0.1", port: 0 }, (request) => {
    request.signal.addEventListener("abort", () => gone(), { once: true });
    return new Promise<Response>(() => {});
  });
  const controller = new AbortController();
  const asked = fetch(`http://127.0.0.1:${server.port}/`, { signal: controller.signal });
  setTimeout(() => controller.abort(), 50);
  await expect(asked).rejects.toThrow();
  await left;
  await server.close(50);
});

test("closing waits for what runs, but not for ever", async () => {
  const server = await platform.serve({ host: "127.0.0.1", port: 0 }, () => new Promise<Response>(() => {}));
  const asked = fetch(`http://127.0.0.1:${server.port}/`).catch((error: Error) => error);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const began = performance.now();
  await server.close(100);
  expect(performance.now() - began).toBeLessThan(2000);
  expect(await asked).toBeInstanceOf(Error);
});

test("a port that is taken is `conflict`, with who has it", async () => {
  const server = await platform.serve({ host: "127.0.0.1", port: 0 }, () => new Response("x"));
  const { port } = server;
  await expect(platform.serve({ host: "127.0.0.1", port }, () => new Response("y"))).rejects.toMatchObject({
    code: "conflict",
    message: expect.stringContaining(`taken by process ${process.pid} (`),
  });
  await server.close(0);
});

test("an address that is not ours is `config`", async () => {
  const serving = platform.serve({ host: "192.0.2.1", port: 0 }, () => new Response("x"));
  await expect(serving).rejects.toMatchObject({ code: "config" });
});
