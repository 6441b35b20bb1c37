import * as v from "valibot";
import { channels } from "./channels.ts";
import { amount, choice, flag, secret, section, text, texts, whole } from "./fields.ts";
import { permissions, requires } from "./permissions.ts";

/** The whole configuration as it stands in config.json; absent keys have these values. */
const optionalWhole = (least: number, about: string) =>
  v.optional(v.pipe(v.number(), v.integer(), v.minValue(least), v.description(about)));

const timeouts = {
  connect_secs: v.optional(seconds("to a usable connection: DNS, TCP, proxy, TLS")),
  first_token_secs: v.optional(seconds("from the request to the first word of the answer")),
  idle_secs: v.optional(seconds("between two pieces of the answer")),
  total_secs: v.optional(seconds("for the whole answer")),
};

function seconds(about: string) {
  return v.pipe(v.number(), v.minValue(0.05), v.maxValue(86_400), v.description(about));
}

const provider = v.object({
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
      v.pipe(v.record(v.string(), v.string()), v.description("sent with every request"), v.metadata({ secret: true })),
    ),
  ),
  timeouts: section(timeouts),
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

const agents = section({
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
        v.pipe(v.number(), v.integer(), v.minValue(1000), v.description("use less of the model's context than it has")),
      ),
    ),
    turn_timeout_secs: amount([0.1, 86_400], 600, "the longest a turn may take"),
  }),
  limits: section({
    concurrent_turns: whole([1, 10_000], 32, "turns that run at once"),
    per_user: whole([1, 10_000], 16, "turns of one user that run at once"),
    queued_per_session: whole([1, 10_000], 32, "messages that wait for their turn in one session"),
  }),
});

const rate = (about: string) => v.pipe(v.number(), v.minValue(0), v.maxValue(100_000), v.description(about));
const price = v.object({
  input: rate("of the prompt"),
  output: rate("of the answer"),
  cache_read: v.optional(rate("of what is read from the provider's cache; absent: as input")),
  cache_write: v.optional(rate("of what is written into it; absent: as input")),
});

const models = section({
  prices: v.optional(
    v.pipe(
      v.record(v.string(), price),
      v.description("by VENDOR/NAME: {input, output, cache_read, cache_write} in US dollars for a million tokens"),
    ),
    {},
  ),
  timeouts: section({
    connect_secs: v.optional(timeouts.connect_secs.wrapped, 10),
    first_token_secs: v.optional(
      seconds("from the request to the first word; absent: 120, and 300 for servers of your own, which read slowly"),
    ),
    idle_secs: v.optional(timeouts.idle_secs.wrapped, 60),
    total_secs: v.optional(timeouts.total_secs.wrapped, 600),
  }),
  retry: section({
    attempts: whole([0, 100], 3, "tries after the first one, for each model"),
    budget_secs: amount([0, 3600], 60, "how long to go on trying"),
    base_ms: whole([0, 600_000], 1000, "first wait; doubles each time"),
    cap_ms: whole([0, 600_000], 30_000, "longest wait"),
  }),
});

const gateway = section({
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
});

const tools = section({
  allow: texts(
    ["*"],
    "tools the agent may use; * and ? stand for anything, effect:write, effect:read and effect:egress for all such tools",
  ),
  deny: texts([], "tools it may not use, even if allowed; written the same way"),
  ask: texts([], "allowed tools that need your word in the conversation each time; written the same way"),
  approved: texts([], "tools that need it no more; yes always adds to them"),
  ask_after_strangers: flag(
    true,
    "ask before a turn that has read the web, or what plugins bring, changes things or sends its own words out",
  ),
  requires,
  paths: section({
    deny: texts([], "files and folders of the workspace that file tools do not see"),
    read_only: texts([], "those that they do not change"),
  }),
  approval_timeout_secs: whole([10, 604_800], 600, "how long a question waits; then it is a no"),
  restrict_to_workspace: flag(
    true,
    "file tools are always confined to the workspace; false changes nothing and is warned of",
  ),
  exec: section({
    timeout: whole([1, 3600], 30, "seconds a command may run when it names no time"),
    max_timeout: whole([1, 86_400], 300, "the longest time a command may name"),
    pass_env: texts([], "environment variables that commands get beside PATH, HOME, LANG, TERM and TZ"),
    sandbox: choice(
      ["auto", "require", "off"],
      "auto",
      "auto: what the system offers; require: no command without one",
    ),
    network: choice(["auto", "on", "off"], "auto", "auto: only with a list of programs of your own, or mode denylist"),
    read_paths: texts([], "what commands may read in the sandbox beside the workspace and the system's programs"),
    write_paths: texts([], "what they may change beside the workspace"),
    limits: section({
      memory_mb: whole([0, 1_048_576], 2048, "memory of one process; 0 here and below: no limit"),
      processes: whole([0, 4_194_304], 4096, "processes and threads of the user, all of them counted"),
      file_mb: whole([0, 1_048_576], 1024, "the longest file that it may write"),
      open_files: whole([0, 1_048_576], 1024, "files open at once in one process"),
      cpu_secs: whole([0, 86_400], 600, "processor time of one process"),
    }),
  }),
  command_policy: section({
    mode: choice(["allowlist", "denylist"], "allowlist", "allowlist: only these programs; denylist: all but these"),
    allowlist: texts([], "programs that may run; empty: 17 harmless ones"),
    denylist: texts([], "patterns that may never run; empty: 11 destructive ones"),
  }),
  url_policy: section({
    enabled: flag(true, "check where tools connect to"),
    allow_private: flag(false, "let tools reach private networks and this machine"),
    only_allowed: flag(false, "let tools reach nothing but allowed_domains"),
    allowed_domains: texts(
      [],
      "places that are always fine, also private ones: HOST, *.HOST, ADDRESS, RANGE/BITS, each also with :PORT",
    ),
    blocked_domains: texts([], "places that nothing may reach, written the same way"),
  }),
  web: section({
    search: section({
      provider: choice(["auto", "brave", "searxng", "duckduckgo"], "auto", "auto: brave with a key, else duckduckgo"),
      api_key: secret("key of Brave Search"),
      api_key_env: text("", "environment variable that holds api_key"),
      api_key_file: text("", "file that holds api_key"),
      base_url: text("", "address of a SearXNG server, or of another Brave or DuckDuckGo"),
      max_results: whole([1, 20], 5, "results when the model names no number"),
    }),
    fetch: section({
      max_bytes: whole([1024, 104_857_600], 2_097_152, "how much of a page is read"),
      timeout_secs: amount([0.1, 600], 30, "the longest a page may take"),
    }),
  }),
  mcp_servers: v.optional(
    v.record(
      v.string(),
      v.object({
        command: text("", "program of a server that speaks over its standard streams"),
        args: texts([], "its arguments"),
        env: v.optional(v.pipe(v.record(v.string(), v.string()), v.metadata({ secret: true })), {}),
        url: text("", "address of a server that speaks over HTTP"),
      }),
    ),
    {},
  ),
});

const delegation = section({
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
});

const usd = (about: string) =>
  v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1_000_000), v.description(about)));
const limits = (about: string) =>
  v.optional(
    v.pipe(
      v.record(v.string(), v.object({ daily_usd: usd("a day"), monthly_usd: usd("a month") })),
      v.description(about),
    ),
    {},
  );

const routing = section({
  mode: choice(["static", "tiered"], "static", "tiered: choose the model by how hard the question is"),
  tiers: v.optional(
    v.pipe(
      v.array(
        v.object({
          name: v.string(),
          models: texts([], "VENDOR/NAME"),
          complexity_range: v.optional(v.tuple([v.number(), v.number()]), [0, 1]),
          cost_per_1k_tokens: amount([0, 1000], 0, "in US dollars, where the price of a model is not known"),
          max_context_tokens: whole([1, 10_000_000], 8192, "the most it is given to read"),
        }),
      ),
      v.description(
        "list of {name, models, complexity_range, cost_per_1k_tokens, max_context_tokens}; names: free, standard, premium, elite",
      ),
    ),
    [],
  ),
  selection_strategy: v.optional(
    v.nullable(
      v.pipe(
        v.picklist(["preference_order", "round_robin", "lowest_cost", "random"]),
        v.description("which model of a tier is asked first; absent: preference_order"),
      ),
    ),
  ),
  fallback_model: v.optional(
    v.nullable(v.pipe(v.string(), v.description("VENDOR/NAME for when no model of the tiers is to be had"))),
  ),
  permissions,
  escalation: section({
    enabled: flag(false, "let hard questions go above a user's tier"),
    threshold: amount([0, 1], 0.6, "how hard they must be, for users with a lower threshold of their own too"),
    max_escalation_tiers: whole([0, 10], 1, "how many tiers above"),
  }),
  cost_budgets: section({
    global_daily_limit_usd: amount([0, 1_000_000], 0, "0: none"),
    global_monthly_limit_usd: amount([0, 1_000_000], 0, "0: none"),
    users: limits("by sender: {daily_usd, monthly_usd}; absent: no limit"),
    agents: limits("the same by agent: main, sub-agent, or an agent's name"),
    jobs: limits("the same by scheduled job"),
    channels: limits("the same by channel, for example http or telegram"),
    warn_at: amount([0, 1], 0.8, "the part of a budget at which the user is warned, once"),
    unknown_price: v.optional(
      v.pipe(
        v.union([v.picklist(["refuse", "allow"]), v.pipe(v.number(), v.minValue(0))], "refuse, allow or a number"),
        v.description(
          "a model without a known price, where a budget applies: refuse, allow (it counts as nothing), or US dollars for a million tokens to assume",
        ),
      ),
      "refuse",
    ),
    tracking_persistence: flag(true, "what was spent is always kept over a restart; false is warned of"),
    reset_hour_utc: whole([0, 23], 0, "when a day begins, and a month on its first day"),
  }),
  rate_limiting: section({
    window_seconds: whole([1, 86_400], 60, "length of the window"),
    strategy: text("sliding_window", "how requests are counted"),
    global_rate_limit_rpm: whole([0, 1_000_000], 0, "of all users together; 0: none"),
  }),
});

const security = section({
  scan: section({
    ignore: texts(
      [],
      "checks of weft security scan to be silent about: CHECK-ID, or CHECK-ID:path/glob for some files",
    ),
  }),
});

const log = section({
  level: choice(["debug", "info", "warn", "error"], "info", "what is told"),
  format: choice(["auto", "text", "json"], "auto", "auto: text on a terminal, else JSON"),
});

export const configSchema = v.object({
  agents,
  providers: v.optional(v.record(v.string(), provider), {}),
  models,
  gateway,
  tools,
  channels,
  delegation,
  routing,
  security,
  log,
});

export type ConfigFile = v.InferOutput<typeof configSchema>;
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
