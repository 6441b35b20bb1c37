import { type Command, configOption, jsonOption } from "./command.ts";

/** `weft audit …` */
export const auditCommands: readonly Command[] = [
  {
    name: "audit verify",
    about: "whether the record of what was done is as it was written",
    arguments: [{ name: "FILE", about: "what audit export wrote, instead of the workspace's own", optional: true }],
    options: [
      { name: "key", value: "FILE", about: "the public key that must have signed the head" },
      jsonOption,
      configOption,
    ],
    examples: ["weft audit verify", "weft audit verify audit-2026.jsonl --key audit.pub"],
    load: async () => (await import("./audit.ts")).verify,
  },
  {
    name: "audit show",
    about: "the last entries, the newest last",
    options: [
      { name: "kind", value: "KIND", about: "only these, for example tool, refusal or config" },
      { name: "session", short: "s", value: "NAME", about: "only those of one conversation" },
      { name: "since", value: "TIME", about: "not older: 30m, 12h, 7d, or a date like 2026-01-31" },
      { name: "limit", value: "N", about: "at most so many (50)" },
      { name: "json", about: "print the lines as they are kept" },
      configOption,
    ],
    examples: ["weft audit show --kind refusal --since 7d", "weft audit show -s work --limit 10"],
    load: async () => (await import("./audit-show.ts")).show,
  },
  {
    name: "audit export",
    about: "all entries as JSON lines, verified, and their signed head behind them",
    options: [
      { name: "out", short: "o", value: "FILE", about: "a new file, instead of standard output" },
      configOption,
    ],
    examples: ["weft audit export --out audit-2026.jsonl"],
    load: async () => (await import("./audit.ts")).exportAudit,
  },
  {
    name: "audit sign",
    about: "sign what is there now: entries that are changed or cut off later do not fit the signature",
    options: [configOption],
    examples: ["weft audit key", "weft audit sign"],
    load: async () => (await import("./audit.ts")).sign,
  },
  {
    name: "audit key",
    about: "the public key that signs, for --key; the key is made when there is none",
    options: [configOption],
    examples: ["weft audit key > audit.pub"],
    load: async () => (await import("./audit.ts")).key,
  },
];
