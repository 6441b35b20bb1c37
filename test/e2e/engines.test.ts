import { describe, expect, onTestFinished, test } from "vitest";
import { gateway, newHome, weft } from "./weft.ts";

const native = process.env["WEFT"]?.endsWith("dist/weft") ? [process.env["WEFT"]] : undefined;
const node = [process.execPath, "dist/node/weft.js"];

/** Run with the native executable, against the bundle beside it. */
describe.runIf(native)("two engines at one workspace", () => {
  test.each([
    ["node", "native", node, native ?? []],
    ["native", "node", native ?? [], node],
  ])("while %s has it, %s is told so", async (_, __, first, second) => {
    const home = await newHome();
    onTestFinished(() => home.remove());
    const server = await gateway(home, { program: first });
    const refused = await weft(home, ["gateway"], { program: second, env: { CLAWFT__gateway__port: "0" } });
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("is in use by weft gateway") });
    await server.stop();
  });

  test("what one began the other goes on with", async () => {
    const home = await newHome();
    onTestFinished(() => home.remove());
    const ask = async (program: readonly string[], text: string) => {
      const server = await gateway(home, { program });
      const body = { model: "weft", messages: [{ role: "user", content: text }] };
      const answer = await (await server.post(body, { "x-session-id": "shared", "idempotency-key": text })).json();
      await server.stop("SIGKILL");
      return answer as { id: string };
    };
    const first = await ask(node, "one");
    expect(await ask(native ?? [], "one")).toMatchObject({ id: first.id });
    await ask(native ?? [], "two");
    const { out } = await weft(home, ["sessions", "export", "http:shared"], { program: node });
    expect(out).toMatch(/one[\s\S]*two/);
  });
});
