import { type Command, configOption } from "./command.ts";

/** `weft memory …` */
export const memoryCommands: readonly Command[] = [
  {
    name: "memory export",
    about: "what the agent keeps in mind, with a chain of hashes that shows changes",
    options: [
      { name: "out", short: "o", value: "FILE", about: "a new file, instead of standard output" },
      configOption,
    ],
    examples: ["weft memory export --out memory.json"],
    load: async () => (await import("./memory.ts")).exportMemory,
  },
  {
    name: "memory import",
    about: "add what another agent kept: its chain is verified, what is known already is not added twice",
    arguments: [{ name: "FILE", about: "what memory export wrote; - reads it from standard input" }],
    options: [configOption],
    examples: ["weft memory import memory.json"],
    load: async () => (await import("./memory.ts")).importMemory,
  },
];
