import type { ModelDoor } from "../core/door.ts";
import { WeftError } from "../core/error.ts";
import type { Model } from "../core/model.ts";
import type { Price } from "../core/spending.ts";
import { nearest } from "../lib/nearest.ts";
import { factsByName, type ModelFacts, unknownSelfHosted } from "./context-sizes.ts";
import { type Cooldowns, cooldowns } from "./cooldowns.ts";
import { fitPrompt } from "./fit-prompt.ts";
import { isLocalServer } from "./local-server.ts";
import { offlineModel } from "./offline.ts";
import { probeModel } from "./probe.ts";
import { type Note, type Probed, probed } from "./probed.ts";
import { type Candidate, type RetrySettings, type SteadyOptions, steadyModel } from "./steady.ts";
import { type ProbeKind, type Protocol, selfHosted, type Vendor, vendorOf, vendors } from "./vendors.ts";
import type { Timeouts, Wire } from "./wire.ts";

export interface ProviderSettings {
  readonly apiBase?: string | undefined;
  readonly protocol?: Protocol | undefined;
  readonly timeouts?: Partial<Timeouts> | undefined;
  /** By the model's name without the vendor. */
  readonly models: Readonly<Record<string, ModelSettings>>;
}

export interface ModelSettings {
  readonly contextTokens?: number | undefined;
  readonly maxOutputTokens?: number | undefined;
}

/** In US dollars for a million tokens; without a price of its own the cache costs what the input does. */
export interface PriceSettings {
  readonly input: number;
  readonly output: number;
  readonly cacheRead?: number | undefined;
  readonly cacheWrite?: number | undefined;
}

/** What every single call of a model goes through: each try, each key, each fallback. `price`: undefined = unknown. */
export type Attempt = (model: Model, price: Price | undefined) => Model;

export interface CatalogOptions {
  /** The configured model; absent = the first vendor that has a key. */
  readonly model?: string | undefined;
  /** By vendor; a name that is not in the table is a server of the user's own and needs an `apiBase`. */
  readonly providers: Readonly<Record<string, ProviderSettings>>;
  /** By `vendor/model`, in place of the list's. */
  readonly prices?: Readonly<Record<string, PriceSettings>>;
  /** Without `firstTokenMs`: what the kind of server needs. */
  readonly timeouts: Omit<Timeouts, "firstTokenMs"> & Partial<Pick<Timeouts, "firstTokenMs">>;
  readonly retry: RetrySettings;
  /** How many keys the door has for a provider. */
  readonly keys: (provider: string) => number;
  readonly door: ModelDoor;
  /** Where what self-hosted servers say of their models is kept. */
  readonly note?: Note | undefined;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** 0..1 */
  readonly random: () => number;
  /** Throws when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface ModelCatalog {
  /**
   * The model of this id, `vendor/name` or `offline`, kept steady by retries, other keys and the fallbacks. Throws
   * `config` for an unknown vendor and `auth` for a missing key, of a fallback too.
   */
  get(id: string, fallbacks?: readonly string[], attempt?: Attempt): Model;
  /** Undefined where nobody knows it. */
  priceOf(id: string): Promise<Price | undefined>;
  /** Asks a self-hosted server for the model's real context size, once in a while; after it `contextTokens` is right. */
  prepare(id: string): Promise<void>;
  /** What to use when nobody chose: the configured model, a vendor with a key, or `offline`. */
  defaultId(): string;
  /** The vendors' names, and `offline`. */
  known(): string[];
  /** A model of each vendor that has an obvious one. */
  examples(): string[];
}

export function modelCatalog(options: CatalogOptions): ModelCatalog {
  const { now, note } = options;
  const state: State = { options, cooldowns: cooldowns(now), probed: probed(now, note), wires: new Map() };
  const steady: SteadyOptions = { ...options, cooldowns: state.cooldowns };
  return {
    get(id, fallbacks = [], attempt) {
      const others = fallbacks.filter((other) => other !== id).map((other) => candidateOf(state, other, attempt));
      return steadyModel([candidateOf(state, id, attempt), ...others], steady);
    },
    priceOf: (id) => priceOf(state, id),
    async prepare(id) {
      if (id !== offlineId) await prepare(state, targetOf(state, id));
    },
    defaultId: () => options.model ?? firstWithKey(state) ?? offlineId,
    known: () => known(state),
    examples: () =>
      Object.entries(vendors).flatMap(([name, { defaultModel }]) => (defaultModel ? `${name}/${defaultModel}` : [])),
  };
}

const offlineId = "offline";
const usualFirstTokenMs = 120_000;
/** A model on a small machine reads the prompt for minutes before it says anything. */
const selfHostedFirstTokenMs = 300_000;

interface State {
  readonly options: CatalogOptions;
  readonly cooldowns: Cooldowns;
  readonly probed: Probed;
  /** Those that were loaded. */
  readonly wires: Map<Protocol, Wire>;
}

/** Which of the keys that the door has; undefined: without one. */
type KeyNumber = number | undefined;

/** One model of one vendor, with all that the configuration says of it. */
interface Target {
  readonly id: string;
  readonly vendorName: string;
  readonly name: string;
  readonly url: string;
  readonly protocol: Protocol;
  readonly probe: ProbeKind | undefined;
  readonly keys: readonly KeyNumber[];
  readonly timeouts: Timeouts;
  readonly settings: ModelSettings;
}

function candidateOf(state: State, id: string, attempt: Attempt | undefined): Candidate {
  if (id === offlineId) {
    const model = offlineModel(state.options.now);
    return { id, contextTokens: model.contextTokens, keys: [model] };
  }
  const target = targetOf(state, id);
  return {
    id,
    get contextTokens() {
      return factsOf(state, target).contextTokens;
    },
    keys: target.keys.map((key) => modelOf(state, { ...target, key, attempt })),
  };
}

function targetOf(state: State, id: string): Target {
  const { options } = state;
  const slash = id.indexOf("/");
  const vendorName = slash < 0 ? id : id.slice(0, slash);
  const name = slash < 0 ? "" : id.slice(slash + 1);
  const vendor = knownVendor(state, vendorName);
  if (!vendor) throw unknownVendor(state, id, vendorName);
  if (name === "") {
    const example = vendor.defaultModel ?? "NAME";
    throw new WeftError("config", `"${id}" names no model: write for example ${vendorName}/${example}`);
  }
  const provider = options.providers[vendorName];
  return {
    id,
    vendorName,
    name,
    url: urlOf(vendor, vendorName, provider),
    protocol: protocolOf(vendor, provider),
    probe: vendor.probe,
    keys: keysFor(state, { id, vendorName, vendor }),
    timeouts: timeoutsFor(options.timeouts, vendor, provider),
    settings: provider?.models[name] ?? {},
  };
}

function knownVendor({ options }: State, name: string): Vendor | undefined {
  return vendorOf(name) ?? (Object.hasOwn(options.providers, name) ? selfHosted : undefined);
}

function known({ options }: State): string[] {
  return [...new Set([...Object.keys(vendors), ...Object.keys(options.providers), offlineId])];
}

function unknownVendor(state: State, id: string, vendorName: string): WeftError {
  const names = known(state);
  const meant = nearest(vendorName, names);
  const hint = meant === undefined || meant === vendorName ? "" : ` Did you mean ${meant}?`;
  const what = id.includes("/") ? `unknown provider "${vendorName}" in the model "${id}".` : `unknown model "${id}".`;
  const how = "Write VENDOR/NAME, where VENDOR is one of:";
  return new WeftError("config", `${what}${hint} ${how} ${names.join(", ")}`);
}

/**
 * An address without a path gets the vendor's own (`http://host:8080` → `…/v1`), since its root never answers; for
 * `custom` and the user's own servers it is taken as written.
 */
function urlOf(vendor: Vendor, vendorName: string, provider: ProviderSettings | undefined): string {
  const apiBase = provider?.apiBase;
  if (!apiBase) {
    if (vendor.url) return vendor.url;
    throw new WeftError(
      "config",
      `${vendorName} needs an address: set providers.${vendorName}.api_base in config.json`,
    );
  }
  if (!URL.canParse(apiBase)) {
    const example = vendor.url ?? "http://127.0.0.1:8000/v1";
    throw new WeftError("config", `providers.${vendorName}.api_base is no URL: "${apiBase}"; for example ${example}`);
  }
  const written = apiBase.replace(/\/+$/, "");
  // Ollama's OpenAI imitation lives under /v1, its own protocol beside it.
  if (protocolOf(vendor, provider) === "ollama") return written.replace(/\/v1$/, "");
  const isBare = new URL(written).pathname === "/";
  return isBare && vendor.url ? written + new URL(vendor.url).pathname.replace(/\/$/, "") : written;
}

function protocolOf(vendor: Vendor, provider: ProviderSettings | undefined): Protocol {
  const elsewhere = provider?.apiBase ? vendor.protocolElsewhere : undefined;
  return provider?.protocol ?? elsewhere ?? vendor.protocol;
}

function timeoutsFor(
  general: CatalogOptions["timeouts"],
  vendor: Vendor,
  provider: ProviderSettings | undefined,
): Timeouts {
  const standard = vendor.probe ? selfHostedFirstTokenMs : usualFirstTokenMs;
  return { ...general, firstTokenMs: general.firstTokenMs ?? standard, ...provider?.timeouts };
}

interface KeyQuestion {
  readonly id: string;
  readonly vendorName: string;
  readonly vendor: Vendor;
}

/** At least one. */
function keysFor({ options }: State, { id, vendorName, vendor }: KeyQuestion): readonly KeyNumber[] {
  const count = options.keys(vendorName);
  if (count > 0) return [...Array(count).keys()];
  if (vendor.keyOptional) return [undefined];
  const variable = vendor.keyEnv[0] ?? "";
  const how = `set ${variable} or providers.${vendorName}.api_key in config.json`;
  throw new WeftError("auth", `${id} needs a key: ${how}`);
}

/** A server with a configured address counts like one with a key. */
function firstWithKey({ options }: State): string | undefined {
  const usable = Object.entries(vendors).find(([name, vendor]) => {
    if (!vendor.defaultModel) return false;
    if (vendor.keyOptional) return Boolean(options.providers[name]?.apiBase);
    return options.keys(name) > 0;
  });
  return usable && `${usable[0]}/${usable[1].defaultModel}`;
}

/** What the configuration says, else the server itself, else what is known of the name. */
function factsOf(state: State, target: Target): ModelFacts {
  const { name, probe, settings } = target;
  const facts = probe ? { ...unknownSelfHosted, ...state.probed.factsOf(target) } : factsByName(name);
  const { contextTokens = facts.contextTokens, maxOutputTokens = facts.maxOutputTokens } = settings;
  return { ...facts, contextTokens, ...(maxOutputTokens !== undefined && { maxOutputTokens }) };
}

async function prepare({ options, probed }: State, target: Target): Promise<void> {
  const { probe: kind, url, vendorName, name, keys } = target;
  if (!kind) return;
  await probed.prepare(target, () => probeModel({ kind, url, name }, options.door(vendorName, keys[0])));
}

async function priceOf({ options }: State, id: string): Promise<Price | undefined> {
  const written = options.prices && Object.hasOwn(options.prices, id) ? options.prices[id] : undefined;
  const [vendorName = "", ...name] = id.split("/");
  const vendor = vendorOf(vendorName);
  const url = options.providers[vendorName]?.apiBase || vendor?.url;
  const isFree = url !== undefined && isLocalServer(url);
  // The list says nothing of servers of one's own, and takes its time to load.
  if (!written && isFree && (!vendor || vendor.probe)) return free;
  const { listPrice, pricedAs } = await import("./prices.ts");
  if (written) return pricedAs(written.input, written.output, [written.cacheRead, written.cacheWrite]);
  return listPrice(vendorName, name.join("/")) ?? (isFree ? free : undefined);
}

/** Servers of one's own take no money. */
const free: Price = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

interface KeyedTarget extends Target {
  readonly key: KeyNumber;
  readonly attempt: Attempt | undefined;
}

/** The model with one key; its protocol is loaded when first used. */
function modelOf(state: State, target: KeyedTarget): Model {
  const { door, now } = state.options;
  const { id, vendorName, name, url, key, timeouts, attempt } = target;
  return {
    id,
    get contextTokens() {
      return factsOf(state, target).contextTokens;
    },
    async *stream(prompt, signal) {
      const price = attempt && priceOf(state, id);
      const [wire] = await Promise.all([wireOf(state, target.protocol), prepare(state, target), price]);
      const facts = factsOf(state, target);
      const { contextTokens } = facts;
      const model = wire({ id, name, url, door: door(vendorName, key), timeouts, contextTokens, now });
      const asked = attempt ? attempt(model, await price) : model;
      yield* asked.stream(fitPrompt(prompt, facts), signal);
    },
  };
}

async function wireOf({ wires: known }: State, protocol: Protocol): Promise<Wire> {
  const loaded = known.get(protocol);
  if (loaded) return loaded;
  const wire = await wires[protocol]();
  known.set(protocol, wire);
  return wire;
}

const wires: Readonly<Record<Protocol, () => Promise<Wire>>> = {
  "openai-chat": async () => (await import("./openai-chat.ts")).openaiChat,
  "openai-responses": async () => (await import("./openai-responses.ts")).openaiResponses,
  anthropic: async () => (await import("./anthropic.ts")).anthropic,
  gemini: async () => (await import("./gemini.ts")).gemini,
  ollama: async () => (await import("./ollama.ts")).ollama,
};
