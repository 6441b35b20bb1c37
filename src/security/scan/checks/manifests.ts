import type { Json, JsonObject } from "../../../core/json.ts";
import type { Check, Severity } from "../check.ts";
import { isLookalike } from "./popular-packages.ts";

/** What a manifest or front matter asks for, in one form. */
export interface Given {
  readonly allowedTools: readonly string[];
  readonly hasHooks: boolean;
  readonly permissions: JsonObject;
  readonly resources: JsonObject;
  readonly scripts: JsonObject;
  readonly dependencies: readonly {
    readonly path: readonly string[];
    readonly name: string;
    readonly version: string;
    readonly registry?: "pip";
  }[];
}

interface Asked {
  /** In the manifest. */
  readonly path: readonly string[];
  readonly note?: string;
  readonly severity?: Severity;
}

interface ManifestCheck extends Check {
  look(given: Given): readonly Asked[];
}

const category = "permission-escalation";

export const skillChecks: readonly ManifestCheck[] = [
  {
    id: "PRM-10",
    severity: "high",
    category,
    what: "A skill or agent asks for all tools.",
    mend: "List the tools that it needs in allowed-tools.",
    look: ({ allowedTools }) =>
      allowedTools.some((each) => each === "*" || /^all$/i.test(each)) ? [{ path: ["allowed-tools"] }] : [],
  },
  {
    id: "PRM-11",
    severity: "medium",
    category,
    what: "A skill or agent asks for the shell without saying for which commands.",
    mend: "Take it out of allowed-tools, or name the commands: Bash(git status:*)",
    look: ({ allowedTools }) =>
      named(
        allowedTools,
        /^(?:exec_shell|shell|bash|terminal|run_command|execute)(?:\(\*?\)|\(\*:\*\))?$/i,
        "allowed-tools",
      ),
  },
  {
    id: "PRM-12",
    severity: "high",
    category,
    what: "A skill brings hooks: commands that run without anybody asking for them.",
    mend: "Remove the hooks.",
    look: ({ hasHooks }) => (hasHooks ? [{ path: ["hooks"] }] : []),
  },
];

export const pluginChecks: readonly ManifestCheck[] = [
  {
    id: "PRM-20",
    severity: "high",
    category,
    what: "A plugin asks for every host of the network.",
    mend: "Name the hosts in permissions.network, or do not approve it.",
    look: ({ permissions }) =>
      named(textsIn(permissions, "network"), /^\*(?:\.\*)?$|^\*\.(?:com|org|net|io|dev)$/, "network", "permissions"),
  },
  {
    id: "PRM-21",
    severity: "high",
    category,
    what: "A plugin asks for folders beyond its own: the root, a home, the system or weft's own files.",
    mend: "Name a folder of its own in permissions.filesystem, or do not approve it.",
    look: ({ permissions }) =>
      named(
        textsIn(permissions, "filesystem"),
        /^(?:\/(?:etc|root|home|usr|var|proc|sys|dev|boot|opt|Users)?(?:\/[^/]{1,60})?\/?|~[^\n]{0,100}|\.|\.\/|[^\n]{0,200}\.(?:ssh|aws|gnupg|clawft|weft|nanobot|kube)\b[^\n]{0,100})$/,
        "filesystem",
        "permissions",
      ),
  },
  {
    id: "PRM-22",
    severity: "high",
    category,
    what: "A plugin asks for variables of the environment that hold secrets.",
    mend: "Take them out of permissions.env_vars; secrets are added by weft at the edge of the network.",
    look: ({ permissions }) =>
      named(
        textsIn(permissions, "env_vars"),
        /(?:KEY|TOKEN|SECRET|PASSWORD|PASSPHRASE|CREDENTIALS?)$|^(?:PATH|HOME|USER|SHELL|LD_PRELOAD)$/i,
        "env_vars",
        "permissions",
      ),
  },
  {
    id: "PRM-23",
    severity: "medium",
    category,
    what: "A plugin asks for the shell. weft has no such thing for plugins; another host may.",
    mend: "Take permissions.shell out.",
    look: ({ permissions }) => (permissions["shell"] === true ? [{ path: ["permissions", "shell"] }] : []),
  },
  {
    id: "PRM-24",
    severity: "medium",
    category,
    what: "A plugin may read files or variables and reach the network: together that is a way out for them.",
    mend: "Approve it only if you would hand it these files and let it talk to these hosts.",
    look: ({ permissions }) => {
      const reads = [...textsIn(permissions, "filesystem"), ...textsIn(permissions, "env_vars")];
      const hosts = textsIn(permissions, "network");
      return reads.length > 0 && hosts.length > 0
        ? [{ path: ["permissions"], note: `${reads[0]} and ${hosts[0]}` }]
        : [];
    },
  },
  {
    id: "PRM-25",
    severity: "high",
    category,
    what: "A plugin asks for hosts of this machine, of a private network, or of a cloud's metadata service.",
    mend: "Take them out of permissions.network.",
    look: ({ permissions }) =>
      named(
        textsIn(permissions, "network"),
        /^(?:localhost|127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|0\.0\.0\.0|::1|\[?f[cde]|metadata\.|[^\n]{1,100}\.(?:internal|local|lan))/i,
        "network",
        "permissions",
      ),
  },
  {
    id: "DOS-10",
    severity: "low",
    category: "denial-of-service",
    what: "A plugin asks for more than half of the most that any plugin may use.",
    mend: "Ask its author what for; without the field it gets a tenth.",
    look: ({ resources }) =>
      Object.entries(halfOfMost).flatMap(([name, most]) =>
        Number(resources[name]) > most
          ? [{ path: ["resources", name], note: `${name} ${String(resources[name])}` }]
          : [],
      ),
  },
];

/** Of the hard limits in docs/plugins.md. */
const halfOfMost: Readonly<Record<string, number>> = {
  max_fuel: 5e9,
  max_memory_mb: 128,
  max_table_elements: 50_000,
  max_execution_seconds: 150,
};

const hooks = ["preinstall", "install", "postinstall", "prepare", "preprepare", "postprepare"];

export const packageChecks: readonly ManifestCheck[] = [
  {
    id: "SUP-10",
    severity: "medium",
    category: "supply-chain",
    what: "A package runs a command while it is installed; of high severity when that downloads, decodes or hides something.",
    mend: "Install with --ignore-scripts, after reading what the command does.",
    look: ({ scripts }) =>
      hooks.flatMap((hook) => {
        const command = scripts[hook];
        if (typeof command !== "string" || command === "" || harmlessHook.test(command)) return [];
        return [{ path: ["scripts", hook], note: hook, ...(gravely.test(command) && { severity: "high" as const }) }];
      }),
  },
  {
    id: "SUP-11",
    severity: "high",
    category: "supply-chain",
    what: "Depends on a package whose name is one slip away from a popular one (typosquatting).",
    mend: "Write the name as the popular package has it, or look up whose package this is.",
    look: ({ dependencies }) =>
      dependencies.flatMap(({ path, name, registry }) =>
        isLookalike(registry ?? "npm", name) ? [{ path, note: name }] : [],
      ),
  },
  {
    id: "SUP-12",
    severity: "low",
    category: "supply-chain",
    what: "Depends on whatever version of a package is the newest.",
    mend: "Name a version.",
    look: ({ dependencies }) =>
      dependencies.flatMap(({ path, name, version }) =>
        /^(?:\*|latest|x|>=?\s{0,3}0(?:\.0){0,2})$/.test(version.trim()) ? [{ path, note: name }] : [],
      ),
  },
  {
    id: "SUP-13",
    severity: "high",
    category: "supply-chain",
    what: "Depends on a package that is fetched without TLS.",
    mend: "Use https, or a version from the registry.",
    look: ({ dependencies }) =>
      dependencies.flatMap(({ path, name, version }) =>
        /\b(?:http|git):\/\//.test(version) ? [{ path, note: name }] : [],
      ),
  },
];

const harmlessHook =
  /^(?:husky(?: install)?|(?:npm|pnpm|yarn) run [\w:-]{1,40}|tsc\b[^|;&]{0,100}|patch-package|node-gyp rebuild|simple-git-hooks|lefthook install)$/;
const gravely =
  /curl|wget|https?:|\bnode\s+-e\b|base64|eval|powershell|\bnc\b|\/dev\/tcp|\|\s*(?:ba)?sh\b|>\s*\/dev\/null/i;

function named(texts: readonly string[], pattern: RegExp, ...under: readonly string[]): Asked[] {
  const path = [...under].reverse();
  return texts.flatMap((text, i) =>
    pattern.test(text) ? [{ path: [...path, `${i}`], note: text.slice(0, 100) }] : [],
  );
}

function textsIn(object: JsonObject, key: string): string[] {
  const value: Json | undefined = object[key];
  return Array.isArray(value) ? value.filter((each: Json) => typeof each === "string") : [];
}
