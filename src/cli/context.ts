import { lookingBrain } from "../app-brain.ts";
import type { Call } from "./command.ts";
import { load, sessionKey } from "./loading.ts";
import { table } from "./style.ts";

/** `weft context` */
export async function context(call: Call): Promise<number> {
  const { platform, options } = call;
  const session = sessionKey(options["session"]);
  const { worker } = await lookingBrain(platform, await load(call));
  const report = await worker.context(session);
  const { terminal } = platform;
  if ("json" in options) {
    await terminal.out(`${JSON.stringify({ session, ...report }, null, 2)}\n`);
    return 0;
  }
  const used = report.sections.reduce((sum, { tokens }) => sum + tokens, 0);
  const share = (tokens: number) => `${((tokens / report.contextTokens) * 100).toFixed(1)} %`;
  const rows = report.sections.map(({ name, tokens, detail }) => [name, `${tokens}`, share(tokens), detail]);
  const total = [
    "all",
    `${used}`,
    share(used),
    `of ${report.contextTokens} tokens, ${report.maxOutputTokens} for the answer`,
  ];
  await terminal.out(`Session ${session}, model ${report.model}\n`);
  await terminal.out(table([["SECTION", "TOKENS", "SHARE", "DETAIL"], ...rows, total]));
  return 0;
}
