import { describe, expect, onTestFinished, test } from "vitest";
import { lastUserText, type Provider, provider, using } from "../e2e/provider.ts";
import {
  bridgeAddress,
  type Container,
  docker,
  dockerSays,
  gateway,
  hostFile,
  image,
  token,
  unique,
  until,
  volume,
} from "./docker.ts";

const workspace = "/root/.clawft/workspace";

async function mocked(answer: Parameters<typeof provider>[0]): Promise<{ mock: Provider; mounted: string[] }> {
  const mock = await provider(answer, await bridgeAddress());
  onTestFinished(() => mock.close());
  const file = await hostFile("config.json", using(mock));
  return { mock, mounted: ["-v", `${file}:/root/.clawft/config.json:ro`] };
}

async function say(server: Container, text: string, headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(`${await server.url()}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
    body: JSON.stringify({ model: "weft", messages: [{ role: "user", content: text }] }),
  });
  const body = (await response.json()) as { choices?: { message: { content: string } }[]; error?: unknown };
  return body.choices?.[0]?.message.content ?? JSON.stringify(body.error);
}

const inKitchen = { "X-Session-Id": "kitchen" };

describe("the workspace survives", () => {
  test("stop, kill and another image", async () => {
    const { mock, mounted } = await mocked((asked) => ({ text: `heard: ${lastUserText(asked)}` }));
    const data = await volume();
    const options = [...mounted, "-v", `${data}:${workspace}`];

    const first = await gateway(...options);
    expect(await say(first, "one", inKitchen)).toBe("heard: one");
    expect((await first.stop()).code).toBe(0);
    await dockerSays("rm", first.name);

    const second = await gateway(...options);
    expect(await say(second, "two", inKitchen)).toBe("heard: two");
    await dockerSays("kill", "--signal", "KILL", second.name);
    await dockerSays("rm", second.name);

    const next = `${unique()}:next`;
    onTestFinished(async () => {
      await docker("rmi", "--force", next);
    });
    await rebuilt(next);
    const third = unique();
    onTestFinished(async () => {
      await docker("rm", "--force", "--volumes", third);
    });
    await dockerSays(
      "run",
      "--rm",
      "--name",
      third,
      ...options,
      next,
      "agent",
      "--session",
      "http:kitchen",
      "-m",
      "three",
    );
    const texts = mock.asked
      .at(-1)
      ?.messages.slice(1)
      .map(({ content }) => content);
    expect(texts).toEqual(["one", "heard: one", "two", "heard: two", "three"]);
  });

  test("a kill in the middle of a durable turn: it goes on after the start, and is answered once", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { mock, mounted } = await mocked(async (asked, count) => {
      if (count === 1) await held;
      return { text: `answer to ${lastUserText(asked)}` };
    });
    const data = await volume();
    const options = [...mounted, "-v", `${data}:${workspace}`];
    const headers = { "Idempotency-Key": "key-1", ...inKitchen };

    const first = await gateway(...options);
    const lost = say(first, "remember me", headers).catch(() => "lost");
    await until("the model was asked", async () => mock.asked.length === 1);
    await dockerSays("kill", "--signal", "KILL", first.name);
    release();
    expect(await lost).toBe("lost");

    const second = await gateway(...options);
    expect(await say(second, "remember me", headers)).toBe("answer to remember me");
    expect(await say(second, "remember me", headers)).toBe("answer to remember me");
    expect(mock.asked.length).toBe(2);
  });
});

describe("docker stop", () => {
  test("lets a running turn finish and leaves with 0, within Docker's ten seconds", async () => {
    let asked = 0;
    const { mounted } = await mocked(() => {
      asked += 1;
      return { text: "done in time", delayMs: 2500 };
    });
    const server = await gateway(...mounted);
    const answer = say(server, "slowly please");
    await until("the model was asked", async () => asked === 1);
    const stopped = await server.stop();
    expect(await answer).toBe("done in time");
    expect(stopped.code).toBe(0);
    expect(stopped.ms).toBeGreaterThan(1000);
    expect(stopped.ms).toBeLessThan(10_000);
  });

  test("does not wait for a turn that never ends: 0, before Docker would kill", async () => {
    let asked = 0;
    const { mounted } = await mocked(() => {
      asked += 1;
      return { raw: () => {} };
    });
    const server = await gateway(...mounted);
    const answer = say(server, "hang").catch(() => "cut off");
    await until("the model was asked", async () => asked === 1);
    const stopped = await server.stop();
    expect(stopped.code).toBe(0);
    expect(stopped.ms).toBeLessThan(10_000);
    await answer;
  });

  test("an idle gateway is gone at once", async () => {
    const { code, ms } = await (await gateway()).stop();
    expect(code).toBe(0);
    expect(ms).toBeLessThan(2000);
  });

  test("docker restart comes back, ready", async () => {
    const server = await gateway();
    await dockerSays("restart", server.name);
    await server.ready();
    expect((await server.weft("agent", "-m", "ping")).out).toMatch(/^pong/);
  });
});

/** The image again under another name, with another id: what an upgrade is to Docker. */
async function rebuilt(name: string): Promise<void> {
  const file = await hostFile("Dockerfile", `FROM ${image}\nLABEL org.opencontainers.image.version="next"\n`);
  await dockerSays("build", "--quiet", "--pull=false", "--tag", name, file.slice(0, file.lastIndexOf("/")));
  const id = (of: string) => dockerSays("image", "inspect", "--format", "{{.Id}}", of);
  expect(await id(name)).not.toBe(await id(image));
}
