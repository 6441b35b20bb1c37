import { isJsonObject, type Json, type JsonObject, objectIn } from "../../../core/json.ts";
import type { Check } from "../check.ts";

interface Setting {
  readonly path: readonly string[];
  readonly note?: string;
}

interface ConfigCheck extends Check {
  /** `config`: as it is written, in the schema's spelling. */
  look(config: JsonObject): readonly Setting[];
}

const category = "configuration";

export const plainKey = {
  id: "CFG-01",
  severity: "high",
  category,
  what: "A key is written out in the configuration: it is in every copy and backup of it.",
  mend: `weft secrets set NAME, then write \${secret:NAME} in its place. If others could read the file, make a new key.`,
} as const satisfies Check;

export const unreadableConfig = {
  id: "CFG-02",
  severity: "medium",
  category,
  what: "The configuration cannot be read, so its settings could not be checked.",
  mend: "weft config check says what is wrong with it.",
} as const satisfies Check;

/** Settings that open more than they seem to. */
export const configChecks: readonly ConfigCheck[] = [
  {
    id: "CFG-03",
    severity: "high",
    category,
    what: "Tools may reach private networks and this machine itself.",
    mend: "weft config set tools.url_policy.allow_private false, and name single hosts in tools.url_policy.allowed_domains",
    look: (config) => when(config, "tools.url_policy.allow_private", (value) => value === true),
  },
  {
    id: "CFG-04",
    severity: "high",
    category,
    what: "Where tools connect to is not checked at all.",
    mend: "weft config set tools.url_policy.enabled true",
    look: (config) => when(config, "tools.url_policy.enabled", (value) => value === false),
  },
  {
    id: "CFG-05",
    severity: "high",
    category,
    what: "The list of allowed programs has one that runs any other: with it the list means nothing.",
    mend: "Take it out of tools.command_policy.allowlist; name the one program that is needed.",
    look: (config) =>
      each(
        config,
        "tools.command_policy.allowlist",
        (name) => name.includes("*") || runners.test(name.replace(/^.*\//, "")),
      ),
  },
  {
    id: "CFG-06",
    severity: "high",
    category,
    what: "All programs may run but those on a list: there is always another way to say the same.",
    mend: "weft config set tools.command_policy.mode allowlist",
    look: (config) => when(config, "tools.command_policy.mode", (value) => value === "denylist"),
  },
  {
    id: "CFG-07",
    severity: "medium",
    category,
    what: "All tools are allowed, the shell among them, and it may run more programs than the harmless ones, unasked.",
    mend: "weft config set tools.ask '[\"exec_shell\"]', or name the tools in tools.allow",
    look: (config) => {
      const tools = objectIn(config, "tools");
      const policy = objectIn(tools, "command_policy");
      const isWide = policy["mode"] === "denylist" || texts(policy["allowlist"]).length > 0;
      const isStopped = [...texts(tools["deny"]), ...texts(tools["ask"])].some(
        (name) => name === "*" || name.startsWith("exec"),
      );
      const allowed = tools["allow"] === undefined ? ["*"] : texts(tools["allow"]);
      const isAllowed = allowed.includes("*") || allowed.some((name) => name.startsWith("exec"));
      return isWide && !isStopped && isAllowed ? [{ path: ["tools", "allow"] }] : [];
    },
  },
  {
    id: "CFG-08",
    severity: "high",
    category,
    what: "A channel is open to everybody.",
    mend: "Name the users in allow_from, or take the * out and let strangers pair: docs/pairing.md",
    look: (config) =>
      channels(config).flatMap(([name, channel]) => [
        ...texts(channel["allow_from"]).flatMap((user) =>
          user === "*" ? [{ path: ["channels", name, "allow_from"], note: name }] : [],
        ),
        ...(channel["group_policy"] === "open" ? [{ path: ["channels", name, "group_policy"], note: name }] : []),
      ]),
  },
  {
    id: "CFG-09",
    severity: "low",
    category,
    what: "A channel lets nobody in by name. weft keeps strangers out; older programs took an empty list for everybody.",
    mend: "Name the users in allow_from; others have to pair.",
    look: (config) =>
      channels(config).flatMap(([name, channel]) =>
        channel["enabled"] === true && texts(channel["allow_from"]).length === 0
          ? [{ path: ["channels", name], note: name }]
          : [],
      ),
  },
  {
    id: "CFG-10",
    severity: "medium",
    category,
    what: "The gateway listens beyond this machine; its token is all that stands before the agent, and plain HTTP shows it.",
    mend: "weft config set gateway.host 127.0.0.1, and put a server with TLS before it where others must reach it",
    look: (config) => when(config, "gateway.host", (value) => typeof value === "string" && !loopback.test(value)),
  },
  {
    id: "CFG-11",
    severity: "high",
    category,
    what: "The gateway's token is short enough to be guessed.",
    mend: "Take gateway.token out: weft makes a long one.",
    look: (config) =>
      when(
        config,
        "gateway.token",
        (value) => typeof value === "string" && value !== "" && !value.includes("${") && value.length < 24,
      ),
  },
  {
    id: "CFG-12",
    severity: "high",
    category,
    what: "Every web page, or every name of the host, may use the gateway from a browser.",
    mend: "Name the pages in gateway.allowed_origins and the hosts in gateway.allowed_hosts.",
    look: (config) => [
      ...each(config, "gateway.allowed_origins", hasStar),
      ...each(config, "gateway.allowed_hosts", hasStar),
    ],
  },
  {
    id: "CFG-13",
    severity: "low",
    category,
    what: "Clients of the gateway may ask as often as they like.",
    mend: "weft config set gateway.rate_limit_rpm 600",
    look: (config) => when(config, "gateway.rate_limit_rpm", (value) => value === 0),
  },
  {
    id: "CFG-14",
    severity: "high",
    category,
    what: "After reading the words of strangers the agent changes things and sends its own words out without asking.",
    mend: "weft config set tools.ask_after_strangers true",
    look: (config) => when(config, "tools.ask_after_strangers", (value) => value === false),
  },
  {
    id: "CFG-15",
    severity: "high",
    category,
    what: "Commands get a variable of the environment that holds a secret.",
    mend: "Take it out of tools.exec.pass_env.",
    look: (config) =>
      each(
        config,
        "tools.exec.pass_env",
        (name) => name.includes("*") || /(?:KEY|TOKEN|SECRET|PASSWORD|PASSPHRASE|CREDENTIALS?)$/i.test(name),
      ),
  },
  {
    id: "CFG-16",
    severity: "high",
    category,
    what: "Hosts that are always fine include all of them, or a cloud's metadata service.",
    mend: "Name single hosts in tools.url_policy.allowed_domains.",
    look: (config) =>
      each(config, "tools.url_policy.allowed_domains", (name) =>
        /^\*(?:\.\w{2,6})?(?::|$)|^169\.254\.|^metadata\.|^0\.0\.0\.0\/0$|^::\/0$/.test(name),
      ),
  },
  {
    id: "CFG-17",
    severity: "medium",
    category,
    what: "Tools that change things need the user's word no more.",
    mend: "Take them out of tools.approved.",
    look: (config) =>
      each(
        config,
        "tools.approved",
        (name) => name.includes("*") || /^(?:exec_shell|write_file|edit_file)$/.test(name),
      ),
  },
  {
    id: "CFG-18",
    severity: "medium",
    category,
    what: "A provider of models or a server of tools is asked over plain HTTP: keys and words can be read on the way.",
    mend: "Use https.",
    look: (config) => [
      ...members(config, "providers").flatMap(([name, { api_base: url }]) =>
        plain(["providers", name, "api_base"], url),
      ),
      ...members(objectIn(config, "tools"), "mcp_servers").flatMap(([name, { url }]) =>
        plain(["tools", "mcp_servers", name, "url"], url),
      ),
    ],
  },
  {
    id: "CFG-19",
    severity: "medium",
    category,
    what: "A server of tools is a shell, or is fetched anew each time it is started.",
    mend: "Install the server, and name its program in command.",
    look: (config) =>
      members(objectIn(config, "tools"), "mcp_servers").flatMap(([name, { command, args }]) => {
        const line = [typeof command === "string" ? command : "", ...texts(args)].join(" ");
        return /^(?:\S{0,100}\/)?(?:(?:ba|z|da|fi)?sh\s{1,4}-c\b|(?:npx|bunx|uvx|pipx|pnpm)\b(?![^\n]{0,200}@\d))/.test(
          line,
        )
          ? [{ path: ["tools", "mcp_servers", name], note: name }]
          : [];
      }),
  },
  {
    id: "CFG-20",
    severity: "high",
    category,
    what: "Strangers, or everybody of a channel, have the rights of an admin or all tools.",
    mend: "Give the level to single users in routing.permissions.users.",
    look: (config) => {
      const permissions = objectIn(objectIn(config, "routing"), "permissions");
      const path = ["routing", "permissions"];
      const isWide = (rights: JsonObject) =>
        rights["level"] === 2 || texts(rights["tools"] ?? rights["tool_access"]).includes("*");
      return [
        ...members(permissions, "channels").flatMap(([name, rights]) =>
          name !== "cli" && isWide(rights) ? [{ path: [...path, "channels", name], note: name }] : [],
        ),
        ...(isWide(objectIn(permissions, "zero_trust")) ? [{ path: [...path, "zero_trust"], note: "zero_trust" }] : []),
      ];
    },
  },
  {
    id: "CFG-21",
    severity: "info",
    category,
    what: "The log tells everything; with it goes what people said.",
    mend: "weft config set log.level info, when you have seen what you were looking for",
    look: (config) => when(config, "log.level", (value) => value === "debug"),
  },
];

const loopback = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|\[::1\])$/;

/** Programs that run what they are told: shells, interpreters, and others with a way to start a program. */
const runners =
  /^(?:sh|bash|zsh|dash|ksh|fish|csh|tcsh|busybox|python[\d.]{0,5}|node|deno|bun|perl|ruby|php|lua|tclsh|osascript|pwsh|powershell|cmd(?:\.exe)?|xargs|sudo|doas|su|ssh|docker|podman|kubectl|awk|gawk|mawk|sed|vi|vim|nano|emacs|less|more|man|make|npm|npx|pip3?|uv|uvx|cargo|go|gcc|tar|zip|git|curl|wget|nc|ncat|socat|nohup|timeout|nice|watch|script|screen|tmux|crontab|at|systemctl|chroot|unshare|nsenter|strace|gdb|eval|exec|source|rsync|parallel)$/;

function at(config: JsonObject, key: string): Json | undefined {
  return key
    .split(".")
    .reduce<Json | undefined>((value, part) => (isJsonObject(value) ? value[part] : undefined), config);
}

function when(config: JsonObject, key: string, isWrong: (value: Json) => boolean): Setting[] {
  const value = at(config, key);
  return value !== undefined && isWrong(value) ? [{ path: key.split(".") }] : [];
}

function each(config: JsonObject, key: string, isWrong: (text: string) => boolean): Setting[] {
  return texts(at(config, key)).flatMap((text, i) =>
    isWrong(text) ? [{ path: [...key.split("."), `${i}`], note: text.slice(0, 100) }] : [],
  );
}

function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.map((each: Json) => (typeof each === "string" ? each : "")) : [];
}

function members(object: JsonObject, key: string): (readonly [string, JsonObject])[] {
  return Object.entries(objectIn(object, key)).flatMap(([name, value]) =>
    isJsonObject(value) ? [[name, value] as const] : [],
  );
}

function channels(config: JsonObject): (readonly [string, JsonObject])[] {
  return members(config, "channels").filter(([, channel]) => channel["enabled"] === true);
}

function plain(path: readonly string[], url: Json | undefined): Setting[] {
  const isPlain = typeof url === "string" && /^http:\/\/(?!localhost\b|127\.|\[::1\]|\$\{)/i.test(url);
  return isPlain ? [{ path }] : [];
}

function hasStar(text: string): boolean {
  return text === "*" || text === "null" || /^(?:https?:\/\/)?\*$/.test(text);
}
