/** Configurations under which the same turn goes through: with the least and the most to ask. */

export function loosest(): object {
  return {
    tools: { ask_after_strangers: false, url_policy: { enabled: false }, command_policy: { mode: "denylist" } },
    routing: { cost_budgets: { unknown_price: "allow" } },
  };
}

/** Layers, patterns, paths, places, prices, five budgets, and keys that no answer may hold. */
export function strictest(providers: object): object {
  const names = (prefix: string) => Array.from({ length: 20 }, (_, i) => `${prefix}-${i}`);
  const limit = { daily_usd: 1000, monthly_usd: 10_000 };
  const permissions = { user: { max_tier: "elite" }, users: { owner: { level: 2, tool_denylist: names("tool") } } };
  return {
    models: { prices: { "custom/mock-0": { input: 1, output: 2 }, "custom/mock-tool": { input: 1, output: 2 } } },
    tools: {
      deny: names("tool"),
      ask: names("other"),
      paths: { deny: names("secret"), read_only: names("folder") },
      url_policy: { only_allowed: true, blocked_domains: names("host.example") },
    },
    routing: {
      permissions: { ...permissions, channels: { http: { path_denylist: names("private") } } },
      cost_budgets: {
        global_daily_limit_usd: 1000,
        users: { owner: limit },
        agents: { main: limit },
        channels: { http: limit },
      },
    },
    providers: {
      ...providers,
      ...Object.fromEntries(
        names("vendor").map((name) => [name, { api_base: "http://127.0.0.1:9", api_key: `key-of-${name}` }]),
      ),
    },
  };
}
