import { type Command, configOption, jsonOption } from "./command.ts";

/** What the policy says, and why. */
export const policyCommands: readonly Command[] = [
  {
    name: "why",
    about: "whether something may be done, by which rule, where that is written, and what would change it",
    arguments: [
      { name: "KIND", about: "tool, command, read, write, connect or model" },
      { name: "WHAT", about: "its name, the line, the path, the host", optional: true },
    ],
    options: [
      { name: "as", value: "CHANNEL:SENDER", about: "for this user (cli:local)" },
      { name: "group", value: "NAME", about: "in this group" },
      { name: "agent", value: "NAME", about: "acting through this agent" },
      { name: "job", value: "NAME", about: "in this job" },
      jsonOption,
      configOption,
    ],
    examples: [
      "weft why tool exec_shell --as telegram:12345",
      'weft why command "git push"',
      "weft why connect 10.0.0.5:8080",
    ],
    load: async () => (await import("./why.ts")).why,
  },
  {
    name: "doctor net",
    about: "the way to a host: DNS, proxy, the rules for tools and models, and whether something answers",
    arguments: [{ name: "HOST", about: "HOST, HOST:PORT or a URL" }],
    options: [jsonOption, configOption],
    examples: ["weft doctor net api.openai.com", "weft doctor net http://nas.lan:8080"],
    load: async () => (await import("./doctor.ts")).net,
  },
];
