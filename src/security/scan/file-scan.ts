import { WeftError } from "../../core/error.ts";
import type { FileStat } from "../../core/platform.ts";
import type { Finding, Role } from "./check.ts";
import { placeChecks } from "./checks/places.ts";
import { scanConfig } from "./config-scan.ts";
import { excerptOf, visible } from "./excerpt.ts";
import { scanManifest } from "./manifests.ts";
import { within } from "./place-scan.ts";
import { linesOf } from "./plain.ts";
import { roleOf } from "./roles.ts";
import { type State, skip } from "./state.ts";
import { type Hit, scanText, type TextFindings } from "./text-scan.ts";

/** A larger file is not read; conversations are, in pieces. */
const mostBytes = 1024 * 1024;
const longInstructions = 50 * 1024;

interface ScannedFile {
  readonly path: string;
  readonly stat: FileStat;
  readonly inSkill: boolean;
  readonly root: string;
}

interface Scanned {
  readonly begin: Uint8Array;
  readonly findings: readonly Finding[];
}

/** Reads a file and looks at its text. */
export async function scanFile(file: ScannedFile, state: State): Promise<Scanned> {
  const { path, root, stat } = file;
  const { files, own } = state.options;
  const isFolder = path !== root;
  const tree = files.confined(isFolder ? root : path.slice(0, path.lastIndexOf("/")) || "/");
  const read = (offset: number) => tree.read(path, { offset, length: mostBytes });
  try {
    const begin = stat.bytes > mostBytes ? await tree.read(path, { offset: 0, length: 4096 }) : await read(0);
    const inWorkspace = within(path, own.workspace);
    const role = roleOf(path, { inSkill: file.inSkill, inWorkspace, begin: decode(begin.subarray(0, 64)) });
    if (stat.bytes > mostBytes && role !== "session") return { begin, findings: tooLarge(file, state) };
    if (isBinary(begin) && role === "document") {
      skip(state, path, "it is binary");
      return { begin, findings: [] };
    }
    if (stat.bytes > mostBytes) return { begin, findings: await inPieces(file, state, read) };
    state.files++;
    state.bytes += begin.length;
    const text = decode(begin);
    const findings = placed(path, { text, ...(await findingsIn({ ...file, role, text }, state)) }, state);
    const isLong = role === "instructions" && begin.length > longInstructions;
    return {
      begin,
      findings: isLong ? [...findings, tellPlace(path, "skillLong", `${begin.length} bytes`)] : findings,
    };
  } catch (thrown) {
    skip(state, path, WeftError.from(thrown).message);
    return { begin: new Uint8Array(), findings: [] };
  }
}

async function findingsIn(
  file: ScannedFile & { readonly role: Role; readonly text: string },
  state: State,
): Promise<TextFindings> {
  const { path, text, inSkill } = file;
  const { own, config } = state.options;
  const isOwn = path === own.configFile || /\/\.(?:clawft|nanobot)\/config\.json$/.test(path);
  if (isOwn || path.endsWith("/config.json")) {
    const asConfig = await scanConfig(text, config, isOwn);
    if (asConfig) {
      const asText = scanText({ path, role: "config", inSkill, text });
      const isKnown = ({ at, length }: Hit) =>
        asConfig.secrets.some((secret) => at < secret.at + secret.length && at + length > secret.at);
      const others = asText.hits.filter((hit) => !isKnown(hit));
      const secrets = [...asConfig.secrets, ...asText.secrets].sort((a, b) => a.at - b.at);
      return { hits: [...asConfig.hits, ...others], secrets };
    }
  }
  const found = scanText({ path, role: file.role, inSkill, text });
  return { ...found, hits: [...found.hits, ...(await scanManifest(path, text, file.role))] };
}

interface Seen extends TextFindings {
  readonly text: string;
  /** Lines before it. */
  readonly before?: number;
}

function placed(path: string, { text, hits, secrets, before = 0 }: Seen, { options }: State): Finding[] {
  if (hits.length === 0) return [];
  const placeOf = linesOf(text);
  return hits.map((hit: Hit) => {
    const { line, column } = placeOf(hit.at);
    const end = text.indexOf("\n", hit.at);
    return {
      check: hit.check,
      severity: hit.severity,
      path,
      line: line + before,
      column,
      length: Math.min(hit.length, (end < 0 ? text.length : end) - hit.at),
      excerpt: options.redact(excerptOf(text, hit, secrets)),
      ...(hit.note !== undefined && { note: options.redact(visible(hit.note)) }),
    };
  });
}

function tooLarge({ path, stat, inSkill }: ScannedFile, state: State): Finding[] {
  skip(state, path, `it is larger than 1 MiB (${stat.bytes} bytes)`);
  return inSkill ? [tellPlace(path, "skillLarge", `${stat.bytes} bytes`)] : [];
}

function tellPlace(path: string, name: keyof typeof placeChecks, note: string): Finding {
  return { check: placeChecks[name], severity: placeChecks[name].severity, path, note };
}

/** Conversations grow; only keys are looked for in them, line by line. */
async function inPieces(
  { path, stat, inSkill }: ScannedFile,
  state: State,
  read: (offset: number) => Promise<Uint8Array>,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  let before = 0;
  state.files++;
  for (let offset = 0; offset < stat.bytes && state.options.monotonic() < state.until; ) {
    const bytes = await read(offset);
    if (bytes.length === 0) break;
    const end = bytes.lastIndexOf(10) + 1 || bytes.length;
    const text = decode(bytes.subarray(0, end));
    const found = scanText({ path, role: "session", inSkill, text });
    findings.push(...placed(path, { text, ...found, before }, state));
    before += text.split("\n").length - 1;
    offset += end;
    state.bytes += end;
  }
  return findings;
}

function isBinary(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 8192).includes(0);
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
