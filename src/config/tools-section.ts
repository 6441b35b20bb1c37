import * as v from "valibot";
import { amount, choice, flag, lazily, secret, section, text, texts, whole } from "./fields.ts";
import { requires } from "./permissions.ts";

export const tools = lazily(() =>
  v.object({
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
    requires: requires(),
    paths: section({
      deny: texts([], "files and folders of the workspace that file tools and commands do not see"),
      read_only: texts([], "those that they do not change"),
    }),
    approval_timeout_secs: whole([10, 604_800], 600, "how long a question waits; then it is a no"),
    restrict_to_workspace: flag(
      true,
      "file tools are always confined to the workspace; false changes nothing and is warned of",
    ),
    exec: exec(),
    command_policy: commandPolicy(),
    url_policy: urlPolicy(),
    web: web(),
    mcp_servers: mcpServers(),
  }),
);

const exec = () =>
  section({
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
  });

const commandPolicy = () =>
  section({
    mode: choice(["allowlist", "denylist"], "allowlist", "allowlist: only these programs; denylist: all but these"),
    allowlist: texts([], "programs that may run; empty: 17 harmless ones"),
    denylist: texts([], "patterns that may never run; empty: 11 destructive ones"),
  });

const urlPolicy = () =>
  section({
    enabled: flag(true, "check where tools connect to"),
    allow_private: flag(false, "let tools reach private networks and this machine"),
    only_allowed: flag(false, "let tools reach nothing but allowed_domains"),
    allowed_domains: texts(
      [],
      "places that are always fine, also private ones: HOST, *.HOST, ADDRESS, RANGE/BITS, each also with :PORT",
    ),
    blocked_domains: texts([], "places that nothing may reach, written the same way"),
  });

const web = () =>
  section({
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
  });

const mcpServers = () =>
  v.optional(
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
  );
