import type { Files } from "../core/platform.ts";
import { rule } from "./untrusted.ts";

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
];
const ownFolder = ".clawft";
const memoryFolder = "memory";
const memoryFile = "MEMORY.md";

/** A longer file would leave no room for the conversation; the agent can read the rest with a tool. */
const mostBytes = 32 * 1024;

const identity = `You are weft, a personal agent that runs on your user's own machine. You help by answering and by using your tools.
Use a tool when it gets you facts or gets the work done; do not guess what a tool can tell you. Say what you did and what you found, briefly.
When something is refused, say why and what the user could change. Never invent results. What is worth knowing later, write to memory.`;

export function systemPrompt(options: SystemPromptOptions): SystemPrompt {
  const state: State = { options, texts: new Map(), folders: new Map() };
  return {
    async sections() {
      const found = await Promise.all((await pathsOf(state)).map((path) => sectionOf(state, path)));
      const own = found.filter((section) => section !== undefined);
      const named = own.some(({ name }) => rows[0]?.includes(name.replace(`${ownFolder}/`, "")));
      const today = new Date(options.now()).toISOString().slice(0, 10);
      return [
        ...(named ? [] : [{ name: "identity", text: identity }]),
        ...own,
        { name: "environment", text: `Today is ${today} (UTC). Your workspace is ${options.workspace}. ${rule}` },
      ];
    },
  };
}

interface State {
  readonly options: SystemPromptOptions;
  readonly texts: Map<string, KnownText>;
  readonly folders: Map<string, KnownFolder>;
}

interface KnownText {
  readonly modifiedAt: number;
  readonly bytes: number;
  readonly text: string;
}

interface KnownFolder {
  readonly modifiedAt: number;
  /** Looked at so long after its last change that a further one must show in its time. */
  readonly settled: boolean;
  readonly names: ReadonlySet<string>;
}

export function systemText(sections: readonly PromptSection[]): string {
  return sections
    .map(({ name, text }) => (name === "identity" || name === "environment" ? text : `# ${name}\n${text}`))
    .join("\n\n");
}

/** The files that count now, relative to the workspace. */
async function pathsOf(state: State): Promise<string[]> {
  const wanted = rows.flat();
  const top = await namesIn(state, "", [...wanted, ownFolder, memoryFolder]);
  const own = top.has(ownFolder) ? await namesIn(state, `/${ownFolder}`, wanted) : new Set<string>();
  const memory = top.has(memoryFolder) ? await namesIn(state, `/${memoryFolder}`, [memoryFile]) : new Set<string>();
  const chosen = rows.flatMap((names) => {
    const candidates = names.flatMap((name) => [
      ...(top.has(name) ? [name] : []),
      ...(own.has(name) ? [`${ownFolder}/${name}`] : []),
    ]);
    return candidates.slice(0, 1);
  });
  return memory.has(memoryFile) ? [...chosen, `${memoryFolder}/${memoryFile}`] : chosen;
}

/** Which of the wanted names a folder has; asked again only when the folder has changed, for this is done every turn. */
async function namesIn(
  { options, folders }: State,
  folder: string,
  wanted: readonly string[],
): Promise<ReadonlySet<string>> {
  const { files, workspace, now } = options;
  const stat = await files.stat(workspace + folder);
  if (stat?.kind !== "directory") return new Set();
  const known = folders.get(folder);
  if (known?.settled && known.modifiedAt === stat.modifiedAt) return known.names;
  const { modifiedAt } = stat;
  const settled = now() - modifiedAt > 1000;
  const there = await Promise.all(wanted.map((name) => files.stat(`${workspace}${folder}/${name}`)));
  const names = new Set(wanted.filter((_, i) => there[i]));
  folders.set(folder, { modifiedAt, settled, names });
  return names;
}

async function sectionOf({ options, texts }: State, name: string): Promise<PromptSection | undefined> {
  const { files, workspace } = options;
  const path = `${workspace}/${name}`;
  const stat = await files.stat(path);
  if (stat?.kind !== "file") return undefined;
  const known = texts.get(path);
  if (known && known.modifiedAt === stat.modifiedAt && known.bytes === stat.bytes) return { name, text: known.text };
  const bytes = await files.read(path, { offset: 0, length: Math.min(stat.bytes, mostBytes) });
  const cut = stat.bytes > mostBytes ? `\n[cut: ${stat.bytes} bytes in all, read on with read_file]` : "";
  const text = new TextDecoder().decode(bytes).trim() + cut;
  texts.set(path, { modifiedAt: stat.modifiedAt, bytes: stat.bytes, text });
  return text === "" ? undefined : { name, text };
}
