import { privateFolders } from "../../core/workspace.ts";
import type { Role } from "./check.ts";

export interface Surroundings {
  /** A folder above it, or beside it, has a SKILL.md. */
  readonly inSkill: boolean;
  /** Seen from weft's workspace; absent outside of it. */
  readonly inWorkspace?: string | undefined;
  /** The first bytes, as text. */
  readonly begin: string;
}

/** What a file is for, by its place, its name and its first line. */
export function roleOf(path: string, { inSkill, inWorkspace, begin }: Surroundings): Role {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (inWorkspace !== undefined && isOwnRecord(inWorkspace)) return "session";
  if (inWorkspace?.startsWith("memory/") || /^(?:MEMORY|HISTORY)\.md$/.test(name)) return "memory";
  if (manifests.test(name)) return "manifest";
  if (instructions.test(name)) return "instructions";
  if (scripts.test(name) || /^#!/.test(begin)) return "script";
  const isText = /\.(?:md|mdx|markdown|txt|ya?ml|json|toml|xml|html?|prompt)$/i.test(name);
  if (isText && (inSkill || /(?:^|\/)(?:agents|prompts|skills)\//.test(path))) return "instructions";
  return "document";
}

/** Conversations, logs and lists of weft; plugins lie among them and are not weft's. */
function isOwnRecord(inside: string): boolean {
  return (
    !inside.startsWith(".weft/plugins/") &&
    privateFolders.some((name) => inside === name || inside.startsWith(`${name}/`))
  );
}

const manifests =
  /^(?:clawft\.plugin|openclaw\.plugin|plugin|package|skill|\.?mcp|manifest)\.json$|^(?:pyproject|Cargo)\.toml$|^(?:requirements[\w.-]*\.txt|setup\.cfg|Gemfile|go\.mod)$/;
const instructions =
  /^(?:SKILL|SOUL|IDENTITY|AGENTS|USER|TOOLS|CLAWFT|CLAUDE|GEMINI|HEARTBEAT|BOOTSTRAP|prompt|copilot-instructions)\.md$|\.prompt(?:\.md)?$|^\.(?:cursorrules|windsurfrules)$/i;
const scripts =
  /\.(?:sh|bash|zsh|fish|ksh|py|pyw|js|mjs|cjs|ts|mts|cts|jsx|tsx|rb|pl|pm|php|lua|ps1|psm1|bat|cmd|vbs|applescript|go|rs|c|cc|cpp|h|java|kt|swift|cs|r|jl|sql|service|timer|plist|awk|tcl|nu)$|^(?:Dockerfile|Containerfile|Makefile|makefile|justfile|Rakefile|Jenkinsfile|\.bashrc|\.zshrc|\.profile|\.envrc)(?:\.\w{1,20})?$/i;
