/** What `weft help TOPIC` says. */
export const topics: Readonly<Record<string, string>> = {
  config: `
The configuration is JSON with comments, at ~/.clawft/config.json. Another file: -c FILE, or CLAWFT_CONFIG.
Nothing must be configured: without it weft runs with its offline model.

  weft config check                 what is wrong with it, with line and column
  weft config show                  all values, defaults included
  weft config set gateway.port 8080
  weft secrets set openai           a key, encrypted; then write \${secret:openai} in its place

Keys may be written max_tokens or maxTokens. \${NAME} in a text stands for a variable of the environment; beside
api_key there are api_key_env and api_key_file. CLAWFT__gateway__port=8080 in the environment sets one value.
The workspace may have its own .clawft/config.json for the model and its limits.
`,
  models: `
A model is named VENDOR/NAME, for example anthropic/claude-opus-5-5, openai/gpt-5.4 or ollama/llama3.2.

  export ANTHROPIC_API_KEY=...      a key in the environment is enough: its vendor becomes the default
  weft config set agents.defaults.model ollama/llama3.2
  weft config set providers.my-server.api_base http://10.0.0.5:8000/v1     a server of your own: my-server/NAME

agents.defaults.fallbacks lists models to go on with when the first one cannot be had. Several keys of one vendor
take turns. Without any key the model is offline: it runs tools by slash command and says how to add a key.
routing.mode tiered chooses the model by how hard a question is; routing.cost_budgets stop what is too dear.

  weft cost --by model              what was spent
`,
  tools: `
weft tools list shows the agent's tools and whether they may be used. tools.allow and tools.deny decide; * stands for
anything. File tools see the workspace only. exec_shell runs the programs of tools.command_policy.allowlist.
web_fetch and web_search reach public addresses only; tools.url_policy.allowed_domains adds others.
`,
  sessions: `
A session is one conversation, kept in the workspace as a file of lines. Its key is CHANNEL:NAME: cli:cli-session is
that of weft agent, http:ID that of an HTTP client that sends X-Session-Id: ID.

  weft agent -s work                go on with cli:work
  weft sessions list | inspect ID | export ID | delete ID
`,
  gateway: `
weft gateway serves the agent at http://127.0.0.1:18790 for OpenAI clients: base URL http://127.0.0.1:18790/v1, model
weft, API key the token that is made on the first start and kept in the workspace at .weft/gateway-token.
CLAWFT_GATEWAY_TOKEN or CLAWFT_GATEWAY_TOKEN_FILE sets another.

  GET  /healthz /readyz             without a token      GET /status /metrics /openapi.json
  POST /v1/chat/completions         GET /v1/models

SIGTERM and Ctrl-C let running turns finish (gateway.drain_secs); what is left goes on after the next start.
SIGHUP reads the configuration anew.
`,
  commands: `
In a conversation: /help /clear /tools /model /sessions /stop /pairing /why /cost /budget, and /exit at the terminal.
Ctrl-C ends the running answer; twice leaves. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 configuration,
4 key refused or missing, 5 provider unavailable or at its limit, 6 refused by policy or budget, 7 timeout, 130 interrupted.
`,
};
