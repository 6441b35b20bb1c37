import { type Command, configOption, jsonOption } from "./command.ts";

/** `weft security …` */
export const securityCommands: readonly Command[] = [
  {
    name: "security scan",
    about: "look for attacks, keys and open doors in skills, plugins, documents and weft's own files",
    arguments: [
      {
        name: "PATH",
        about: "a file or folder; the configuration's folder and the workspace unless given",
        optional: true,
      },
    ],
    options: [
      { name: "format", value: "text|json|sarif", about: "text unless given" },
      {
        name: "min-severity",
        value: "LEVEL",
        about: "info, low, medium, high or critical: nothing milder is told (low)",
      },
      { name: "fix", about: "close files and folders of weft to other users; nothing else is changed" },
      configOption,
    ],
    examples: [
      "weft security scan",
      "weft security scan ~/downloads/new-skill --min-severity medium",
      "weft security scan . --format sarif > scan.sarif",
    ],
    load: async () => (await import("./security.ts")).scanCommand,
  },
  {
    name: "security checks",
    about: "all that the scan looks for",
    options: [jsonOption],
    load: async () => (await import("./security.ts")).checks,
  },
];
