import { type Command, configOption, jsonOption } from "./command.ts";

const named = [{ name: "NAME", about: "letters, digits, _ . and -" }];

export const secretCommands: readonly Command[] = [
  {
    name: "secrets set",
    about: "store a secret, encrypted; typed unseen, or read from standard input",
    arguments: named,
    options: [configOption],
    examples: [
      "weft secrets set openai",
      "weft secrets set openai < key",
      `weft config set providers.openai.api_key '\${secret:openai}'`,
    ],
    load: async () => (await import("./secrets.ts")).set,
  },
  {
    name: "secrets list",
    about: "their names, and what in the configuration uses them",
    options: [jsonOption, configOption],
    load: async () => (await import("./secrets.ts")).list,
  },
  {
    name: "secrets remove",
    about: "forget one",
    arguments: named,
    options: [configOption],
    load: async () => (await import("./secrets.ts")).remove,
  },
];
