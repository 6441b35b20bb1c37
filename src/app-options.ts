import type { RateLimits } from "./agent/admission.ts";
import type { Loaded } from "./config/load.ts";
import type { Config } from "./config/schema.ts";
import type { ModelDoor } from "./core/door.ts";
import { WeftError } from "./core/error.ts";
import type { Files, Platform } from "./core/platform.ts";
import type { TierRank } from "./core/policy.ts";
import { privateFolders } from "./core/workspace.ts";
import type { CatalogOptions, ProviderSettings } from "./models/catalog.ts";
import type { Note } from "./models/probed.ts";
import type { RouteRules } from "./models/router.ts";
import { vendorOf, vendors } from "./models/vendors.ts";
import type { Timeouts } from "./models/wire.ts";
import type { Credential, ProviderSecrets } from "./security/egress.ts";
import type { PermissionRules } from "./security/permissions.ts";
import type { PolicyRules } from "./security/policy.ts";
import type { BudgetRules } from "./spending/limits.ts";
import type { BuiltinOptions } from "./tools/builtin.ts";
import { version } from "./version.ts";

/** The configuration in the words of each room. */

export function catalogOptions(platform: Platform, loaded: Loaded, door: ModelDoor): CatalogOptions {
  const { models, providers, agents } = loaded.config;
  const { model } = agents.defaults;
  const secretsOf = providerSecrets(loaded);
  return {
    ...(model && { model }),
    providers: Object.fromEntries(
      Object.entries(providers).map(([name, provider]) => [name, providerSettings(provider)]),
    ),
    prices: models.prices,
    timeouts: {
      connectMs: models.timeouts.connectSecs * 1000,
      ...(models.timeouts.firstTokenSecs !== undefined && { firstTokenMs: models.timeouts.firstTokenSecs * 1000 }),
      idleMs: models.timeouts.idleSecs * 1000,
      totalMs: models.timeouts.totalSecs * 1000,
    },
    retry: {
      attempts: models.retry.attempts,
      budgetMs: models.retry.budgetSecs * 1000,
      baseMs: models.retry.baseMs,
      capMs: models.retry.capMs,
    },
    keys: (provider) => secretsOf(provider).keys.length,
    door,
    note: noteIn(platform.files, `${loaded.workspace}/.weft/models.json`),
    now: platform.now,
    random: randomOf(platform),
    sleep: interruptibleSleep,
  };
}

/** 0..1 */
export function randomOf(platform: Platform): () => number {
  return () => (platform.randomBytes(1)[0] ?? 0) / 255;
}

function providerSettings(provider: Config["providers"][string]): ProviderSettings {
  const { apiBase, protocol, timeouts, models } = provider;
  return {
    ...(apiBase && { apiBase }),
    ...(protocol && { protocol }),
    timeouts: milliseconds({
      connectMs: timeouts.connectSecs,
      firstTokenMs: timeouts.firstTokenSecs,
      idleMs: timeouts.idleSecs,
      totalMs: timeouts.totalSecs,
    }),
    models,
  };
}

function milliseconds(seconds: { readonly [K in keyof Timeouts]: number | undefined }): Partial<Timeouts> {
  const given = Object.entries(seconds).flatMap(([name, value]) => (value === undefined ? [] : [[name, value * 1000]]));
  return Object.fromEntries(given);
}

function interruptibleSleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(id);
      reject(WeftError.from(signal.reason));
    };
    const id = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

export function policyRules(
  { config, restrictions, originOf }: Loaded,
  paired: PermissionRules["paired"],
): PolicyRules {
  const { allow, deny, ask, approved, askAfterStrangers, requires, paths, commandPolicy, urlPolicy } = config.tools;
  return {
    tools: {
      allow,
      deny,
      ask,
      approved: [...approved],
      askAfterStrangers,
      requires,
      deniedByWorkspace: restrictions.deny,
    },
    paths: {
      deny: [...paths.deny, ...restrictions.paths.deny],
      readOnly: [...paths.readOnly, ...restrictions.paths.readOnly],
    },
    commands: commandPolicy,
    urls: urlPolicy,
    permissions: {
      user: config.routing.permissions ?? {},
      workspace: restrictions.permissions ?? {},
      isListed: ({ channel, sender }) => listedIn(config.channels, channel).includes(sender),
      paired,
    },
    originOf,
  };
}

/** The users whom a channel's own section lets in. */
function listedIn(channels: Config["channels"], channel: string): readonly string[] {
  const section: unknown = Object.hasOwn(channels, channel) ? channels[channel as keyof typeof channels] : undefined;
  return stringsIn(section, "allowFrom", "allow_from") ?? [];
}

function stringsIn(section: unknown, ...names: readonly string[]): string[] | undefined {
  if (typeof section !== "object" || section === null) return undefined;
  const list = names.map((name) => (section as Record<string, unknown>)[name]).find(Array.isArray);
  return list?.filter((each) => typeof each === "string");
}

/** Environment variables that hold keys of ours. */
export function keyVariables({ raw }: Pick<Loaded, "raw">): ReadonlySet<string> {
  const ofVendors = Object.values(vendors).flatMap(({ keyEnv }) => keyEnv);
  return new Set([...ofVendors, "BRAVE_SEARCH_API_KEY", ...namedIn(raw)]);
}

/** What `NAME_env` keys and `${VAR}` in texts name. */
function namedIn(value: unknown): string[] {
  if (typeof value === "string") return [...value.matchAll(/\$\{(\w+)/g)].map(([, name = ""]) => name);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    key.endsWith("_env") && typeof inner === "string" ? [inner] : namedIn(inner),
  );
}

export function delegationOptions({ delegation }: Config) {
  const { claudeEnabled, claudeModel, maxTurns, maxTokens, claudeFlowEnabled, rules, excludedTools } = delegation;
  return { claudeEnabled, claudeModel, maxTurns, maxTokens, flowEnabled: claudeFlowEnabled, rules, excludedTools };
}

export function budgetRules({ routing }: Config): BudgetRules {
  const { globalDailyLimitUsd, globalMonthlyLimitUsd, resetHourUtc, ...rules } = routing.costBudgets;
  return {
    ...rules,
    global: { dailyUsd: globalDailyLimitUsd || undefined, monthlyUsd: globalMonthlyLimitUsd || undefined },
    resetHourUtc,
  };
}

export function rateLimits({ routing }: Config): RateLimits {
  const { windowSeconds, globalRateLimitRpm } = routing.rateLimiting;
  return { windowMs: windowSeconds * 1000, globalPerMinute: globalRateLimitRpm };
}

/** Undefined: the mode is static. The configuration was checked, so the names of tiers are known. */
export function routeRules({ routing }: Config): RouteRules | undefined {
  const { mode, tiers, fallbackModel, escalation } = routing;
  if (mode !== "tiered") return undefined;
  return {
    tiers: tiers.map(({ name, models, complexityRange, maxContextTokens }) => ({
      name: name as TierRank,
      models,
      range: complexityRange,
      contextTokens: maxContextTokens,
    })),
    fallbackModel: fallbackModel ?? undefined,
    escalation: {
      enabled: escalation.enabled,
      threshold: escalation.threshold,
      maxTiers: escalation.maxEscalationTiers,
    },
  };
}

/** For people: which models answer. */
export function modelsInUse({ routing, agents }: Config, standard: string): string {
  if (routing.mode === "tiered") {
    return routing.tiers.map(({ name, models }) => `${name}: ${models.join(", ")}`).join("; ");
  }
  return [standard, ...agents.defaults.fallbacks].join(", then ");
}

/**
 * What belongs to a provider of models, for the door alone. Configured keys first; several in one environment variable
 * are separated by commas.
 */
export function providerSecrets({ config, env }: ProvidersBase): (name: string) => ProviderSecrets {
  return (name) => {
    const vendor = vendorOf(name);
    const { apiKey = "", apiBase, extraHeaders } = config.providers[name] ?? {};
    const url = apiBase || vendor?.url || "";
    const configured = [apiKey].flat().filter(Boolean);
    const ofEnv = () => vendor?.keyEnv.map(env).find(Boolean)?.split(",") ?? [];
    const keys = (configured.length > 0 ? configured : ofEnv().map((key) => key.trim())).filter(Boolean);
    return {
      // Asked for with a request only: counting keys parses no addresses.
      get origin() {
        return URL.canParse(url) ? new URL(url).origin : "";
      },
      keys: [...new Set(keys)],
      headers: extraHeaders ?? {},
    };
  };
}

interface ProvidersBase extends Pick<Loaded, "env"> {
  readonly config: Pick<Config, "providers">;
}

/** The secrets that only the door holds. */
export function credentials(loaded: Loaded): Credential[] {
  const url = braveUrl(loaded);
  if (url === undefined || !URL.canParse(url)) return [];
  return [{ name: "brave", origin: new URL(url).origin, header: "x-subscription-token", value: braveKey(loaded) }];
}

function braveKey({ config, env }: Loaded): string {
  return config.tools.web.search.apiKey || env("BRAVE_SEARCH_API_KEY") || "";
}

function braveUrl(loaded: Loaded): string | undefined {
  return braveKey(loaded) === "" ? undefined : loaded.config.tools.web.search.baseUrl || "https://api.search.brave.com";
}

/** In small words what commands may do, and what is hidden from them. */
function execOptions({ config, workspace, path, env }: Loaded): BuiltinOptions["exec"] {
  const { exec, commandPolicy } = config.tools;
  const { memoryMb, processes, fileMb, openFiles, cpuSecs } = exec.limits;
  const hasOwnList = commandPolicy.mode === "denylist" || commandPolicy.allowlist.length > 0;
  const folder = path.slice(0, path.lastIndexOf("/"));
  const keys = ["CLAWFT_SECRETS_KEY_FILE", "CLAWFT_SECRETS_PASSPHRASE_FILE"].map((name) => env(name) ?? "");
  return {
    read: async (line) => (await import("./security/shell/facts.ts")).commandFacts(line),
    timeoutSecs: exec.timeout,
    maxTimeoutSecs: exec.maxTimeout,
    passEnv: exec.passEnv,
    sandbox: exec.sandbox,
    // None of the harmless programs needs it.
    network: exec.network === "auto" ? hasOwnList : exec.network === "on",
    readPaths: exec.readPaths,
    writePaths: exec.writePaths,
    hide: [
      ...privateFolders.map((name) => `${workspace}/${name}`),
      ...[path, `${folder}/secrets.json`, `${folder}/secrets.key`, ...keys].filter((each) => each.startsWith("/")),
    ],
    limits: {
      ...(memoryMb > 0 && { memoryBytes: memoryMb * 1024 * 1024 }),
      ...(processes > 0 && { processes }),
      ...(fileMb > 0 && { fileBytes: fileMb * 1024 * 1024 }),
      ...(openFiles > 0 && { openFiles }),
      ...(cpuSecs > 0 && { cpuSeconds: cpuSecs }),
    },
  };
}

export function toolOptions(loaded: Loaded): Pick<BuiltinOptions, "exec" | "fetch" | "search"> {
  const { web } = loaded.config.tools;
  return {
    exec: execOptions(loaded),
    fetch: { maxBytes: web.fetch.maxBytes, timeoutSecs: web.fetch.timeoutSecs, version },
    search: {
      provider: web.search.provider,
      braveUrl: braveUrl(loaded),
      baseUrl: web.search.baseUrl,
      maxResults: web.search.maxResults,
    },
  };
}

function noteIn(files: Files, path: string): Note {
  return {
    read: async () => ((await files.stat(path)) ? new TextDecoder().decode(await files.read(path)) : ""),
    write: (text) => files.write(path, new TextEncoder().encode(text)),
  };
}
