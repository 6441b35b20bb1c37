import { WeftError } from "../core/error.ts";
import type { Argument, Call, Command } from "./command.ts";

/** `weft completions SHELL` */
export async function completions({ platform, arguments: { SHELL: shell = "" } }: Call): Promise<number> {
  const script = scripts[shell];
  if (script === undefined) {
    throw new WeftError("usage", `unsupported shell: ${shell}. There are: ${Object.keys(scripts).join(", ")}`);
  }
  await platform.terminal.out(script);
  return 0;
}

/** Each asks weft itself what may come next, so that sessions and models complete too. */
const scripts: Readonly<Record<string, string>> = {
  bash: `# weft completion for bash
_weft() {
  local words
  words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  local IFS=$'\\n'
  COMPREPLY=($(weft __complete "\${words[@]}" 2>/dev/null))
  if type __ltrim_colon_completions >/dev/null 2>&1; then __ltrim_colon_completions "\${COMP_WORDS[COMP_CWORD]}"; fi
}
complete -o default -F _weft weft
`,
  zsh: `#compdef weft
_weft() {
  local -a found
  found=("\${(@f)$(weft __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -Q -- "\${found[@]}"
}
if [ "$funcstack[1]" = "_weft" ]; then _weft "$@"; else compdef _weft weft; fi
`,
  fish: `# weft completion for fish
function __weft_complete
  set -l words (commandline -opc) (commandline -ct)
  weft __complete $words[2..-1] 2>/dev/null
end
complete -c weft -f -a '(__weft_complete)'
`,
  powershell: `# weft completion for PowerShell
Register-ArgumentCompleter -Native -CommandName weft -ScriptBlock {
  param($word, $ast, $position)
  $words = @($ast.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
  if ($word -eq '') { $words += '' }
  weft __complete @words 2>$null | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}
`,
};

/** `weft __complete WORD…`: the last word is the one being typed. */
export async function complete(call: Call): Promise<number> {
  const typed = call.words.at(-1) ?? "";
  const before = call.words.slice(0, -1);
  const candidates = await candidatesFor(call, before, typed);
  const fitting = [...new Set(candidates)].filter((word) => word.startsWith(typed));
  await call.platform.terminal.out(fitting.map((word) => `${word}\n`).join(""));
  return 0;
}

async function candidatesFor(call: Call, before: readonly string[], typed: string): Promise<string[]> {
  const visible = call.commands.filter(({ hidden }) => !hidden);
  const names = visible.map(({ name }) => name.split(" "));
  const next = names
    .filter((parts) => before.every((word, i) => parts[i] === word))
    .flatMap((parts) => parts[before.length] ?? []);
  if (next.length > 0) return next;
  const command = visible.find(({ name }) => name.split(" ").every((part, i) => before[i] === part));
  if (!command) return [];
  return await wordsFor(call, command, { before: before.slice(command.name.split(" ").length), typed });
}

interface Typing {
  readonly before: readonly string[];
  readonly typed: string;
}

async function wordsFor(call: Call, command: Command, { before, typed }: Typing): Promise<string[]> {
  const options = command.options ?? [];
  const last = before.at(-1);
  const open = options.find(
    ({ name, short, value }) => value !== undefined && (last === `--${name}` || last === `-${short}`),
  );
  if (open) return open.name === "model" ? await models(call) : open.name === "session" ? await sessions(call) : [];
  if (typed.startsWith("-")) return options.map(({ name }) => `--${name}`);
  const position = before.filter((word) => !word.startsWith("-")).length;
  const argument = command.arguments?.[position];
  return argument ? await valuesOf(call, argument) : options.map(({ name }) => `--${name}`);
}

async function valuesOf(call: Call, { complete: kind }: Argument): Promise<string[]> {
  switch (kind) {
    case "sessions":
      return await sessions(call);
    case "shells":
      return Object.keys(scripts);
    case "topics": {
      const { topics } = await import("./topics.ts");
      return [...Object.keys(topics), ...call.commands.filter(({ hidden }) => !hidden).map(({ name }) => name)];
    }
    case "keys":
    case "sections": {
      const { knownKeys } = await import("../config/edit.ts");
      return knownKeys().filter((key) => kind === "keys" || !key.includes("."));
    }
    default:
      return [];
  }
}

async function sessions({ platform }: Call): Promise<string[]> {
  const { loadConfig } = await import("../config/load.ts");
  const { lookingBrain } = await import("../app-brain.ts");
  const { sessions } = await lookingBrain(platform, await loadConfig(platform));
  const infos = await sessions.list();
  return infos.map(({ session }) => session);
}

/** The default model of each vendor, and those of the configuration. */
async function models({ platform }: Call): Promise<string[]> {
  const { loadConfig } = await import("../config/load.ts");
  const { lookingBrain } = await import("../app-brain.ts");
  const brain = await lookingBrain(platform, await loadConfig(platform));
  return [...brain.modelIds(), ...brain.models.examples()];
}
