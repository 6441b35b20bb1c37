import { lookingBrain } from "../app-brain.ts";
import type { Loaded } from "../config/load.ts";
import { WeftError } from "../core/error.ts";
import type { Actor } from "../core/tool.ts";
import type { Call } from "./command.ts";
import { load } from "./loading.ts";

const refusedCode = 6;

/** `weft why KIND WHAT`: 0 when it is allowed or would be asked, 6 when it is refused. */
export async function why(call: Call): Promise<number> {
  const { platform, options, arguments: given } = call;
  const loaded = await load(call);
  const [{ policy, tools }, { whyOf, verdict, verdictOf }, { targetOf }] = await Promise.all([
    lookingBrain(platform, loaded),
    import("../security/why.ts"),
    import("../security/addresses.ts"),
  ]);
  const actor = actorIn(options);
  const question = [given["KIND"] ?? "", given["WHAT"] ?? ""];
  const answer = await whyOf({ policy, tools, resolve: platform.resolve, targetOf }, actor, question);
  const { decision, standing } = answer;
  const at = await placeOf(loaded, decision.rule.setting);
  if ("json" in options) {
    const { allowed, reason, rule } = decision;
    const who = { ...actor, level: standing.permissions.level, why: standing.why };
    const allow = decision.allowed ? {} : { allow: decision.allow };
    await platform.terminal.out(
      `${JSON.stringify({ allowed, verdict: verdict(decision), reason, rule: { ...rule, at }, ...allow, who }, null, 2)}\n`,
    );
  } else {
    await platform.terminal.out(`${verdictOf(answer, actor, at).join("\n")}\n`);
  }
  return decision.allowed || decision.ask ? 0 : refusedCode;
}

async function placeOf({ placeOf: at }: Loaded, setting: string): Promise<string> {
  const place = await at(setting);
  return place === "the default" ? "not written anywhere: the default" : `written at ${place}`;
}

/** Whom the question is about; the terminal's own user unless `--as` names another. */
export function actorIn(options: Call["options"]): Actor {
  const [, channel = "cli", sender = "local"] = /^([^:]+):(.+)$/.exec(options["as"] ?? "cli:local") ?? [];
  if (options["as"] !== undefined && `${channel}:${sender}` !== options["as"]) {
    throw new WeftError("usage", `--as ${options["as"]}: write CHANNEL:SENDER, for example telegram:12345`);
  }
  const { group, agent, job } = options;
  return { channel, sender, ...(group && { group }), ...(agent && { agent }), ...(job && { job }) };
}
