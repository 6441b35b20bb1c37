// biome-ignore-all lint/suspicious/noTemplateCurlyInString: places to fill in are what some attacks are made of
import { type Attack, long } from "./attack.ts";

const config = (value: object) => JSON.stringify({ agents: {}, ...value });
const exec = (command_policy: object, more: object = {}) => config({ tools: { command_policy, ...more } });
const url = (url_policy: object) => config({ tools: { url_policy } });

/** In `config.json`. */
export const settings: readonly Attack[] = [
  {
    id: "CFG-01",
    found: [
      config({ providers: { openai: { api_key: "hunter2hunter2" } } }),
      config({ tools: { mcp_servers: { a: { env: { A: "hunter2hunter2" } } } } }),
    ],
    near: [
      config({ providers: { openai: { api_key: "${OPENAI}" } } }),
      config({ providers: { openai: { api_key: "${secret:openai}", api_base: "https://a.example" } } }),
    ],
  },
  { id: "CFG-03", found: [url({ allow_private: true })], near: [url({ allow_private: false })] },
  { id: "CFG-04", found: [url({ enabled: false })], near: [url({ enabled: true })] },
  {
    id: "CFG-05",
    found: [exec({ allowlist: ["ls", "bash"] }), exec({ allowlist: ["/usr/bin/python3"] }), exec({ allowlist: ["*"] })],
    near: [exec({ allowlist: ["ls", "cat", "shasum"] })],
  },
  { id: "CFG-06", found: [exec({ mode: "denylist" })], near: [exec({ mode: "allowlist" })] },
  {
    id: "CFG-07",
    found: [exec({ allowlist: ["ls", "jq"] })],
    near: [
      exec({ allowlist: ["ls", "jq"] }, { ask: ["exec_shell"] }),
      exec({ allowlist: ["jq"] }, { allow: ["read_file"] }),
      exec({}),
    ],
  },
  {
    id: "CFG-08",
    found: [
      config({ channels: { telegram: { enabled: true, allow_from: ["*"] } } }),
      config({ channels: { slack: { enabled: true, allow_from: ["U1"], group_policy: "open" } } }),
    ],
    near: [
      config({ channels: { telegram: { enabled: true, allow_from: ["me"] } } }),
      config({ channels: { telegram: { allow_from: ["*"] } } }),
    ],
  },
  {
    id: "CFG-09",
    found: [
      config({ channels: { telegram: { enabled: true, allow_from: [] } } }),
      config({ channels: { telegram: { enabled: true } } }),
    ],
    near: [
      config({ channels: { telegram: { enabled: true, allow_from: ["me"] } } }),
      config({ channels: { telegram: {} } }),
    ],
  },
  {
    id: "CFG-10",
    found: [config({ gateway: { host: "0.0.0.0" } })],
    near: [config({ gateway: { host: "127.0.0.1" } }), config({ gateway: { host: "localhost" } })],
  },
  {
    id: "CFG-11",
    found: [config({ gateway: { token: "abc" } })],
    near: [config({ gateway: { token: "${GATEWAY_TOKEN}" } }), config({ gateway: { token: long } })],
  },
  {
    id: "CFG-12",
    found: [config({ gateway: { allowed_origins: ["*"] } }), config({ gateway: { allowed_hosts: ["*"] } })],
    near: [config({ gateway: { allowed_origins: ["https://a.example"] } })],
  },
  {
    id: "CFG-13",
    found: [config({ gateway: { rate_limit_rpm: 0 } })],
    near: [config({ gateway: { rate_limit_rpm: 60 } })],
  },
  {
    id: "CFG-14",
    found: [config({ tools: { ask_after_strangers: false } })],
    near: [config({ tools: { ask_after_strangers: true } })],
  },
  {
    id: "CFG-15",
    found: [config({ tools: { exec: { pass_env: ["GITHUB_TOKEN"] } } })],
    near: [config({ tools: { exec: { pass_env: ["EDITOR"] } } })],
  },
  {
    id: "CFG-16",
    found: [
      url({ allowed_domains: ["*"] }),
      url({ allowed_domains: ["0.0.0.0/0"] }),
      url({ allowed_domains: ["169.254.169.254"] }),
    ],
    near: [url({ allowed_domains: ["*.example.com"] })],
  },
  {
    id: "CFG-17",
    found: [config({ tools: { approved: ["exec_shell"] } }), config({ tools: { approved: ["*"] } })],
    near: [config({ tools: { approved: ["web_fetch"] } })],
  },
  {
    id: "CFG-18",
    found: [config({ providers: { a: { api_base: "http://10.0.0.5:8000/v1" } } })],
    near: [config({ providers: { a: { api_base: "https://a.example" }, b: { api_base: "http://127.0.0.1:11434" } } })],
  },
  {
    id: "CFG-19",
    found: [
      config({ tools: { mcp_servers: { a: { command: "npx", args: ["-y", "a"] } } } }),
      config({ tools: { mcp_servers: { a: { command: "bash", args: ["-c", "a"] } } } }),
    ],
    near: [
      config({ tools: { mcp_servers: { a: { command: "/usr/bin/a" } } } }),
      config({ tools: { mcp_servers: { a: { command: "npx", args: ["a@1.2.3"] } } } }),
    ],
  },
  {
    id: "CFG-20",
    found: [
      config({ routing: { permissions: { channels: { telegram: { level: 2 } } } } }),
      config({ routing: { permissions: { zero_trust: { tools: ["*"] } } } }),
    ],
    near: [config({ routing: { permissions: { users: { me: { level: 2 } }, channels: { cli: { level: 2 } } } } })],
  },
  { id: "CFG-21", found: [config({ log: { level: "debug" } })], near: [config({ log: { level: "info" } })] },
];
