import type { FileStat } from "../../core/platform.ts";
import { privateFolders } from "../../core/workspace.ts";
import type { Check, Severity } from "./check.ts";
import { placeChecks } from "./checks/places.ts";

/** Where weft keeps what is its own; all paths real and absolute. */
export interface OwnPlaces {
  readonly configFile: string;
  /** The folder of the configuration, where it is weft's alone. */
  readonly configFolder?: string;
  readonly workspace: string;
}

export interface PlaceHit {
  readonly check: Check;
  readonly severity: Severity;
  readonly note?: string;
  readonly mode?: number;
}

export interface Entry {
  /** Absolute. */
  readonly path: string;
  readonly stat: FileStat;
  readonly inSkill: boolean;
  /** The first bytes; none of a folder. */
  readonly begin: Uint8Array;
  /** Ours; -1 where there is none. */
  readonly uid: number;
}

/** What a file or folder shows from outside. */
export function scanPlace(entry: Entry, own: OwnPlaces): PlaceHit[] {
  const { path, stat, begin, inSkill } = entry;
  const name = path.slice(path.lastIndexOf("/") + 1);
  const hits = [...modeHits(entry, own), ...nameHits(name)];
  if (stat.kind !== "file") return hits;
  const binary = binaryKind(begin);
  const isScript = begin[0] === 0x23 && begin[1] === 0x21;
  if ((binary || isScript) && /\.(?:png|jpe?g|gif|webp|pdf|txt|csv|docx?|xlsx?|mp3|mp4|ico|svg)$/i.test(name)) {
    hits.push(hit(placeChecks.disguised, { note: binary ?? "a script" }));
  }
  if (inSkill && (binary || /\.(?:zip|tgz|gz|xz|7z|rar|whl|jar|dmg|deb|rpm|msi|apk)$/i.test(name))) {
    hits.push(hit(placeChecks.skillProgram, { note: binary ?? "an archive" }));
  }
  const inside = within(path, own.workspace);
  const isProgram = binary !== undefined || (isScript && (stat.mode & 0o111) !== 0);
  if (inside !== undefined && !inSkill && isProgram && !/^(?:\.weft\/)?plugins\//.test(inside)) {
    const isGrave = isKept(inside);
    hits.push(hit(placeChecks.program, { note: binary ?? "a script", ...(isGrave && { severity: "high" as const }) }));
  }
  return hits;
}

/** The part of the path below the folder; "" for the folder itself. */
export function within(path: string, folder: string): string | undefined {
  if (path === folder) return "";
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : undefined;
}

const workspaceSecrets = /^\.weft\/(?:gateway-token|audit\.key|pairing\.json)$/;
/** What weft keeps there for itself, and what it lets the agent keep. */
const kept: readonly string[] = [...privateFolders, "memory", "results"];

function isKept(inside: string): boolean {
  return kept.some((name) => inside === name || inside.startsWith(`${name}/`));
}

function modeHits({ path, stat, uid }: Entry, own: OwnPlaces): PlaceHit[] {
  const { mode, kind } = stat;
  if (kind !== "file" && kind !== "directory") return [hit(placeChecks.special)];
  const hits: PlaceHit[] = [];
  const isOwn = isOurs(path, own);
  if (kind === "file" && (mode & 0o6000) !== 0) hits.push(hit(placeChecks.setuid, { note: octal(mode) }));
  if (isOwn && uid > 0 && stat.uid !== uid) hits.push(hit(placeChecks.foreign, { note: `uid ${stat.uid}` }));
  const isWritable = (mode & 0o022) !== 0;
  const closed = (mode & 0o077) !== 0 ? closedTo(path, kind, own) : undefined;
  const note = octal(mode);
  if (closed) hits.push(hit(closed.check, { note, mode: closed.mode, ...(isWritable && { severity: "high" }) }));
  else if (isOwn && isWritable) hits.push(hit(placeChecks.writable, { note, mode: mode & 0o7755 }));
  // A folder like /tmp, where each may remove only what is his, is meant to be so.
  else if (!isOwn && (mode & 0o002) !== 0 && (mode & 0o1000) === 0)
    hits.push(hit(placeChecks.writable, { note, severity: "medium" }));
  return hits;
}

export function isOurs(path: string, { configFile, configFolder, workspace }: OwnPlaces): boolean {
  const inFolder = configFolder !== undefined && within(path, configFolder) !== undefined;
  return inFolder || within(path, workspace) !== undefined || path === configFile;
}

/** What belongs to its owner alone, and the mode it should have. */
function closedTo(
  path: string,
  kind: "file" | "directory",
  own: OwnPlaces,
): { readonly check: Check; readonly mode: number } | undefined {
  const inside = within(path, own.workspace);
  if (kind === "directory") {
    const isFolder =
      path === own.configFolder || (inside !== undefined && (inside === "" || inside === ".clawft" || isKept(inside)));
    return isFolder ? { check: placeChecks.openFolder, mode: 0o700 } : undefined;
  }
  if (path === own.configFile) return { check: placeChecks.openConfig, mode: 0o600 };
  if (isSecretFile(path, own) || workspaceSecrets.test(inside ?? ""))
    return { check: placeChecks.openSecret, mode: 0o600 };
  return inside !== undefined && isKept(inside) ? { check: placeChecks.openFile, mode: 0o600 } : undefined;
}

/** Secrets lie beside the configuration. */
function isSecretFile(path: string, { configFile }: OwnPlaces): boolean {
  const folder = configFile.slice(0, configFile.lastIndexOf("/"));
  return path === `${folder}/secrets.json` || path === `${folder}/secrets.key`;
}

function nameHits(name: string): PlaceHit[] {
  const hits: PlaceHit[] = [];
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name) || /^[-\s]|\s$/.test(name)) hits.push(hit(placeChecks.oddName));
  const double =
    /\.(?:pdf|docx?|xlsx?|pptx?|txt|md|jpe?g|png|gif|mp[34]|csv|html?)\s{0,40}\.(?:sh|bash|exe|scr|bat|cmd|com|ps1|vbs|js|jar|py|app|desktop|lnk)$/i;
  if (double.test(name)) hits.push(hit(placeChecks.doubleEnd));
  return hits;
}

function hit(check: Check, more: Partial<PlaceHit> = {}): PlaceHit {
  return { check, severity: check.severity, ...more };
}

function octal(mode: number): string {
  return `mode ${mode.toString(8).padStart(4, "0")}`;
}

/** By the first bytes: ELF, PE, Mach-O. */
function binaryKind(begin: Uint8Array): string | undefined {
  const [a, b, c, d] = begin;
  if (a === 0x7f && b === 0x45 && c === 0x4c && d === 0x46) return "a program (ELF)";
  if (a === 0x4d && b === 0x5a && begin.length > 60) return "a program (Windows)";
  const magic = ((a ?? 0) << 24) | ((b ?? 0) << 16) | ((c ?? 0) << 8) | (d ?? 0);
  return [0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe].includes(magic >>> 0) ? "a program (macOS)" : undefined;
}
