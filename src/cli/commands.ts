import { auditCommands } from "./audit-commands.ts";
import { type Command, configOption, jsonOption, verboseOption } from "./command.ts";
import { memoryCommands } from "./memory-commands.ts";
import { pairingCommands } from "./pairing-commands.ts";
import { pluginCommands } from "./plugin-commands.ts";
import { policyCommands } from "./policy-commands.ts";
import { secretCommands } from "./secret-commands.ts";
import { securityCommands } from "./security-commands.ts";

/** All commands, in the order of `weft help`. */
export const commands: readonly Command[] = [
  {
    name: "agent",
    about: "talk to the agent: one message with -m, else a conversation",
    options: [
      { name: "message", short: "m", value: "TEXT", about: "one message, then end; - reads it from standard input" },
      { name: "model", value: "VENDOR/NAME", about: "the model for these messages" },
      { name: "session", short: "s", value: "NAME", about: "the conversation to go on with (cli-session)" },
      { name: "stream", about: "with -m: print the answer as it comes, also where that is no terminal" },
      jsonOption,
      configOption,
      verboseOption,
    ],
    examples: [
      'weft agent -m "What is in my workspace?"',
      "weft agent -s work",
      "git diff | weft agent -m - --session review",
    ],
    load: async () => (await import("./agent.ts")).agent,
  },
  {
    name: "gateway",
    about: "serve the agent over HTTP, until it is stopped",
    options: [configOption, verboseOption],
    examples: ["weft gateway", "CLAWFT__gateway__port=8080 weft gateway"],
    load: async () => (await import("./gateway.ts")).gateway,
  },
  {
    name: "status",
    about: "whether all is well; asks the running gateway when there is one",
    options: [{ name: "detailed", about: "every part, and what to do about it" }, jsonOption, configOption],
    examples: ["weft status", "weft status --detailed"],
    load: async () => (await import("./status.ts")).status,
  },
  {
    name: "config check",
    about: "read the configuration and say what is wrong with it",
    options: [configOption],
    load: async () => (await import("./config.ts")).check,
  },
  {
    name: "config show",
    about: "the whole configuration with all defaults; secrets are masked",
    options: [{ name: "reveal", about: "secrets too, so that it can be used as a configuration" }, configOption],
    load: async () => (await import("./config.ts")).show,
  },
  {
    name: "config section",
    about: "one section of it",
    arguments: [{ name: "NAME", about: "for example gateway", complete: "sections" }],
    options: [{ name: "reveal", about: "secrets too" }, configOption],
    load: async () => (await import("./config.ts")).section,
  },
  {
    name: "config get",
    about: "one value",
    arguments: [{ name: "KEY", about: "for example gateway.port", complete: "keys" }],
    options: [{ name: "reveal", about: "secrets too" }, configOption],
    load: async () => (await import("./config.ts")).get,
  },
  {
    name: "config set",
    about: "change one value in the file; comments stay",
    arguments: [
      { name: "KEY", about: "for example gateway.port", complete: "keys" },
      { name: "VALUE", about: "JSON or text; null takes the key away; - reads it from standard input" },
    ],
    options: [configOption],
    examples: [
      "weft config set agents.defaults.model ollama/llama3.2",
      "weft config set providers.openai.api_key - < key",
    ],
    load: async () => (await import("./config.ts")).set,
  },
  {
    name: "config path",
    about: "where the configuration is",
    options: [configOption],
    load: async () => (await import("./config.ts")).path,
  },
  {
    name: "sessions list",
    about: "the conversations that are kept",
    options: [jsonOption, configOption],
    load: async () => (await import("./sessions.ts")).list,
  },
  {
    name: "sessions inspect",
    about: "what was said in one, in short",
    arguments: [{ name: "ID", about: "for example cli:cli-session", complete: "sessions" }],
    options: [jsonOption, configOption],
    load: async () => (await import("./sessions.ts")).inspect,
  },
  {
    name: "sessions delete",
    about: "forget one",
    arguments: [{ name: "ID", about: "for example cli:cli-session", complete: "sessions" }],
    options: [configOption],
    load: async () => (await import("./sessions.ts")).remove,
  },
  {
    name: "sessions export",
    about: "one conversation, whole",
    arguments: [{ name: "ID", about: "for example cli:cli-session", complete: "sessions" }],
    options: [
      { name: "format", value: "md|json|jsonl", about: "Markdown unless given; jsonl is the file as it is kept" },
      configOption,
    ],
    examples: ["weft sessions export cli:cli-session > talk.md"],
    load: async () => (await import("./sessions.ts")).exportSession,
  },
  {
    name: "tools list",
    about: "the agent's tools, and which of them it may use",
    options: [jsonOption, configOption],
    load: async () => (await import("./tools.ts")).list,
  },
  ...policyCommands,
  ...pluginCommands,
  ...secretCommands,
  ...memoryCommands,
  ...auditCommands,
  ...securityCommands,
  ...pairingCommands,
  {
    name: "cost",
    about: "what was spent, from the ledger; also beside a running gateway",
    options: [
      { name: "by", value: "WHAT", about: "user, agent, job, model, day or channel (day)" },
      { name: "since", value: "TIME", about: "whole days, not older: 12h, 7d, or a date like 2026-01-31" },
      jsonOption,
      configOption,
    ],
    examples: ["weft cost", "weft cost --by user --since 30d"],
    load: async () => (await import("./cost.ts")).cost,
  },
  {
    name: "context",
    about: "what fills the prompt of a conversation, in tokens",
    options: [
      { name: "session", short: "s", value: "NAME", about: "the conversation (cli-session)" },
      jsonOption,
      configOption,
    ],
    load: async () => (await import("./context.ts")).context,
  },
  {
    name: "completions",
    about: "a script that teaches a shell to complete weft's commands",
    arguments: [{ name: "SHELL", about: "bash, zsh, fish or powershell", complete: "shells" }],
    examples: ["weft completions bash > /etc/bash_completion.d/weft", "weft completions zsh > ~/.zfunc/_weft"],
    load: async () => (await import("./completions.ts")).completions,
  },
  {
    name: "__complete",
    about: "the words that may come next",
    hidden: true,
    load: async () => (await import("./completions.ts")).complete,
  },
  {
    name: "help",
    about: "help on a command or topic",
    arguments: [
      {
        name: "TOPIC",
        about: "config, models, tools, sessions, gateway or a command",
        optional: true,
        complete: "topics",
      },
    ],
    load: async () => (await import("./help.ts")).help,
  },
];
