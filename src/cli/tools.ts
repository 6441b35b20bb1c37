import { lookingBrain } from "../app-brain.ts";
import { refusalText } from "../core/policy.ts";
import type { Call } from "./command.ts";
import { load } from "./loading.ts";
import { table } from "./style.ts";

/** `weft tools list` */
export async function list(call: Call): Promise<number> {
  const { platform, options } = call;
  const { tools, policy } = await lookingBrain(platform, await load(call));
  const rows = tools.map(({ name, effect, description, input }) => {
    const decision = policy.decide({ channel: "cli", sender: "local" }, { kind: "tool", tool: name, input: {} });
    const why = decision.allowed ? {} : { refused: refusalText(decision) };
    return { name, effect, allowed: decision.allowed, description, input, ...why };
  });
  if ("json" in options) {
    await platform.terminal.out(`${JSON.stringify(rows, null, 2)}\n`);
    return 0;
  }
  const cells = rows.map((row) => [
    row.name,
    row.effect,
    row.allowed ? "allowed" : "refused",
    row.refused ?? row.description.split(/(?<=\.)\s/, 1)[0] ?? "",
  ]);
  await platform.terminal.out(table([["TOOL", "EFFECT", "POLICY", "DESCRIPTION"], ...cells]));
  return 0;
}
