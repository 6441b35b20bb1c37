import { recordOutside } from "../app-audit.ts";
import type { Loaded } from "../config/load.ts";
import { absolutePath } from "../config/locate.ts";
import { WeftError } from "../core/error.ts";
import type { Platform } from "../core/platform.ts";
import { workspacePaths } from "../core/workspace.ts";
import { bytesOfHex, hexOf } from "../lib/hex.ts";
import { auditPaths, chainFiles, checkedHash, type Head, noEntries } from "../security/audit-chain.ts";
import { checkedHead, type SignedHead, signedHead } from "../security/audit-head.ts";
import { eachLine, type Problem, type Verified, verifyChain } from "../security/audit-verify.ts";
import type { Call } from "./command.ts";
import { load } from "./loading.ts";
import { isHeld } from "./running-gateway.ts";

/** `weft audit verify [FILE]`; exit code 1 when something is not as it was written. */
export async function verify(call: Call): Promise<number> {
  const { platform, options, arguments: words } = call;
  const loaded = await load(call);
  const chain = words["FILE"] === undefined ? await ownChain(platform, loaded) : await exported(call, words["FILE"]);
  const trusted = await trustedKey(call, loaded, chain.signed);
  const verified = await chain.verify();
  const { head, problem } = verified;
  const { signed } = chain;
  if ("json" in options) {
    const report = {
      ok: problem === undefined,
      entries: head.entries,
      hash: hexOf(head.hash),
      files: chain.files(),
      ...(signed && {
        signed: { entries: signed.entries, at: signed.at, publicKey: hexOf(signed.publicKey), trusted },
      }),
      ...(problem && { problem }),
    };
    await platform.terminal.out(`${JSON.stringify(report, null, 2)}\n`);
    return problem ? 1 : 0;
  }
  if (problem) throw broken(problem);
  await platform.terminal.out(`ok: ${head.entries} entries in ${chain.files().length} file(s)\n`);
  await platform.terminal.out(`head ${hexOf(head.hash)}\n${signedText(signed, trusted)}\n`);
  return 0;
}

function signedText(signed: SignedHead | undefined, trusted: boolean): string {
  if (!signed) return "not signed: weft audit key makes a key, weft audit sign signs";
  const by = trusted ? "by the key that was expected" : "by a key that was not compared with yours (--key)";
  return `the first ${signed.entries} were signed at ${new Date(signed.at).toISOString()} ${by}`;
}

function broken({ file, line, what, text }: Problem): WeftError {
  const place = line === 0 ? file : `${file} line ${line}`;
  return new WeftError(
    "invalid",
    `${place}: ${what}: ${text}. What stands before it is as it was written. Keep a copy of the file, find out who could
write it, then move it and the folder .weft/audit of the workspace away: weft begins a new chain`,
  );
}

interface Chain {
  readonly signed: SignedHead | undefined;
  /** What was read. */
  files(): readonly string[];
  verify(): Promise<Verified>;
}

/** A chain may grow and its file be put aside while it is read. */
async function ownChain(platform: Platform, { workspace }: Loaded): Promise<Chain> {
  const { files } = platform;
  const { head } = auditPaths(workspace);
  const signed = (await files.stat(head)) ? headAt(platform, await textOf(platform, head), head) : undefined;
  let paths: readonly string[] = [];
  const look = async () => {
    paths = await chainFiles(files, workspace);
    return await verifyChain({ files, sha256: sha256Of(platform), paths, ...(signed && { signed }) });
  };
  const isUnderWay = async ({ problem }: Verified) =>
    problem !== undefined &&
    (await isHeld(platform, workspacePaths(workspace).lock)) &&
    ((problem.what === "cut" && problem.line > 0) || paths.length !== (await chainFiles(files, workspace)).length);
  return {
    signed,
    files: () => paths,
    async verify() {
      let verified = await look();
      for (let again = 0; again < 20 && (await isUnderWay(verified)); again++) verified = await look();
      return verified;
    },
  };
}

/** What `audit export` wrote: entries, and a head as the last line. */
async function exported({ platform }: Call, file: string): Promise<Chain> {
  const { files } = platform;
  const path = absolutePath(file, platform.cwd);
  const size = (await files.stat(path))?.bytes;
  if (size === undefined) throw new WeftError("missing", `there is no file ${path}`);
  const tail = new TextDecoder().decode(await files.read(path, { offset: Math.max(0, size - 4096), length: 4096 }));
  const last = /(?:^|\n)(\{"head":(\{.*\})\}\n?)$/.exec(tail);
  const bytes = size - new TextEncoder().encode(last?.[1] ?? "").length;
  const signed = last ? headAt(platform, last[2] ?? "", path) : undefined;
  const source = { files, sha256: sha256Of(platform), paths: [path], bytes, ...(signed && { signed }) };
  return { signed, files: () => [path], verify: () => verifyChain(source) };
}

function headAt({ crypto }: Platform, text: string, path: string): SignedHead {
  return checkedHead(crypto.ed25519, text, path);
}

function sha256Of({ crypto }: Platform) {
  return (bytes: Uint8Array) => crypto.hash("sha256", bytes);
}

async function textOf({ files }: Platform, path: string): Promise<string> {
  return new TextDecoder().decode(await files.read(path));
}

/** Whether the head was signed by a key we know. Throws `invalid` when it was by another one. */
async function trustedKey(call: Call, { workspace }: Loaded, signed: SignedHead | undefined): Promise<boolean> {
  const { platform, options } = call;
  const file = options["key"];
  if (file === undefined) {
    const seed = await seedOf(platform, workspace);
    if (!signed || !seed) return false;
    if (same(platform.crypto.ed25519.publicKey(seed), signed)) return true;
    const how = "if it is right, say so with --key FILE";
    throw new WeftError("invalid", `the head was signed by ${hexOf(signed.publicKey)}, not by your key: ${how}`);
  }
  const path = absolutePath(file, platform.cwd);
  const key = bytesOfHex((await textOf(platform, path)).trim(), 32);
  if (!key) throw new WeftError("invalid", `${path} is no public key: weft audit key prints one`);
  if (!signed) throw new WeftError("invalid", "there is no signed head to hold against the key: weft audit sign");
  if (same(key, signed)) return true;
  throw new WeftError("invalid", `the head was signed by ${hexOf(signed.publicKey)}, not by the key in ${path}`);
}

function same(key: Uint8Array, signed: SignedHead): boolean {
  return hexOf(key) === hexOf(signed.publicKey);
}

async function seedOf(platform: Platform, workspace: string): Promise<Uint8Array | undefined> {
  const { key } = auditPaths(workspace);
  if (!(await platform.files.stat(key))) return undefined;
  const seed = bytesOfHex((await textOf(platform, key)).trim(), 32);
  if (!seed) throw new WeftError("config", `${key} is no key: move it away, and weft audit key makes a new one`);
  return seed;
}

/** `weft audit key` */
export async function key(call: Call): Promise<number> {
  const { platform } = call;
  const loaded = await load(call);
  const { workspace } = loaded;
  const known = await seedOf(platform, workspace);
  const seed = known ?? platform.randomBytes(32);
  const publicKey = hexOf(platform.crypto.ed25519.publicKey(seed));
  if (!known) {
    const { key: path } = auditPaths(workspace);
    await platform.files.makeDirectory(`${workspace}/.weft`);
    await platform.files.create(path, new TextEncoder().encode(`${hexOf(seed)}\n`));
    await platform.terminal.error(`Made ${path}: keep a copy of it, and of the public key, on another machine\n`);
    const entry = { kind: "chain", subject: "key", outcome: "ok", detail: publicKey } as const;
    await recordOutside(platform, loaded, [entry]);
  }
  await platform.terminal.out(`${publicKey}\n`);
  return 0;
}

/** `weft audit sign` */
export async function sign(call: Call): Promise<number> {
  const { platform } = call;
  const loaded = await load(call);
  const seed = await seedOf(platform, loaded.workspace);
  if (!seed) throw new WeftError("missing", "there is no key to sign with: weft audit key makes one");
  const signed = await signedNow(platform, loaded, seed);
  const { head: path } = auditPaths(loaded.workspace);
  await platform.files.write(path, new TextEncoder().encode(`${JSON.stringify(signed.line)}\n`));
  await platform.terminal.out(`Signed ${signed.head.entries} entries in ${path}\n`);
  return 0;
}

/** What is there now, verified; against what was signed before, too. */
async function signedNow(platform: Platform, loaded: Loaded, seed: Uint8Array | undefined) {
  const chain = await ownChain(platform, loaded);
  const { head, problem } = await chain.verify();
  if (problem) throw broken(problem);
  const line = seed && signedHead(platform.crypto.ed25519, seed, { ...head, at: platform.now() });
  return { head, line };
}

/** `weft audit export` */
export async function exportAudit(call: Call): Promise<number> {
  const { platform, options } = call;
  const { files, terminal } = platform;
  const loaded = await load(call);
  const { head, line } = await signedNow(platform, loaded, await seedOf(platform, loaded.workspace));
  const last = line ? `${JSON.stringify({ head: line })}\n` : "";
  if (!line) await terminal.error("The head is not signed: weft audit key makes a key\n");
  if (options["out"] === undefined) {
    await copy({ platform, loaded, head }, (text) => terminal.out(text));
    await terminal.out(last);
    return 0;
  }
  const path = absolutePath(options["out"], platform.cwd);
  if (await files.stat(path)) throw new WeftError("conflict", `${path} exists: name another file`);
  const part = `${path}.part`;
  await files.remove(part);
  const file = await files.append(part);
  const put = (text: string) => file.write(new TextEncoder().encode(text));
  await copy({ platform, loaded, head }, put);
  await put(last);
  await file.sync();
  await file.close();
  await files.rename(part, path);
  await terminal.error(`Exported ${head.entries} entries to ${path}\n`);
  return 0;
}

interface Copying {
  readonly platform: Platform;
  readonly loaded: Loaded;
  /** As far as it was verified. */
  readonly head: Head;
}

async function copy({ platform, loaded, head }: Copying, put: (text: string) => Promise<void>): Promise<void> {
  const { files } = platform;
  let count = 0;
  let at = noEntries.hash;
  for (const path of await chainFiles(files, loaded.workspace)) {
    const bytes = (await files.stat(path))?.bytes ?? 0;
    for (let offset = 0; offset < bytes && count < head.entries; ) {
      let text = "";
      const part = { path, offset, bytes: Math.min(bytes, offset + pieceBytes) };
      offset =
        part.bytes -
        (await eachLine(files, part, (line) => {
          if (count === head.entries) return false;
          at = checkedHash(sha256Of(platform), line, at) ?? noEntries.hash;
          count++;
          text += `${new TextDecoder().decode(line)}\n`;
          return true;
        }));
      await put(text);
    }
  }
  if (hexOf(at) === hexOf(head.hash)) return;
  throw new WeftError("conflict", "the audit was changed while it was exported: try again");
}

const pieceBytes = 1024 * 1024;
