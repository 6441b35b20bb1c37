import * as v from "valibot";
import { WeftError } from "../core/error.ts";
import { resourceLimits } from "./limits.ts";

/** The manifest's name in the folder of a plugin. */
export const manifestName = "clawft.plugin.json";

const capabilities = ["tool", "channel", "pipeline_stage", "skill", "memory_backend", "voice"] as const;

/** The same as `Permissions`, in the file's spelling. */
export const permissionsSchema = v.strictObject({
  network: v.optional(v.array(host()), []),
  filesystem: v.optional(v.array(folder()), []),
  env_vars: v.optional(
    v.array(v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "the name of an environment variable"))),
    [],
  ),
  shell: v.optional(v.boolean(), false),
});

/** What a plugin may do beside computing; see docs/plugins.md. */
export type Permissions = v.InferOutput<typeof permissionsSchema>;

const manifestSchema = v.strictObject({
  id: v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, "up to 64 of a-z, 0-9, dot, dash and underscore")),
  name: v.pipe(v.string(), v.regex(/^[^\p{Cc}]{1,100}$/u, "a line of 1 to 100 characters")),
  version: v.pipe(
    v.string(),
    v.maxLength(64),
    v.regex(
      /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/,
      "a semantic version, for example 1.0.0",
    ),
  ),
  capabilities: v.pipe(v.array(v.picklist(capabilities)), v.minLength(1, "a list of at least one capability")),
  permissions: v.optional(permissionsSchema, {}),
  resources: v.optional(
    v.strictObject({
      max_fuel: resource("max_fuel"),
      max_memory_mb: resource("max_memory_mb"),
      max_table_elements: resource("max_table_elements"),
      max_execution_seconds: resource("max_execution_seconds"),
      max_http_requests_per_minute: resource("max_http_requests_per_minute"),
      max_log_messages_per_minute: resource("max_log_messages_per_minute"),
    }),
    {},
  ),
  wasm_module: v.optional(
    v.pipe(v.string(), v.regex(/^[\w-][\w.-]{0,99}$/, "the name of a file beside the manifest")),
    "plugin.wasm",
  ),
  skills: v.optional(v.array(v.string()), []),
  tools: v.optional(v.array(v.string()), []),
});

export type Manifest = v.InferOutput<typeof manifestSchema>;

function resource(name: keyof typeof resourceLimits) {
  const [standard, most] = resourceLimits[name];
  return v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(most, `at most ${most}, the hard limit`)),
    standard,
  );
}

function host() {
  const pattern =
    /^(\*|(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*|[0-9a-f:]*:[0-9a-f:.]*)$/i;
  return v.pipe(
    v.string(),
    v.maxLength(253),
    v.regex(pattern, "a host like api.example.com, *.example.com, or * for all; without scheme, port and path"),
  );
}

function folder() {
  return v.pipe(
    v.string(),
    v.regex(
      /^(?!~|(.*\/)?\.\.(\/|$))[^\p{Cc}]{1,1000}$/u,
      "a folder in the workspace or an absolute one, without .. and ~",
    ),
  );
}

/** `path` is for the errors: all that is wrong, each with the key and what is expected. Throws `invalid`. */
export function parseManifest(text: string, path: string): Manifest {
  const parsed = v.safeParse(manifestSchema, jsonIn(text, path));
  if (parsed.success) return parsed.output;
  const problems = parsed.issues.slice(0, 5).map((issue) => `${path}: ${problemOf(issue)}`);
  throw new WeftError("invalid", `${problems.join("\n")}\nMend the manifest as docs/plugins.md shows`);
}

function jsonIn(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new WeftError("invalid", `${path} is not JSON: ${why}. Write it as docs/plugins.md shows`);
  }
}

function problemOf(issue: v.BaseIssue<unknown>): string {
  const key = (issue.path ?? []).map((part) => String(part.key)).join(".") || "the whole";
  if (issue.received === "undefined") return `${key} is missing: add it`;
  if (issue.expected === "never") return `${key} is not known: take it out`;
  return `${key}: expected ${expectation(issue)}, found ${JSON.stringify(issue.input)?.slice(0, 60)}`;
}

function expectation(issue: v.BaseIssue<unknown>): string {
  if (issue.type === "picklist") return `one of ${capabilities.join(", ")}`;
  if (issue.type === "min_value") return `at least ${issue.expected?.slice(2)}`;
  if (issue.type === "max_length" && issue.expected) return `at most ${issue.expected.slice(2)} characters`;
  if (issue.type === "integer") return "a whole number";
  if (issue.kind === "schema") return issue.expected ?? issue.message;
  return issue.message;
}

/** Parts of the manifest that weft reads and has no use for. */
export function unusedIn({ capabilities: all, permissions, skills }: Manifest): string[] {
  const others = all.filter((each) => each !== "tool");
  return [
    ...(others.length > 0 ? [`capabilities ${others.join(", ")}: WASM plugins of weft give tools only`] : []),
    ...(permissions.shell ? ["permissions.shell: there is no host function that runs commands"] : []),
    ...(skills.length > 0 ? ["skills: install them as skills of their own"] : []),
  ];
}
