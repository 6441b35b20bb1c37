import * as v from "valibot";
import { WeftError } from "../core/error.ts";
import type { Files } from "../core/platform.ts";
import { type Manifest, type Permissions, permissionsSchema } from "./manifest.ts";

/** What the owner has agreed to, by plugin. */
export interface Approvals {
  /** Undefined when it was never approved. */
  get(id: string): Promise<Approved | undefined>;
  set(id: string, approved: Approved): Promise<void>;
  /** False when there was none. */
  forget(id: string): Promise<boolean>;
}

export interface Approved {
  readonly version: string;
  readonly permissions: Permissions;
  /** Unix milliseconds. */
  readonly at: number;
}

const fileSchema = v.record(
  v.string(),
  v.object({ version: v.string(), permissions: permissionsSchema, at: v.number() }),
);

/** Kept in the JSON file at `path`. One that cannot be read is an error, never an approval. */
export function approvalsIn(files: Pick<Files, "stat" | "read" | "write">, path: string): Approvals {
  const read = async (): Promise<Map<string, Approved>> => {
    if (!(await files.stat(path))) return new Map();
    const text = new TextDecoder().decode(await files.read(path));
    const parsed = v.safeParse(fileSchema, parseJson(text));
    if (parsed.success) return new Map(Object.entries(parsed.output));
    throw new WeftError("invalid", `${path} cannot be read: remove it and approve your plugins again`);
  };
  const write = async (all: ReadonlyMap<string, Approved>) => {
    const text = `${JSON.stringify(Object.fromEntries(all), null, 2)}\n`;
    await files.write(path, new TextEncoder().encode(text));
  };
  return {
    get: async (id) => (await read()).get(id),
    async set(id, approved) {
      await write((await read()).set(id, approved));
    },
    async forget(id) {
      const all = await read();
      if (!all.delete(id)) return false;
      await write(all);
      return true;
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What it wants beyond what was approved, as lines for people; none when that is enough. */
export function missingPermissions(wanted: Permissions, approved: Permissions | undefined): string[] {
  const lists = [
    ["network", wanted.network, approved?.network],
    ["filesystem", wanted.filesystem, approved?.filesystem],
    ["env_vars", wanted.env_vars, approved?.env_vars],
  ] as const;
  return [
    ...lists.flatMap(([name, asked, given = []]) =>
      asked.filter((each) => !given.includes(each)).map((each) => `+ ${name}: ${each}`),
    ),
    ...(wanted.shell && !approved?.shell ? ["+ shell: yes"] : []),
  ];
}

/** All that an approval would change, `+` for what comes and `-` for what goes. */
export function permissionsDiff(wanted: Permissions, approved: Permissions | undefined): string[] {
  const none: Permissions = { network: [], filesystem: [], env_vars: [], shell: false };
  const gone = missingPermissions(approved ?? none, wanted).map((line) => `-${line.slice(1)}`);
  return [...missingPermissions(wanted, approved), ...gone];
}

/** Why the plugin may not run, with the diff and the command that approves it; undefined when it may. */
export function notApproved(manifest: Manifest, approved: Approved | undefined): string | undefined {
  const { id, version, permissions } = manifest;
  const more = missingPermissions(permissions, approved?.permissions);
  const how = `To approve it: weft plugin approve ${id}`;
  if (!approved) {
    const wants = more.length === 0 ? "no permissions" : more.map((line) => line.slice(2)).join(", ");
    return `plugin ${id} ${version} is not approved; it wants ${wants}. ${how}`;
  }
  if (more.length === 0) return undefined;
  return `plugin ${id} ${version} wants more than was approved for ${approved.version}: ${more.join(", ")}. ${how}`;
}
