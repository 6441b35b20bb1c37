import * as v from "valibot";
import { channels } from "./channels.ts";
import { amount, choice, flag, lazily, secret, section, text, texts, whole } from "./fields.ts";
import { routing } from "./routing-section.ts";
import { tools } from "./tools-section.ts";

const optionalWhole = (least: number, about: string) =>
  v.optional(v.pipe(v.number(), v.integer(), v.minValue(least), v.description(about)));

const timeouts = () => ({
  connect_secs: v.optional(seconds("to a usable connection: DNS, TCP, proxy, TLS")),
  first_token_secs: v.optional(seconds("from the request to the first word of the answer")),
  idle_secs: v.optional(seconds("between two pieces of the answer")),
  total_secs: v.optional(seconds("for the whole answer")),
});

function seconds(about: string) {
  return v.pipe(v.number(), v.minValue(0.05), v.maxValue(86_400), v.description(about));
}

const provider = () =>
  v.object({
    api_key: v.optional(
      v.pipe(
        v.union([v.string(), v.array(v.string())], "a key, or a list of keys to take turns with"),
        v.description("the key, or several to take turns with"),
        v.metadata({ secret: true }),
      ),
      "",
    ),
    api_key_env: text("", "environment variable that holds the key"),
    api_key_file: text("", "file that holds the key"),
    api_base: v.optional(v.nullable(v.pipe(v.string(), v.description("address in place of the vendor's own")))),
    protocol: v.optional(
      v.pipe(
        v.picklist(["openai-chat", "openai-responses", "anthropic", "gemini", "ollama"]),
        v.description("wire protocol in place of the vendor's own"),
      ),
    ),
    extra_headers: v.optional(
      v.nullable(
        v.pipe(
          v.record(v.string(), v.string()),
          v.description("sent with every request"),
          v.metadata({ secret: true }),
        ),
      ),
    ),
    timeouts: section(timeouts()),
    models: v.optional(
      v.record(
        v.string(),
        v.object({
          context_tokens: optionalWhole(1, "how much this model can read, in tokens"),
          max_output_tokens: optionalWhole(1, "how much it may write in one answer, in tokens"),
        }),
      ),
      {},
    ),
  });

const agents = lazily(() =>
  v.object({
    defaults: section({
      workspace: text("~/.clawft/workspace", "folder of sessions, memory and the agent's own files"),
      model: v.optional(
        v.nullable(v.pipe(v.string(), v.description("VENDOR/NAME; absent: the first vendor with a key, else offline"))),
      ),
      fallbacks: texts([], "models to go on with when the first one is not to be had"),
      max_tokens: whole([1, 1_000_000], 8192, "how much the model may write in one answer"),
      temperature: v.optional(
        v.nullable(v.pipe(v.number(), v.minValue(0), v.maxValue(2), v.description("null: the provider's own"))),
        0.7,
      ),
      thinking: v.optional(
        v.nullable(v.pipe(v.picklist(["low", "medium", "high"]), v.description("how much the model thinks first"))),
      ),
      max_tool_iterations: whole([1, 1000], 20, "rounds of tools in one turn; then the agent sums up and asks"),
      memory_window: whole([0, 400], 50, "messages kept word for word in the prompt; 0: as many as fit"),
      context_tokens: v.optional(
        v.nullable(
          v.pipe(
            v.number(),
            v.integer(),
            v.minValue(1000),
            v.description("use less of the model's context than it has"),
          ),
        ),
      ),
      turn_timeout_secs: amount([0.1, 86_400], 600, "the longest a turn may take"),
    }),
    limits: section({
      concurrent_turns: whole([1, 10_000], 32, "turns that run at once"),
      per_user: whole([1, 10_000], 16, "turns of one user that run at once"),
      queued_per_session: whole([1, 10_000], 32, "messages that wait for their turn in one session"),
    }),
  }),
);

const rate = (about: string) => v.pipe(v.number(), v.minValue(0), v.maxValue(100_000), v.description(about));
const price = () =>
  v.object({
    input: rate("of the prompt"),
    output: rate("of the answer"),
    cache_read: v.optional(rate("of what is read from the provider's cache; absent: as input")),
    cache_write: v.optional(rate("of what is written into it; absent: as input")),
  });

const models = lazily(() =>
  v.object({
    prices: v.optional(
      v.pipe(
        v.record(v.string(), price()),
        v.description("by VENDOR/NAME: {input, output, cache_read, cache_write} in US dollars for a million tokens"),
      ),
      {},
    ),
    timeouts: section({
      connect_secs: v.optional(timeouts().connect_secs.wrapped, 10),
      first_token_secs: v.optional(
        seconds("from the request to the first word; absent: 120, and 300 for servers of your own, which read slowly"),
      ),
      idle_secs: v.optional(timeouts().idle_secs.wrapped, 60),
      total_secs: v.optional(timeouts().total_secs.wrapped, 600),
    }),
    retry: section({
      attempts: whole([0, 100], 3, "tries after the first one, for each model"),
      budget_secs: amount([0, 3600], 60, "how long to go on trying"),
      base_ms: whole([0, 600_000], 1000, "first wait; doubles each time"),
      cap_ms: whole([0, 600_000], 30_000, "longest wait"),
    }),
  }),
);

const gateway = lazily(() =>
  v.object({
    host: text("127.0.0.1", "address to listen on; 0.0.0.0 for all"),
    port: whole([0, 65_535], 18_790, "port to listen on; 0: any free one"),
    token: secret("what clients send as bearer token; absent: one is made on first start"),
    token_env: text("", "environment variable that holds the token"),
    token_file: text("", "file that holds the token"),
    allowed_hosts: texts([], "names under which it is reached, beside localhost and IP addresses"),
    allowed_origins: texts([], "web pages that may use it from a browser, for example https://chat.example.com"),
    max_body_bytes: whole([1024, 1_073_741_824], 12_582_912, "largest request"),
    rate_limit_rpm: whole([0, 1_000_000], 600, "requests a minute of one client; 0: no limit"),
    drain_secs: amount([0, 3600], 8, "how long running turns may go on when it is stopped"),
    heartbeat_interval_minutes: whole([0, 525_600], 0, "minutes between heartbeats; 0: none"),
    heartbeat_prompt: text("heartbeat", "what the heartbeat says to the agent"),
  }),
);

const delegation = lazily(() =>
  v.object({
    claude_enabled: flag(true, "give larger tasks to claude_model; false: sub-agents use their caller's model"),
    claude_model: text("claude-sonnet-4-20250514", "VENDOR/NAME; without a vendor Anthropic's"),
    max_turns: whole([1, 1000], 10, "rounds of tools of one sub-agent"),
    max_tokens: whole([1, 1_000_000], 4096, "how much it may write in one answer"),
    claude_flow_enabled: flag(false, "let claude_model split the largest tasks among sub-agents of its own"),
    rules: v.optional(
      v.pipe(
        v.array(v.object({ pattern: v.string(), target: v.picklist(["local", "claude", "flow", "auto"]) })),
        v.description("list of {pattern, target}: the first pattern (RE2) found in a task chooses; auto: by its score"),
      ),
      [],
    ),
    excluded_tools: texts([], "tools that sub-agents do not get; * and ? stand for anything"),
  }),
);

const security = lazily(() =>
  v.object({
    scan: section({
      ignore: texts(
        [],
        "checks of weft security scan to be silent about: CHECK-ID, or CHECK-ID:path/glob for some files",
      ),
    }),
  }),
);

const log = lazily(() =>
  v.object({
    level: choice(["debug", "info", "warn", "error"], "info", "what is told"),
    format: choice(["auto", "text", "json"], "auto", "auto: text on a terminal, else JSON"),
  }),
);

/**
 * The whole configuration as it stands in config.json. Sections are made when somebody wrote one: few do, and making all
 * is the longest part of a start. What the absent ones are is in defaults.json.
 */
export const configSchema = v.object({
  agents,
  providers: lazily(() => v.record(v.string(), provider())),
  models,
  gateway,
  tools,
  channels,
  delegation,
  routing,
  security,
  log,
});

/** What defaults.json says wherever somebody's own file is silent. */
export type ConfigFile = { [Section in keyof Written]-?: NonNullable<Written[Section]> };
/** What somebody wrote, with the defaults within each section. */
export type Written = v.InferOutput<typeof configSchema>;
export type Config = CamelKeys<ConfigFile>;

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S;

export type CamelKeys<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends readonly unknown[]
    ? { readonly [K in keyof T]: CamelKeys<T[K]> }
    : T extends object
      ? { readonly [K in keyof T as K extends string ? Camel<K> : K]: CamelKeys<T[K]> }
      : T;

/** What the configuration may say already, but this version does not do yet. */
export function notYet(config: Config): string[] {
  const wanted: readonly (readonly [string, boolean])[] = [
    ...Object.entries(config.channels).map(([name, channel]) => [`channels.${name}`, isEnabled(channel)] as const),
    ["tools.mcp_servers", Object.keys(config.tools.mcpServers).length > 0],
    ["gateway.heartbeat_interval_minutes", config.gateway.heartbeatIntervalMinutes > 0],
    ["routing.cost_budgets.tracking_persistence false", !config.routing.costBudgets.trackingPersistence],
    ["tools.restrict_to_workspace false", !config.tools.restrictToWorkspace],
  ];
  return wanted
    .filter(([, isWanted]) => isWanted)
    .map(([name]) => `${name} is configured, but this version of weft does not have it: it does nothing`);
}

function isEnabled(channel: unknown): boolean {
  return typeof channel === "object" && channel !== null && "enabled" in channel && channel.enabled === true;
}
