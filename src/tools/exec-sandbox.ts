import { WeftError } from "../core/error.ts";
import type { Limits, Platform, Sandbox, SandboxSupport } from "../core/platform.ts";
import { hexOf } from "../lib/hex.ts";

export interface SandboxOptions {
  readonly platform: Pick<Platform, "sandbox" | "files" | "env" | "randomBytes" | "uid">;
  /** Absolute path. */
  readonly workspace: string;
  /** `auto`: what there is; `require`: no command without one. */
  readonly sandbox: "auto" | "require" | "off";
  readonly network: boolean;
  /** More than the workspace and the system's programs. */
  readonly readPaths: readonly string[];
  readonly writePaths: readonly string[];
  /** What commands may not see, wherever it lies. */
  readonly hide: readonly string[];
  /** What they may not change. */
  readonly readOnly: readonly string[];
  readonly limits: Limits;
}

export interface Confined {
  readonly sandbox?: Sandbox;
  /** A folder of the command's own for temporary files. */
  readonly temporary?: string;
  /** What is said behind an output that looks as if the sandbox were its cause. */
  hint(output: string): string;
  /** Takes the temporary folder away. */
  end(): Promise<void>;
}

/** Prepares what holds a command back. Throws `refused` when the owner requires it and the system has none. */
export async function confined(options: SandboxOptions): Promise<Confined> {
  const { platform, sandbox: wanted } = options;
  if (wanted === "off") return { hint: () => "", end: async () => {} };
  const support = await platform.sandbox();
  if (wanted === "require") checkEnough(support, options.network);
  const temporary = support.files ? await temporaryFolder(platform) : undefined;
  return {
    sandbox: sandboxOf(options, temporary),
    ...(temporary !== undefined && { temporary }),
    hint: (output) => hintFor(output, support, options),
    end: async () => {
      if (temporary !== undefined) await platform.files.remove(temporary);
    },
  };
}

function checkEnough({ files, network, missing }: SandboxSupport, mayConnect: boolean): void {
  if (files && (network || mayConnect)) return;
  throw new WeftError(
    "refused",
    `tools.exec.sandbox is require, and there is no whole sandbox here: ${missing}. To run commands with what there is, set tools.exec.sandbox to auto.`,
  );
}

/** Where a system has its programs, what they need, and nothing that belongs to somebody. */
const system: readonly string[] = [
  ..."/usr /bin /sbin /lib /lib32 /lib64 /libx32 /etc /opt /nix/store /run/current-system /proc".split(" "),
  ..."/dev/zero /dev/full /dev/random /dev/urandom".split(" "),
];
/** Where names are resolved, beside /etc. */
const resolvers: readonly string[] = ["/run/systemd/resolve", "/run/NetworkManager", "/run/resolvconf"];

function sandboxOf(options: SandboxOptions, temporary: string | undefined): Sandbox {
  const { platform, workspace, network, readPaths, writePaths, hide, readOnly, limits } = options;
  const own = temporary === undefined ? [] : [temporary];
  return {
    read: [...system, ...(network ? resolvers : []), ...programFolders(platform.env), ...readPaths],
    write: [workspace, "/dev/null", ...own, ...writePaths],
    // Who is not root cannot read these anyway.
    hide: platform.uid === 0 ? [...hide, ...ofRoot] : hide,
    readOnly,
    network,
    limits,
  };
}

const ofRoot: readonly string[] = ["/etc/shadow", "/etc/gshadow", "/etc/ssl/private"];

/** The folders of PATH, and the libraries beside them. */
function programFolders({ PATH = "", HOME = "" }: Platform["env"]): string[] {
  const folders = PATH.split(":").map((folder) => folder.replace(/\/+$/, ""));
  const named = folders.filter(
    (folder) => folder.startsWith("/") && folder !== HOME && !`${HOME}/`.startsWith(`${folder}/`),
  );
  return named.flatMap((folder) => {
    const above = /^(.+)\/s?bin$/.exec(folder)?.[1];
    return above === undefined ? [folder] : [folder, `${above}/lib`, `${above}/libexec`];
  });
}

async function temporaryFolder({ files, env, randomBytes }: SandboxOptions["platform"]): Promise<string | undefined> {
  const path = `${env["TMPDIR"] ?? "/tmp"}/weft-${hexOf(randomBytes(8))}`;
  try {
    await files.makeDirectory(path);
    return path;
  } catch {
    // A system without a place for temporary files; most commands need none.
    return undefined;
  }
}

const looksClosed =
  /permission denied|operation not permitted|read-only file system|device or resource busy|eacces|eperm/i;
const looksUnconnected =
  /could not resolve|name resolution|network is unreachable|getaddrinfo|eai_again|socket: |failed to connect|unable to connect/i;

function hintFor(output: string, support: SandboxSupport, { network, workspace, readOnly }: SandboxOptions): string {
  if (!network && support.network && looksUnconnected.test(output)) {
    return "[commands have no network here: the setting is tools.exec.network]";
  }
  if (!support.files || !looksClosed.test(output)) return "";
  const where = support.newFiles ? "" : `; new files can be made in the folders of ${workspace}, not beside them`;
  const but = readOnly.length === 0 ? "" : " but what tools.paths.read_only or path_read_only name";
  return `[a sandbox holds commands back: they may change the workspace${but}, and read it and the system's programs${where}. More: tools.exec.read_paths, tools.exec.write_paths, tools.exec.sandbox]`;
}
