import type { Loaded } from "./config/load.ts";
import { WeftError } from "./core/error.ts";
import type { Platform } from "./core/platform.ts";
import type { WorkspacePaths } from "./core/workspace.ts";
import { hexOf } from "./lib/hex.ts";

export interface GatewayToken {
  readonly value: string;
  /** Where it comes from: the configuration, a variable, or a file of the workspace. */
  readonly from: string;
  readonly isNew: boolean;
}

/** The token of the gateway on this workspace; undefined when none was ever made. */
export async function knownToken(
  { files }: Platform,
  { config, env }: Loaded,
  paths: WorkspacePaths,
): Promise<GatewayToken | undefined> {
  if (config.gateway.token) return { value: config.gateway.token, from: "gateway.token", isNew: false };
  const variable = env("CLAWFT_GATEWAY_TOKEN");
  if (variable) return { value: variable, from: "CLAWFT_GATEWAY_TOKEN", isNew: false };
  if (!(await files.stat(paths.token))) return undefined;
  const value = new TextDecoder().decode(await files.read(paths.token)).trim();
  if (value === "") throw new WeftError("config", `${paths.token} is empty: remove it, and a new token is made`);
  return { value, from: paths.token, isNew: false };
}

export async function newToken({ files, randomBytes }: Platform, paths: WorkspacePaths): Promise<GatewayToken> {
  const value = hexOf(randomBytes(32));
  await files.create(paths.token, new TextEncoder().encode(`${value}\n`));
  return { value, from: paths.token, isNew: true };
}
