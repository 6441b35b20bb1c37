import { type Command, configOption, jsonOption } from "./command.ts";

/** `weft pairing …` */
export const pairingCommands: readonly Command[] = [
  {
    name: "pairing list",
    about: "who was let in on a channel, and which strangers have a code",
    options: [jsonOption, configOption],
    load: async () => (await import("./pairing.ts")).list,
  },
  {
    name: "pairing approve",
    about: "let in the stranger who has this code",
    arguments: [{ name: "CODE", about: "what the agent answered him" }],
    options: [{ name: "level", value: "1|2", about: "2: as an admin (1)" }, jsonOption, configOption],
    examples: ["weft pairing approve K7MX2PQA", "weft pairing approve K7MX2PQA --level 2"],
    load: async () => (await import("./pairing.ts")).approve,
  },
  {
    name: "pairing revoke",
    about: "make somebody a stranger again, at once",
    arguments: [{ name: "CHANNEL:SENDER", about: "as pairing list has him, for example telegram:12345" }],
    options: [jsonOption, configOption],
    load: async () => (await import("./pairing.ts")).revoke,
  },
];
