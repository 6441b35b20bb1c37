import { WeftError } from "../core/error.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import type { Files } from "../core/platform.ts";
import type { SecretStore } from "./secret-store.ts";
import { childOf, isSecret, root, type Shape } from "./shape.ts";

type Env = Readonly<Record<string, string | undefined>>;

export interface ReferenceOptions {
  readonly env: Env;
  readonly files: Files;
  /** Opens the store of secrets; called only when something refers to it. */
  readonly store: () => Promise<Pick<SecretStore, "get">>;
  /** For `~`. */
  readonly home: string | undefined;
}

export interface Resolution {
  readonly value: JsonObject;
  readonly secrets: readonly string[];
  readonly warnings: readonly string[];
}

/** What `config show` prints in place of a secret. */
export const masked = "[masked]";

/**
 * Replaces `${VAR}` in every text and `${secret:NAME}` in every secret one, and reads what `NAME_env` and `NAME_file`
 * point to.
 */
export async function resolveReferences(value: JsonObject, options: ReferenceOptions): Promise<Resolution> {
  const top = { path: [], shape: root, secret: false };
  let state = newState(options);
  let resolved = walk(state, value, top) as JsonObject;
  if (state.asksStore) {
    // Once more: reading the store waits, and nothing else does.
    state = newState(options, await options.store());
    resolved = walk(state, value, top) as JsonObject;
  }
  for (const { fields, key, path, named } of state.inFiles) {
    const text = await readSecretFile(options.files, path, named);
    remember(state, text);
    fields[key] = text;
  }
  return { value: resolved, secrets: [...state.secrets], warnings: state.warnings };
}

interface State {
  readonly options: ReferenceOptions;
  readonly store: Pick<SecretStore, "get"> | undefined;
  asksStore: boolean;
  readonly secrets: Set<string>;
  readonly warnings: string[];
  /** Values still to be read; few, so that everything else waits for nothing. */
  readonly inFiles: InFile[];
}

interface InFile {
  readonly fields: Record<string, Json>;
  readonly key: string;
  readonly path: string;
  /** The key that says so. */
  readonly named: string;
}

function newState(options: ReferenceOptions, store?: Pick<SecretStore, "get">): State {
  return { options, store, asksStore: false, secrets: new Set(), warnings: [], inFiles: [] };
}

interface Place {
  readonly path: readonly string[];
  readonly shape: Shape | undefined;
  readonly secret: boolean;
}

function walk(state: State, value: Json, place: Place): Json {
  if (typeof value === "string") return readText(state, value, place);
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => walk(state, item, place));
  if (!isJsonObject(value)) return value;
  const result: Record<string, Json> = {};
  for (const [key, inner] of Object.entries(value)) {
    result[key] = mayRefer(inner) ? walk(state, inner, placeOf(place, key)) : inner;
  }
  for (const key of Object.keys(result)) {
    if (result[key] === "") lookElsewhere(state, result, { key, path: place.path });
  }
  return result;
}

/** Most values are empty, numbers or switches: nothing to look up for them. */
function mayRefer(value: Json): boolean {
  return value !== "" && (typeof value === "string" || typeof value === "object");
}

function placeOf(above: Place, key: string): Place {
  const shape = above.shape && childOf(above.shape, key);
  const secret = above.secret || (shape !== undefined && isSecret(shape));
  return { path: [...above.path, key], shape, secret };
}

const reference = /\$(\$?)\{(secret:[A-Za-z0-9_][A-Za-z0-9_.-]*|[A-Za-z_][A-Za-z0-9_]*)\}/g;

function readText(state: State, text: string, { path, secret }: Place): string {
  if (secret && text === masked) {
    throw new WeftError(
      "config",
      `${path.join(".")} is ${masked}: put the real value there, or a reference like \${NAME}`,
    );
  }
  const expanded = text.replace(reference, (whole, escaped: string, name: string) => {
    if (escaped !== "") return whole.slice(1);
    if (name.startsWith("secret:")) return readStored(state, name.slice("secret:".length), { path, secret });
    const value = state.options.env[name];
    if (value !== undefined) return value;
    if (!secret) {
      throw new WeftError("config", `${path.join(".")} refers to \${${name}}, which is not set in the environment`);
    }
    state.warnings.push(`${path.join(".")} refers to \${${name}}, which is not set in the environment`);
    return "";
  });
  if (secret) remember(state, expanded);
  return expanded;
}

/** Only where it is known to be a secret: elsewhere it would end up in prompts and logs. */
function readStored(state: State, name: string, { path, secret }: Pick<Place, "path" | "secret">): string {
  const what = `${path.join(".")} refers to \${secret:${name}}`;
  if (!secret)
    throw new WeftError("config", `${what}, which may only stand where a key, token or password is expected`);
  if (!state.store) {
    state.asksStore = true;
    return "";
  }
  const value = state.store.get(name);
  if (value === undefined) throw new WeftError("config", `${what}, which is not stored. Run: weft secrets set ${name}`);
  state.secrets.add(value);
  return value;
}

function remember({ secrets }: State, text: string): void {
  if (text.length >= 6) secrets.add(text);
}

/** Takes the value of `KEY_env`, else of `KEY_file`; both only where such a field exists. */
function lookElsewhere(
  state: State,
  fields: Record<string, Json>,
  { key, path }: { readonly key: string; readonly path: readonly string[] },
): void {
  const { env, home } = state.options;
  const variable = fields[`${key}_env`];
  if (typeof variable === "string" && variable !== "" && env[variable] !== undefined) {
    remember(state, env[variable]);
    fields[key] = env[variable];
    return;
  }
  const file = fields[`${key}_file`];
  if (typeof file !== "string" || file === "") return;
  state.inFiles.push({ fields, key, path: expandHome(file, home), named: [...path, `${key}_file`].join(".") });
}

/** The file's text without the line end that editors add. */
export async function readSecretFile(files: Files, path: string, named: string): Promise<string> {
  try {
    return new TextDecoder().decode(await files.read(path, { offset: 0, length: 65_536 })).trim();
  } catch (error) {
    throw new WeftError("config", `${named}: ${WeftError.from(error).message}`, { cause: error });
  }
}

export function expandHome(path: string, home: string | undefined): string {
  if (path !== "~" && !path.startsWith("~/")) return path;
  if (!home) {
    throw new WeftError("config", `cannot determine the home directory for ${path}: set HOME, or write the whole path`);
  }
  return home.replace(/\/+$/, "") + path.slice(1);
}
