import { WeftError } from "../core/error.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { Platform } from "../core/platform.ts";
import { base64Of, bytesOfBase64 } from "../lib/base64.ts";
import { hexOf } from "../lib/hex.ts";

/**
 * Secrets on the disk, each sealed by AES-256-GCM under its name. The key is made of a passphrase
 * (CLAWFT_SECRETS_PASSPHRASE, or the file that CLAWFT_SECRETS_PASSPHRASE_FILE names) or lies in a file of its own
 * (CLAWFT_SECRETS_KEY_FILE, else `secrets.key` beside the configuration).
 */
export interface SecretStore {
  readonly path: string;
  names(): readonly StoredName[];
  /** Undefined when there is none of this name. */
  get(name: string): string | undefined;
  set(name: string, value: string): Promise<void>;
  /** False when there was none. */
  remove(name: string): Promise<boolean>;
}

export interface StoredName {
  readonly name: string;
  /** Unix milliseconds. */
  readonly at: number;
}

export type StorePlatform = Pick<Platform, "crypto" | "env" | "files" | "now" | "randomBytes">;

/** `secrets.json`; bytes are Base64. */
interface StoreFile {
  readonly version: 1;
  readonly key: KeyOrigin;
  readonly secrets: Readonly<Record<string, Sealed>>;
}

type KeyOrigin =
  | { readonly from: "file" }
  | { readonly from: "passphrase"; readonly salt: string; readonly iterations: number };

interface Sealed {
  readonly nonce: string;
  readonly sealed: string;
  readonly at: number;
}

/** OWASP's figure for PBKDF2-HMAC-SHA-256. */
const iterations = 600_000;
const mostIterations = 10_000_000;
const keyBytes = 32;
export const secretNameShape = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

/** `folder`: where the configuration is. Throws `config` when the store or its key cannot be read. */
export async function openSecretStore(platform: StorePlatform, folder: string): Promise<SecretStore> {
  const path = `${folder}/secrets.json`;
  let file = await readStore(platform, path);
  let key = file && (await keyFor(platform, { folder, origin: file.key }));
  const save = async (secrets: StoreFile["secrets"], origin: KeyOrigin) => {
    file = { version: 1, key: origin, secrets };
    await platform.files.write(path, new TextEncoder().encode(`${JSON.stringify(file, null, 2)}\n`));
  };
  return {
    path,
    names: () => Object.entries(file?.secrets ?? {}).map(([name, { at }]) => ({ name, at })),
    get: (name) => (file && key ? opened(platform, { path, name, key }, file.secrets[name]) : undefined),
    async set(name, value) {
      checkName(name);
      await platform.files.makeDirectory(folder);
      const origin = file?.key ?? newOrigin(platform);
      key ??= await keyFor(platform, { folder, origin, mayMake: true });
      const others = file?.secrets ?? {};
      const [first] = Object.keys(others);
      // Two keys in one store would leave one half of it unreadable.
      if (first !== undefined) opened(platform, { path, name: first, key }, others[first]);
      await save({ ...others, [name]: sealed(platform, { name, key }, value) }, origin);
    },
    async remove(name) {
      if (!file || !Object.hasOwn(file.secrets, name)) return false;
      const { [name]: _gone, ...rest } = file.secrets;
      await save(rest, file.key);
      return true;
    },
  };
}

export function checkName(name: string): void {
  if (secretNameShape.test(name)) return;
  throw new WeftError("usage", `"${name}" is no name for a secret: use up to 64 letters, digits, _ . and -`);
}

interface Slot {
  readonly path: string;
  readonly name: string;
  readonly key: Uint8Array;
}

function sealed({ crypto, randomBytes, now }: StorePlatform, { name, key }: Omit<Slot, "path">, value: string): Sealed {
  const nonce = randomBytes(12);
  const bytes = crypto.seal({ key, nonce, extra: extraOf(name) }, new TextEncoder().encode(value));
  return { nonce: base64Of(nonce), sealed: base64Of(bytes), at: now() };
}

function opened({ crypto }: StorePlatform, { path, name, key }: Slot, entry: Sealed | undefined): string | undefined {
  if (!entry) return undefined;
  const nonce = bytesOfBase64(entry.nonce);
  const whole = nonce.length === 12;
  const text = whole && crypto.open({ key, nonce, extra: extraOf(name) }, bytesOfBase64(entry.sealed));
  if (text) return new TextDecoder().decode(text);
  throw new WeftError(
    "config",
    `${path}: the secret ${name} cannot be read: the passphrase or key is another one than it was written with, or the file was changed. Put the right one back, or set the secret again after removing ${path}`,
  );
}

/** A sealed value moved to another name does not open. */
function extraOf(name: string): Uint8Array {
  return new TextEncoder().encode(`weft secret ${name}`);
}

async function passphraseOf({ env, files }: StorePlatform): Promise<string | undefined> {
  const given = env["CLAWFT_SECRETS_PASSPHRASE"];
  const path = env["CLAWFT_SECRETS_PASSPHRASE_FILE"];
  if (given || !path) return given || undefined;
  const text = new TextDecoder().decode(await files.read(path, { offset: 0, length: 65_536 })).trim();
  if (text === "") throw new WeftError("config", `CLAWFT_SECRETS_PASSPHRASE_FILE: ${path} is empty`);
  return text;
}

function newOrigin({ env, randomBytes }: StorePlatform): KeyOrigin {
  const wantsPassphrase = env["CLAWFT_SECRETS_PASSPHRASE"] || env["CLAWFT_SECRETS_PASSPHRASE_FILE"];
  return wantsPassphrase ? { from: "passphrase", salt: base64Of(randomBytes(16)), iterations } : { from: "file" };
}

interface KeyQuestion {
  readonly folder: string;
  readonly origin: KeyOrigin;
  /** True: a key file that is missing is made. */
  readonly mayMake?: true;
}

async function keyFor(platform: StorePlatform, { folder, origin, mayMake }: KeyQuestion): Promise<Uint8Array> {
  if (origin.from === "passphrase") {
    const passphrase = await passphraseOf(platform);
    if (!passphrase) {
      throw new WeftError(
        "config",
        `${folder}/secrets.json was written with a passphrase: set CLAWFT_SECRETS_PASSPHRASE, or CLAWFT_SECRETS_PASSPHRASE_FILE to a file that holds it`,
      );
    }
    const { salt, iterations: count } = origin;
    return await platform.crypto.stretch(new TextEncoder().encode(passphrase), bytesOfBase64(salt), count);
  }
  const path = platform.env["CLAWFT_SECRETS_KEY_FILE"] || `${folder}/secrets.key`;
  if (mayMake && !(await platform.files.stat(path))) {
    await platform.files.write(path, new TextEncoder().encode(`${hexOf(platform.randomBytes(keyBytes))}\n`));
  }
  return await readKey(platform, path);
}

async function readKey({ files }: StorePlatform, path: string): Promise<Uint8Array> {
  if (!(await files.stat(path))) {
    throw new WeftError("config", `${path} is missing: without this key the stored secrets cannot be read`);
  }
  const text = new TextDecoder().decode(await files.read(path, { offset: 0, length: 1024 })).trim();
  const pairs = /^[0-9a-f]{64}$/i.test(text) ? text.match(/../g) : null;
  if (!pairs) throw new WeftError("config", `${path}: expected a key of 64 hexadecimal digits`);
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
}

async function readStore({ files }: StorePlatform, path: string): Promise<StoreFile | undefined> {
  if (!(await files.stat(path))) return undefined;
  const wrong = (why: string) =>
    new WeftError("config", `${path}: ${why}. Put back a copy of it, or remove it and set the secrets again`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(await files.read(path, { offset: 0, length: 4 * 1024 * 1024 })));
  } catch (thrown) {
    if (thrown instanceof WeftError) throw thrown;
    throw wrong("is no JSON");
  }
  if (!isJsonObject(value) || value["version"] !== 1) throw wrong("is no store of secrets of version 1");
  const { key, secrets } = value;
  if (!isOrigin(key)) throw wrong("does not say how its key is made");
  if (!isJsonObject(secrets) || !Object.values(secrets).every(isSealed)) throw wrong("has secrets of another form");
  return { version: 1, key, secrets: secrets as unknown as StoreFile["secrets"] };
}

function isOrigin(value: unknown): value is KeyOrigin {
  if (!isJsonObject(value)) return false;
  const { from, salt, iterations: count } = value;
  const isCount = Number.isSafeInteger(count) && Number(count) >= 1 && Number(count) <= mostIterations;
  return from === "file" || (from === "passphrase" && isBase64(salt) && isCount);
}

function isSealed(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const { nonce, sealed: bytes, at }: JsonObject = value;
  return isBase64(nonce) && isBase64(bytes) && typeof at === "number";
}

function isBase64(value: unknown): boolean {
  return typeof value === "string" && value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value);
}
