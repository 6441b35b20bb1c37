import { WeftError } from "../core/error.ts";
import type { Platform } from "../core/platform.ts";
import { version } from "../version.ts";
import { commands } from "./commands.ts";
import { exitCodeOf } from "./exit-codes.ts";
import { parseCommandLine } from "./parse.ts";

/** Runs what the command line says; resolves with the exit code. The last of the four doors: nothing is thrown. */
export async function main(platform: Platform): Promise<number> {
  const { terminal, args } = platform;
  try {
    const parsed = parseCommandLine(args, commands);
    if ("version" in parsed) {
      await terminal.out(`weft ${version}\n`);
      return 0;
    }
    if ("overview" in parsed) {
      const { overview } = await import("./help.ts");
      await terminal.out(overview(commands, parsed.overview));
      return 0;
    }
    if (parsed.help) {
      const { commandHelp } = await import("./help.ts");
      await terminal.out(commandHelp(parsed.command));
      return 0;
    }
    const run = await parsed.command.load();
    return await run({ ...parsed.call, platform, commands });
  } catch (thrown) {
    return await told(platform, thrown);
  }
}

async function told({ terminal, env }: Platform, thrown: unknown): Promise<number> {
  const error = WeftError.from(thrown);
  // Nobody reads any more, as after `| head`.
  if (error.code === "aborted" && error.message.startsWith("cannot write")) return 0;
  const { redactor } = await import("../security/redact.ts");
  const { namesSecret } = await import("../lib/secret-name.ts");
  const redact = redactor(Object.entries(env).flatMap(([name, value]) => (namesSecret(name) ? (value ?? "") : [])));
  const trace = error.code === "internal" && error.cause instanceof Error ? `\n${error.cause.stack ?? ""}` : "";
  await terminal.error(`weft: ${redact(error.message + trace)}\n`).catch(() => {});
  return exitCodeOf(error.code);
}
