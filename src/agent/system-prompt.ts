import type { Files } from "../core/platform.ts";

/** A named piece of the prompt, as `weft context` shows it. */
export interface PromptSection {
  readonly name: string;
  readonly text: string;
}

export interface SystemPromptOptions {
  readonly files: Files;
  /** Absolute path of the workspace. */
  readonly workspace: string;
  /** Unix milliseconds. */
  readonly now: () => number;
}

export interface SystemPrompt {
  /** Identity, instructions and memory of the workspace as they are now. */
  sections(): Promise<PromptSection[]>;
}

/** First that exists wins in each row; from the workspace or its `.clawft` folder. */
const rows: readonly (readonly string[])[] = [
  ["SOUL.md", "IDENTITY.md"],
  ["AGENTS.md", "CLAUDE.md"],
  ["USER.md"],
  ["TOOLS.md"],
  ["memory/MEMORY.md"],
];

/** A longer file would leave no room for the conversation; the agent can read the rest with a tool. */
const mostBytes = 32 * 1024;

const identity = `You are weft, a personal agent that runs on your user's own machine. You help by answering and by using your tools.
Use a tool when it gets you facts or gets the work done; do not guess what a tool can tell you. Say what you did and what you found, briefly.
When something is refused, say why and what the user could change. Never invent results. What is worth knowing later, write to memory.`;

export function systemPrompt(options: SystemPromptOptions): SystemPrompt {
  const cache = new Map<string, Cached>();
  return {
    async sections() {
      const found = await Promise.all(rows.map((names) => firstOf(options, names, cache)));
      const own = found.filter((section) => section !== undefined);
      const named = own.some(({ name }) => rows[0]?.includes(name.replace(".clawft/", "")));
      const today = new Date(options.now()).toISOString().slice(0, 10);
      return [
        ...(named ? [] : [{ name: "identity", text: identity }]),
        ...own,
        { name: "environment", text: `Today is ${today} (UTC). Your workspace is ${options.workspace}.` },
      ];
    },
  };
}

export function systemText(sections: readonly PromptSection[]): string {
  return sections
    .map(({ name, text }) => (name === "identity" || name === "environment" ? text : `# ${name}\n${text}`))
    .join("\n\n");
}

interface Cached {
  readonly modifiedAt: number;
  readonly bytes: number;
  readonly text: string;
}

async function firstOf(
  { files, workspace }: SystemPromptOptions,
  names: readonly string[],
  cache: Map<string, Cached>,
): Promise<PromptSection | undefined> {
  for (const name of names.flatMap((plain) => [plain, `.clawft/${plain}`])) {
    const path = `${workspace}/${name}`;
    const stat = await files.stat(path);
    if (stat?.kind !== "file") continue;
    const known = cache.get(path);
    if (known && known.modifiedAt === stat.modifiedAt && known.bytes === stat.bytes) return { name, text: known.text };
    const bytes = await files.read(path, { offset: 0, length: Math.min(stat.bytes, mostBytes) });
    const cut = stat.bytes > mostBytes ? `\n[cut: ${stat.bytes} bytes in all, read on with read_file]` : "";
    const text = new TextDecoder().decode(bytes).trim() + cut;
    if (text === "") continue;
    cache.set(path, { modifiedAt: stat.modifiedAt, bytes: stat.bytes, text });
    return { name, text };
  }
  return undefined;
}
