import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Address } from "../../src/core/address.ts";
import type { Door } from "../../src/core/door.ts";
import type { Json } from "../../src/core/json.ts";
import type { Tool, ToolContext, ToolOutput } from "../../src/core/tool.ts";
import { nodePlatform } from "../../src/platform/node/platform.ts";
import type { PolicyRules } from "../../src/security/policy.ts";
import { commandFacts } from "../../src/security/shell/facts.ts";
import { type BuiltinOptions, builtinTools } from "../../src/tools/builtin.ts";
import { policyWith } from "../security/rules.ts";

export interface Workspace {
  readonly path: string;
  readonly sent: { readonly to: Address; readonly text: string }[];
  readonly tools: readonly Tool[];
  /** The tool's text; throws what it throws. */
  run(tool: string, input: Json, context?: Partial<ToolContext>): Promise<string>;
  output(tool: string, input: Json): Promise<string | ToolOutput>;
}

export interface WorkspaceOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly door?: Door["fetch"];
  readonly commands?: "allowlist" | "denylist";
  readonly search?: Partial<BuiltinOptions["search"]>;
  readonly channels?: readonly string[];
  readonly paths?: Partial<PolicyRules["paths"]>;
  readonly exec?: Partial<BuiltinOptions["exec"]>;
  readonly platform?: Partial<BuiltinOptions["platform"]>;
}

export function contextOf(more: Partial<ToolContext> = {}): ToolContext {
  return {
    session: "cli:test",
    actor: { channel: "cli", sender: "ann" },
    signal: new AbortController().signal,
    send: async () => {},
    ...more,
  };
}

/** All built-in tools over a real folder, until the test ends. */
export async function workspace(options: WorkspaceOptions = {}): Promise<Workspace> {
  const path = await mkdtemp(join(tmpdir(), "weft-tools-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  const platform = { ...nodePlatform(), ...(options.env && { env: options.env }), ...options.platform };
  const tools = toolsIn(path, platform, options);
  const sent: Workspace["sent"] = [];
  const find = (name: string) => {
    const tool = tools.find((each) => each.name === name);
    if (!tool) throw new Error(`no tool ${name}`);
    return tool;
  };
  const send = async (to: Address, text: string) => void sent.push({ to, text });
  const output: Workspace["output"] = async (name, input) => await find(name).run(input, contextOf({ send }));
  return {
    path,
    sent,
    tools,
    output,
    run: async (name, input, context = {}) => {
      const result = await find(name).run(input, contextOf({ send, ...context }));
      return typeof result === "string" ? result : result.text;
    },
  };
}

export function toolsIn(path: string, platform: BuiltinOptions["platform"], options: WorkspaceOptions = {}): Tool[] {
  const policy = policyWith({ commands: { mode: options.commands ?? "denylist" }, paths: options.paths ?? {} });
  const closed: Door["fetch"] = async (_, url) => {
    throw new Error(`nobody expects ${url}`);
  };
  return builtinTools({
    platform,
    policy,
    door: { fetch: options.door ?? closed },
    workspace: path,
    exec: {
      read: async (line) => commandFacts(line),
      timeoutSecs: 5,
      maxTimeoutSecs: 10,
      passEnv: ["PASSED"],
      sandbox: "auto",
      network: false,
      readPaths: [],
      writePaths: [],
      hide: [`${path}/.weft`],
      limits: {},
      ...options.exec,
    },
    fetch: { maxBytes: 100_000, timeoutSecs: 2, version: "1.2.3" },
    search: { provider: "auto", braveUrl: undefined, baseUrl: "", maxResults: 3, ...options.search },
    channels: () => options.channels ?? [],
  });
}
